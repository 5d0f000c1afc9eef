import { z } from 'zod'
import { METRICS_DAYS } from '../../db/provider-metrics.repository'
import { PROVIDER_TYPES } from '../../domain/case-types'
import { AVAILABILITIES, LANGUAGES, STATUSES } from '../../domain/statuses'
import { idField, latField, lngField, textField, timeField } from '../fields'
import { previewSchema, wordsField } from '../incidents/incidents.schemas'
import { orderingField, pageFields } from '../lists'

const verificationField = z.enum(['pending', 'verified', 'refused'])
const providerTypeField = z.enum([...new Set(PROVIDER_TYPES.map(type => type.code))] as [string, ...string[]])
const positionField = z.strictObject({ lat: latField, lng: lngField })

export const editMeBody = z.strictObject({
  availability: z.enum(['available', 'busy', 'off_duty']).optional(),
  capacity: z.number().int().min(0).max(1_000).optional().describe('Cases and offers at once'),
  skills: z.array(textField(60)).max(50).optional(),
  languages: z.array(z.enum(LANGUAGES)).max(LANGUAGES.length).optional(),
  position: positionField.nullable().optional().describe('Kept sealed; dispatch and the engine know the area alone'),
})

export const providersQuery = z.strictObject({
  ...pageFields,
  provider_type: providerTypeField.optional(),
  availability: z.enum(AVAILABILITIES).optional(),
  verification: verificationField.optional(),
  language: z.enum(LANGUAGES).optional(),
  skill: textField(60).optional().describe('Exactly as the provider wrote it'),
})

export const assignedCasesQuery = z.strictObject({
  ...pageFields,
  status: wordsField(STATUSES).optional().describe('One or several, with commas'),
  ordering: orderingField(['created_at', 'updated_at'], '-created_at'),
})

const shared = {
  id: idField,
  name: z.string().nullable(),
  provider_type: z.string(),
  verification: verificationField,
  availability: z.enum(AVAILABILITIES),
  capacity: z.number().int(),
  load: z.number().int(),
  skills: z.array(z.string()),
  languages: z.array(z.string()),
  last_assigned_at: timeField.nullable(),
  updated_at: timeField,
}

/** A provider as dispatch sees them; `load` counts cases under way and open offers. */
export const providerSchema = z.object({ ...shared, is_active: z.boolean() }).meta({ id: 'Provider' })

/** A provider's own profile. */
export const profileSchema = z
  .object({
    ...shared,
    position: z.object({ lat: z.number(), lng: z.number() }).nullable(),
    cooling_until: timeField.nullable().describe('No offers before this'),
  })
  .meta({ id: 'ProviderProfile' })

const count = z.number().int().min(0)
const seconds = z.number().min(0).nullable().describe('From the offer to the answer; null while there is none')

/** What the figures are made of, in words for the document. */
export const METRICS_ARE = `Of what you were offered and given in the last ${METRICS_DAYS} days; \`open\` is as of now.`

/** A provider's own figures. */
export const metricsSchema = z
  .object({
    offered: count.describe('Offers of every state'),
    accepted: count,
    rejected: count,
    expired: count.describe('Not answered in time'),
    median_answer_seconds: seconds,
    p90_answer_seconds: seconds,
    open: count.describe('Cases under way now'),
    completed: count,
  })
  .meta({ id: 'ProviderMetrics' })

export const offeredSchema = z
  .object({ id: idField, incident: previewSchema, expires_at: timeField, seconds_left: z.number().int().min(0) })
  .meta({ id: 'OfferToMe' })
