import { z } from 'zod'
import { URGENCY_WORDS } from '../../../domain/statuses'
import { idField, latField, lngField, textField, timeField } from '../../fields'
import { optionalText } from './accounts.schemas'
import { pageField } from './lists'
import { isDate, isTime } from './local-clock'
import { APP_STATUSES, SEVERITIES } from './words'

const preferencesField = z.object({
  communicationMethod: z.enum(['sms', 'call', 'secure_message']).nullish(),
  preferredGender: z.enum(['male', 'female', 'no_preference']).nullish(),
  proximityPreference: z.enum(['nearest', 'specific_facility']).nullish(),
})
const servicesField = z.array(textField(50)).max(20)
const DESCRIPTION_CHARACTERS = 10_000

export const reportBody = z.object({
  type: optionalText(50).describe('A word that is not known here is kept, and counts as another kind'),
  incident_date: z.string().refine(isDate, 'Must be a date such as 2026-01-31').nullish(),
  incident_time: z
    .string()
    .refine(isTime, 'Must be a time such as 21:30:00')
    .nullish()
    .describe('Local; what a UTC clock shows at this moment is what the app sends when nobody said'),
  description: optionalText(DESCRIPTION_CHARACTERS),
  location: z
    .object({
      address: optionalText(500),
      coordinates: z.object({ latitude: latField, longitude: lngField }).nullish(),
      description: optionalText(500),
    })
    .nullish(),
  severity: z.enum(SEVERITIES).nullish(),
  support_services: servicesField.nullish(),
  urgency_level: z.enum(URGENCY_WORDS).nullish(),
  provider_preferences: preferencesField.nullish(),
  is_anonymous: z.boolean().nullish(),
})

export const editBody = z.object({
  description: optionalText(DESCRIPTION_CHARACTERS),
  support_services: servicesField.nullish(),
  provider_preferences: preferencesField.nullish(),
})

const word = z.string().max(100).optional()
export const incidentsQuery = z.object({ status: word, type: word, sort: word, page: pageField })

export const acceptBody = z.object({ notes: optionalText(2_000) })
export const rejectBody = z.object({ reason: optionalText(500) })
export const statusBody = z.object({
  status: z.enum(['in_progress', 'completed'], 'Must be in_progress or completed'),
  notes: optionalText(2_000),
})
export const giveBody = z.object({ provider_id: idField, notes: optionalText(500) })
export const voiceBody = z.object({ duration: z.string().max(20).optional() })

const preferencesSchema = z.object({
  communicationMethod: z.string().optional(),
  preferredGender: z.string().optional(),
  proximityPreference: z.string().optional(),
})

const incidentFields = {
  id: idField,
  case_number: z.string(),
  type: z.string(),
  incident_type_display: z.string(),
  status: z.enum(APP_STATUSES),
  status_display: z.string(),
  severity: z.enum(SEVERITIES),
  severity_display: z.string(),
  urgency_level: z.enum(URGENCY_WORDS),
  urgency_display: z.string(),
  incident_date: z.string().nullable(),
  incident_time: z.string().nullable().describe('Local; null when it is not known'),
  description: z.string(),
  location: z.object({
    address: z.string(),
    coordinates: z.object({ latitude: z.number(), longitude: z.number() }).nullable(),
    description: z.string().nullable(),
  }),
  support_services: z.array(z.string()),
  provider_preferences: preferencesSchema.nullable(),
  is_anonymous: z.boolean(),
  voice_recording: z.null(),
  voice_recording_duration: z.null(),
  voice_transcription: z.null(),
  message_count: z.number().int(),
  date_submitted: timeField,
  last_updated: timeField,
}

export const incidentSchema = z.object(incidentFields).meta({ id: 'AppIncident' })

/** A case as its provider sees it: before they accepted nothing that was told (S3), and never a name. */
export const assignedSchema = z
  .object({
    ...incidentFields,
    survivor_name: z.string(),
    assignment_status: z.enum(['pending', 'accepted']),
    assigned_at: timeField,
  })
  .meta({ id: 'AppAssignedCase' })

/** A case as dispatch sees it: the code stands for the person (S4). */
export const caseSchema = z
  .object({
    ...incidentFields,
    survivor: z.null(),
    assigned_provider: z.object({ id: idField }).nullable(),
    assigned_providers: z.array(
      z.object({
        provider_id: idField,
        provider_name: z.string(),
        provider_type: z.string(),
        assigned_at: timeField,
      }),
    ),
  })
  .meta({ id: 'AppCase' })

/** What became of somebody's asking or answering. */
export const assignmentSchema = z
  .object({
    id: idField,
    incident_id: idField,
    provider_id: idField,
    status: z.enum(['pending', 'accepted', 'rejected']),
    assigned_at: timeField,
    accepted_at: timeField.nullable(),
    rejected_at: timeField.nullable(),
    notes: z.string(),
    rejection_reason: z.string().nullable(),
  })
  .meta({ id: 'AppAssignment' })

const count = z.number().int().min(0)
export const statsSchema = z.object({
  total_incidents: count,
  by_status: z.object({ new: count, assigned: count, in_progress: count, completed: count, closed: count }),
  by_type: z.array(z.object({ type: z.string(), count })),
  recent_incidents: count,
})

export const voiceSchema = z.object({
  success: z.literal(true),
  id: idField,
  status: z.literal('processing'),
  file_name: z.string(),
  file_size: count,
  message: z.string(),
})
