import type { z } from 'zod'
import type { Status, UrgencyWord } from '../../../domain/statuses'
import type { IncidentView } from '../../incidents/incidents.reads'
import type { assignmentSchema, incidentSchema } from './incidents.schemas'
import { localOf } from './local-clock'
import {
  CASE_TYPE,
  SEVERITIES,
  SEVERITY_NAMES,
  serviceName,
  serviceWord,
  STATUS_NAMES,
  statusWord,
  typeName,
  typeWord,
  URGENCY_NAMES,
  type Audience,
} from './words'

type AppIncident = z.input<typeof incidentSchema>

/** An incident for somebody who may read all of it. */
export function incidentView(incident: IncidentView, audience: Audience): AppIncident {
  const { location } = incident
  const details = incident.details ?? {}
  const point =
    location?.lat != null && location.lng != null ? { latitude: location.lat, longitude: location.lng } : null
  return {
    ...headOf({ ...incident, audience }),
    type: typeWord(incident.incident_type),
    incident_type_display: typeName(incident.incident_type),
    severity: severityOf(details['severity']),
    severity_display: SEVERITY_NAMES[severityOf(details['severity'])],
    ...occurredView(incident),
    description: incident.description ?? '',
    location: {
      address: location?.text ?? location?.area ?? '',
      coordinates: point,
      description: textOf(details['location_note']),
    },
    support_services: listOf(details['support_services']),
    provider_preferences: preferencesOf(details['provider_preferences']),
    is_anonymous: details['is_anonymous'] === true,
    message_count: incident.message_count,
  }
}

/** What is known of an incident before somebody opens it: codes and a coarse area. */
export interface Outline {
  readonly id: string
  readonly code: string
  readonly status: Status
  readonly urgency_word: UrgencyWord
  readonly incident_type: string | null
  /** The service that is asked for; where there is none the kind of case is shown. */
  readonly service: string | null
  readonly area: { readonly name: string; readonly lat: number; readonly lng: number } | null
  readonly created_at: string
  readonly updated_at: string
}

/** An incident for somebody who has not opened it, or may not yet: nothing that anybody told (S3, S4). */
export function outlineView(outline: Outline, audience: Audience): AppIncident {
  const { service, incident_type, area } = outline
  const type = service === null ? typeWord(incident_type) : serviceWord(service)
  const shown = service === null ? typeName(incident_type) : serviceName(service)
  const urgency = URGENCY_NAMES[outline.urgency_word]
  return {
    ...headOf({ ...outline, audience }),
    type,
    incident_type_display: shown,
    severity: 'medium',
    severity_display: SEVERITY_NAMES.medium,
    incident_date: null,
    incident_time: null,
    description: [shown, urgency, area?.name].filter(Boolean).join(', '),
    location: {
      address: area?.name ?? '',
      coordinates: area && { latitude: area.lat, longitude: area.lng },
      description: null,
    },
    support_services: service === null ? [] : [serviceWord(service)],
    provider_preferences: null,
    is_anonymous: true,
    message_count: 0,
  }
}

const NO_VOICE = { voice_recording: null, voice_recording_duration: null, voice_transcription: null }

function headOf(incident: {
  readonly id: string
  readonly code: string
  readonly status: Status
  readonly urgency_word: UrgencyWord
  readonly created_at: string
  readonly updated_at: string
  readonly audience: Audience
}) {
  const status = statusWord(incident.audience, incident.status)
  return {
    id: incident.id,
    case_number: incident.code,
    status,
    status_display: STATUS_NAMES[status],
    urgency_level: incident.urgency_word,
    urgency_display: URGENCY_NAMES[incident.urgency_word],
    date_submitted: incident.created_at,
    last_updated: incident.updated_at,
    ...NO_VOICE,
  }
}

/** When nobody said the hour, there is none. */
function occurredView({ occurred_at, occurred_precision }: IncidentView) {
  if (occurred_at === null) return { incident_date: null, incident_time: null }
  const { date, time } = localOf(new Date(occurred_at), CASE_TYPE.timeZone)
  const isHourKnown = occurred_precision === null || occurred_precision === 'exact' || occurred_precision === 'hour'
  return { incident_date: date, incident_time: isHourKnown ? time : null }
}

// Details are whatever some client wrote.
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const listOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []
const severityOf = (value: unknown): (typeof SEVERITIES)[number] =>
  SEVERITIES.find(severity => severity === value) ?? 'medium'

function preferencesOf(value: unknown): AppIncident['provider_preferences'] {
  if (typeof value !== 'object' || value === null) return null
  return Object.fromEntries(Object.entries(value).filter(([, each]) => typeof each === 'string'))
}

/** An answer to somebody's asking, as the app reads it; the case stands for the assignment. */
export function assignmentView(
  status: 'pending' | 'accepted' | 'rejected',
  given: {
    readonly incidentId: string
    readonly providerId: string
    readonly at: Date
    readonly words: string | undefined
  },
): z.input<typeof assignmentSchema> {
  const at = given.at.toISOString()
  return {
    id: given.incidentId,
    incident_id: given.incidentId,
    provider_id: given.providerId,
    status,
    assigned_at: at,
    accepted_at: status === 'accepted' ? at : null,
    rejected_at: status === 'rejected' ? at : null,
    notes: status === 'rejected' ? '' : (given.words ?? ''),
    rejection_reason: status === 'rejected' ? (given.words ?? '') : null,
  }
}
