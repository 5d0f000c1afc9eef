import type { Role } from '../../../domain/actors'
import { gbv } from '../../../domain/case-types/gbv'
import { STATUSES, type Status, type UrgencyWord } from '../../../domain/statuses'

/** The app knows one kind of case. */
export const CASE_TYPE = gbv

/** Whose words: the app's screens know other ones for each. */
export type Audience = 'survivor' | 'provider' | 'dispatcher'

export const APP_STATUSES = [
  'new',
  'pending_dispatcher_review',
  'assigned',
  'in_progress',
  'completed',
  'closed',
] as const
export type AppStatus = (typeof APP_STATUSES)[number]

const LATER = {
  assigned: 'assigned',
  in_progress: 'in_progress',
  completed: 'completed',
  closed: 'closed',
  cancelled: 'closed',
} as const

// The survivor's list shows "Unknown" for any word that it does not know.
const WORDS: Record<Audience, Record<Status, AppStatus>> = {
  survivor: { reported: 'new', pending_dispatcher_review: 'new', escalated: 'new', offering: 'new', ...LATER },
  provider: {
    reported: 'assigned',
    pending_dispatcher_review: 'assigned',
    escalated: 'assigned',
    offering: 'assigned',
    ...LATER,
  },
  // An offer is "waiting for acceptance" to a dispatcher.
  dispatcher: {
    reported: 'new',
    pending_dispatcher_review: 'pending_dispatcher_review',
    escalated: 'pending_dispatcher_review',
    offering: 'assigned',
    ...LATER,
  },
}

/** An administrator lands on the survivor's screens. */
export const audienceOf = (role: Role): Audience => (role === 'admin' ? 'survivor' : role)

/** The app's word for a status. */
export const statusWord = (audience: Audience, status: Status): AppStatus => WORDS[audience][status]

/** The statuses that one of the app's words means to this audience; none for a word that it does not have. */
export const statusesOf = (audience: Audience, word: string): Status[] =>
  STATUSES.filter(status => WORDS[audience][status] === word)

export const STATUS_NAMES: Record<AppStatus, string> = {
  new: 'New',
  pending_dispatcher_review: 'Pending Review',
  assigned: 'Assigned',
  in_progress: 'In Progress',
  completed: 'Completed',
  closed: 'Closed',
}

export const URGENCY_NAMES: Record<UrgencyWord, string> = {
  routine: 'Routine',
  urgent: 'Urgent',
  immediate: 'Immediate',
}

export const SEVERITIES = ['low', 'medium', 'high'] as const
export const SEVERITY_NAMES: Readonly<Record<(typeof SEVERITIES)[number], string>> = {
  low: 'Low',
  medium: 'Medium',
  high: 'High',
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  physical: 'Physical Violence',
  sexual: 'Sexual Violence',
  emotional: 'Emotional Abuse',
  economic: 'Economic Abuse',
  harmful_practice: 'Harmful Practice',
  online: 'Online Violence',
  femicide: 'Femicide',
}
const OTHER = 'other'

/** The record's incident type for a word of the app; one that is unknown is another kind. */
export const incidentTypeOf = (word: string): string => (CASE_TYPE.incidentTypes.includes(word) ? word : OTHER)

/** An incident type in the app's words, which are never null. */
export const typeWord = (incidentType: string | null): string => incidentType ?? OTHER

/** What a screen shows of an incident type. */
export const typeName = (incidentType: string | null): string => TYPE_NAMES[typeWord(incidentType)] ?? 'Other'

/** The app has its own word for one service. */
const SOCIAL = { app: 'social', record: 'social_services' } as const

/** A provider type in the app's words. */
export const serviceWord = (code: string): string => (code === SOCIAL.record ? SOCIAL.app : code)

/** The record's provider type for a word of the app; undefined when there is none. */
export function serviceOf(word: string): string | undefined {
  const code = word === SOCIAL.app ? SOCIAL.record : word
  return CASE_TYPE.providerTypes.find(type => type.code === code)?.code
}

const SERVICE_NAMES: Readonly<Record<string, string>> = {
  healthcare: 'Healthcare Provider',
  legal: 'Legal Professional',
  police: 'Law Enforcement',
  counseling: 'Counselor/Therapist',
  social: 'Social Services',
  gbv_rescue: 'GBV Rescue Organization',
  chw: 'Community Health Worker',
}

/** What a screen shows of a provider type, in either's words. */
export const serviceName = (code: string): string => SERVICE_NAMES[serviceWord(code)] ?? code

/** How somebody who reported a case is called on this app's screens: it keeps what it reads on the device for a week, unencrypted. */
export const SURVIVOR = 'Survivor'
