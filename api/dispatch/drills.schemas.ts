import { z } from 'zod'
import { ROLES } from '../../domain/actors'
import { DRILL_AUDIENCES } from '../../domain/drills'
import { CHANNELS } from '../../domain/policy'
import { idField, timeField } from '../fields'
import { listOf, pageFields } from '../lists'
import { attemptSeenSchema, channelsField } from '../notices/notices.schemas'

export const drillBody = z.strictObject({
  channels: channelsField,
  audience: z
    .enum(DRILL_AUDIENCES)
    .default('on_duty')
    .describe(
      '`on_duty`: staff on duty and verified providers who are available or busy; `all`: those off duty as well',
    ),
})

export const drillsQuery = z.strictObject(pageFields)

const personSchema = z.object({ id: idField, name: z.string().describe('Empty once the account was erased') })
const countField = z.number().int().min(0)

export const drillSchema = z
  .object({
    id: idField,
    started_by: personSchema,
    started_at: timeField,
    channels: z.array(z.enum(CHANNELS)),
    counts: z.object({
      people: countField.describe('How many were called'),
      reached: countField.describe('How many it has reached, by a receipt or because they answered'),
      answered: countField.describe('How many have read the notice'),
    }),
  })
  .meta({ id: 'Drill' })

const calledSchema = z.object({
  person: personSchema,
  role: z.enum(ROLES),
  provider_type: z.string().nullable(),
  answered_at: timeField.nullable(),
  channels: z.array(attemptSeenSchema),
})

export const drillDetailSchema = drillSchema.extend({ people: listOf(calledSchema) }).meta({ id: 'DrillDetail' })
