import type { EscalationReason, Outcome, Status, Urgency } from './statuses'

/** An offer that waits for its answer. Times in milliseconds since 1970. */
export interface OpenOffer {
  readonly id: string
  readonly provider_id: string
  readonly expires_at: number
}

/** The search for a responder that is going on, or that led to the escalation. */
export interface Search {
  readonly started_at: number
  /** How many times it has asked; a broadcast counts once. */
  readonly asked: number
  /** Did anybody refuse or stay silent in it? */
  readonly refused: boolean
  /** While escalated: when the engine looks for candidates again. */
  readonly look_again_at: number | null
}

/** The dispatch centre's alarm: which step of the ladder was climbed, and when the next is due. */
export interface Escalation {
  readonly reason: EscalationReason
  readonly started_at: number
  /** Steps climbed so far, repeats counted. */
  readonly step: number
  /** Null while somebody owns the incident. */
  readonly climb_at: number | null
}

/**
 * What the rules need to know of an incident: ids, codes and times, no personal data. It is read from the rows under the
 * incident's lock, and every act writes it back.
 */
export interface IncidentState {
  readonly id: string
  readonly case_type: string
  readonly policy_id: string
  readonly urgency: Urgency
  readonly status: Status
  /** Counts the changes; each act raises it by one. */
  readonly rev: number
  /** Counts the searches: an offer belongs to one. */
  readonly round: number
  readonly reporter_id: string | null
  readonly assignee_id: string | null
  readonly owner_id: string | null
  /** When the owner last did something here. */
  readonly owner_active_at: number | null
  readonly held: boolean
  readonly reported_at: number
  readonly review_from: number | null
  readonly search: Search | null
  readonly escalation: Escalation | null
  readonly open_offers: readonly OpenOffer[]
  readonly assigned_at: number | null
  readonly nudged_at: number | null
  readonly completed_at: number | null
  readonly ended_at: number | null
  readonly outcome: Outcome | null
}
