import { z } from 'zod'
import { ENDED_COUNTED_AT_MOST, RESPONSE_DAYS } from '../../db/dispatch.repository'
import { PROVIDER_TYPES } from '../../domain/case-types'
import { WHY_NOT } from '../../domain/ranking'
import { ESCALATION_REASONS, STATUSES, URGENCIES } from '../../domain/statuses'
import { idField, timeField } from '../fields'
import {
  caseTypeField,
  incidentRowSchema,
  reasonField,
  revField,
  urgencyField,
  wordsField,
} from '../incidents/incidents.schemas'
import { listOf, pageFields } from '../lists'

export const assignBody = z.strictObject({
  incident: idField,
  provider: idField,
  reason: reasonField,
  force: z.boolean().default(false).describe('Beyond capacity or exclusion; needs a reason'),
  rev: revField,
})

const decided = { incident: idField, reason: reasonField, rev: revField }

export const overrideBody = z.discriminatedUnion('act', [
  z.strictObject({
    ...decided,
    act: z.enum(['assign', 'reassign']),
    provider: idField,
    force: z.boolean().default(false),
  }),
  z.strictObject({ ...decided, act: z.enum(['research', 'hold', 'release', 'own', 'cancel']) }),
  z.strictObject({ ...decided, act: z.literal('urgency'), urgency: urgencyField }),
])

export const acknowledgeBody = z.strictObject({ incident: idField, rev: revField })

export const dashboardQuery = z.strictObject({
  ...pageFields,
  status: wordsField(STATUSES).optional().describe('One or several, with commas'),
  urgency: urgencyField.optional(),
  case_type: caseTypeField.optional(),
})

const count = z.number().int().min(0)

export const dashboardSchema = z
  .object({
    statistics: z.object({
      total: count.describe('Open and ended ones'),
      open: count,
      by_status: z.record(z.enum(STATUSES), count),
      by_urgency: z.record(z.enum(URGENCIES), count).describe('Of `total`'),
      is_estimate: z
        .boolean()
        .describe(
          `Whether ended ones are estimated in \`total\`, \`by_status\` and \`by_urgency\`: so many of one case type, urgency and status (${ENDED_COUNTED_AT_MOST}) are counted, more are taken from the database's own sample. Open ones are always counted`,
        ),
      unassigned_urgent: count,
      providers: z.object({ total: count, available: count, at_capacity: count }),
      average_response_seconds: z
        .number()
        .nullable()
        .describe(
          `From report to assignment, of the newest reports of the last ${RESPONSE_DAYS} days that are assigned`,
        ),
      completed_today: count.describe('Since midnight UTC'),
      created_today: count.describe('Since midnight UTC'),
    }),
    queue: listOf(incidentRowSchema),
    escalations: z.array(
      z.object({
        incident: idField,
        code: z.string(),
        reason: z.enum(ESCALATION_REASONS),
        step: count,
        since: timeField,
        owner: idField.nullable(),
      }),
    ),
    unattended: z.object({ count }),
  })
  .meta({ id: 'Dashboard' })

const providerTypeField = z.enum([...new Set(PROVIDER_TYPES.map(type => type.code))] as [string, ...string[]])

export const recommendationsQuery = z.strictObject({
  incident: idField,
  provider_type: providerTypeField.optional().describe('Another service than the one that the engine looks for'),
})
export const availableQuery = z.strictObject({
  ...pageFields,
  incident: idField.optional().describe('Only those who could be offered this one, the best first'),
  provider_type: providerTypeField.optional(),
})

export const recommendationSchema = z
  .object({
    provider: idField,
    provider_name: z.string().nullable(),
    provider_type: z.string(),
    availability: z.string(),
    load: count,
    capacity: count,
    rank: z.number().int().nullable(),
    score_parts: z
      .object({ distance_band: z.number().int(), load_ratio: z.number(), last_assigned_at: timeField.nullable() })
      .nullable(),
    reasons: z.array(z.string()),
    eligible: z.boolean(),
    why_not: z.array(z.enum(WHY_NOT)),
  })
  .meta({ id: 'Recommendation' })
