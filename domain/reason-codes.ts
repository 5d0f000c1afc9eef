/**
 * The closed list of reasons that may stand in an event in the clear. Every other reason is somebody's words, were it a single
 * one (it may be a name), and is sealed.
 */
export const REASON_CODES = [
  'deleted_by_reporter',
  'deleted_by_dispatch',
  'cancelled_by_dispatch',
  'closed_by_reporter',
  'closed_by_dispatch',
  'safe_now',
  'not_needed',
  'by_mistake',
  'duplicate',
  'still_in_need',
  'new_information',
  'busy',
  'too_far',
  'conflict_of_interest',
  'unsafe',
  'out_of_scope',
  'off_duty',
  'nearer_provider',
  'better_match',
  'no_answer',
  'reporter_asked',
  'other',
] as const
export type ReasonCode = (typeof REASON_CODES)[number]

/** May this reason stand in an event in the clear? */
export const isReasonCode = (reason: string): reason is ReasonCode =>
  (REASON_CODES as readonly string[]).includes(reason)
