/** Every status an incident of any case type can have; a case type's lifecycle table says which ones it uses. */
export const STATUSES = [
  'reported',
  'pending_dispatcher_review',
  'offering',
  'escalated',
  'assigned',
  'in_progress',
  'completed',
  'closed',
  'cancelled',
] as const
export type Status = (typeof STATUSES)[number]

/** An incident in one of these is over: its workflow has ended, and only a reopening starts another run. */
export const ENDED: readonly Status[] = ['closed', 'cancelled']
export const OPEN_STATUSES: readonly Status[] = STATUSES.filter(status => !ENDED.includes(status))
/** Waiting for a responder: nobody has said yes yet. */
export const UNASSIGNED: readonly Status[] = ['reported', 'pending_dispatcher_review', 'offering', 'escalated']

export const isOpen = (status: Status): boolean => !ENDED.includes(status)

export const URGENCIES = ['urgent', 'routine'] as const
export type Urgency = (typeof URGENCIES)[number]

/** Words that people's apps have for it. They are kept and given back; the engine goes by the urgency that each of them means. */
export const URGENCY_WORDS = ['routine', 'urgent', 'immediate'] as const
export type UrgencyWord = (typeof URGENCY_WORDS)[number]

/** The urgency that a word means. */
export const urgencyOf = (word: UrgencyWord): Urgency => (word === 'routine' ? 'routine' : 'urgent')

/** The word under which an incident was reported, unless its urgency was changed to another since. */
export const wordOf = (incident: {
  readonly urgency: Urgency
  readonly urgency_word: UrgencyWord | null
}): UrgencyWord =>
  incident.urgency_word !== null && urgencyOf(incident.urgency_word) === incident.urgency
    ? incident.urgency_word
    : incident.urgency

/** Why an incident is on the dispatch centre's table. */
export const ESCALATION_REASONS = [
  'all_refused',
  'all_at_capacity',
  'no_provider_available',
  'search_time_spent',
  'review_overdue',
  'not_started',
  'not_helped',
  'assignee_barred',
  'outcome_missing',
] as const
export type EscalationReason = (typeof ESCALATION_REASONS)[number]

/** What people can state. */
export const STATED_OUTCOMES = [
  'resolved',
  'referred',
  'declined_help',
  'unreachable',
  'duplicate',
  'helped',
  'not_helped',
] as const
export type StatedOutcome = (typeof STATED_OUTCOMES)[number]

/** `not_stated` came with a client that cannot state any; somebody still has to. */
export const OUTCOMES = [...STATED_OUTCOMES, 'not_stated'] as const
export type Outcome = (typeof OUTCOMES)[number]

export const OFFER_STATES = ['open', 'accepted', 'rejected', 'expired', 'withdrawn'] as const
export type OfferState = (typeof OFFER_STATES)[number]

export const REJECT_REASONS = ['busy', 'too_far', 'conflict_of_interest', 'unsafe', 'out_of_scope', 'other'] as const
export type RejectReason = (typeof REJECT_REASONS)[number]
/** After these a provider gets no offer at all for the policy's cooldown, or until they set themselves available again. */
export const COOLING_REASONS: readonly RejectReason[] = ['busy', 'other']

export const AVAILABILITIES = ['available', 'busy', 'off_duty', 'unresponsive'] as const
export type Availability = (typeof AVAILABILITIES)[number]

export const LANGUAGES = ['en', 'sw', 'th', 'hi', 'ar'] as const
export type Language = (typeof LANGUAGES)[number]
