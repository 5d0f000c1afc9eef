import type { IncidentState, OpenOffer } from '../domain/incident-state'
import type { EscalationReason, OfferState, Outcome, Status, Urgency, UrgencyWord } from '../domain/statuses'

/** A row of `incidents`. Sealed columns are text that only the incident's key opens. */
export interface IncidentRow {
  id: string
  code: string
  case_type: string
  case_type_version: number
  policy_id: string
  urgency: Urgency
  urgency_word: UrgencyWord | null
  status: Status
  rev: number
  version: number
  round: number
  incident_type: string | null
  reporter_id: string | null
  client_id: string | null
  on_behalf: boolean
  assignee_id: string | null
  owner_id: string | null
  owner_active_at: Date | null
  held: boolean
  region: string | null
  occurred_at: Date | null
  occurred_precision: string | null
  title: string | null
  description: string | null
  place: string | null
  details: string | null
  contact_safety: string | null
  reported_at: Date
  review_from: Date | null
  search_started_at: Date | null
  search_asked: number
  search_refused: boolean
  look_again_at: Date | null
  escalation_reason: EscalationReason | null
  escalated_at: Date | null
  ladder_step: number
  climb_at: Date | null
  assigned_at: Date | null
  nudged_at: Date | null
  started_at: Date | null
  completed_at: Date | null
  ended_at: Date | null
  outcome: Outcome | null
  next_deadline_at: Date | null
  next_step: string | null
  last_seq: number
  last_hash: string
  last_event_at: Date
  deleted_at: Date | null
  created_at: Date
  updated_at: Date
}

/** A row of `offers` as far as an act needs it; times in milliseconds. */
export interface OfferFacts {
  readonly id: string
  readonly provider_id: string
  readonly round: number
  readonly state: OfferState
  readonly expires_at: number
  readonly reason: string | null
}

const ms = (date: Date | null): number | null => (date === null ? null : date.getTime())
const day = (time: number | null): Date | null => (time === null ? null : new Date(time))

/** The state that the rules judge, from the row and its open offers. */
export function stateOf(row: IncidentRow, offers: readonly OfferFacts[]): IncidentState {
  return {
    id: row.id,
    case_type: row.case_type,
    policy_id: row.policy_id,
    urgency: row.urgency,
    status: row.status,
    rev: row.rev,
    round: row.round,
    reporter_id: row.reporter_id,
    assignee_id: row.assignee_id,
    owner_id: row.owner_id,
    owner_active_at: ms(row.owner_active_at),
    held: row.held,
    reported_at: row.reported_at.getTime(),
    review_from: ms(row.review_from),
    search: row.search_started_at && {
      started_at: row.search_started_at.getTime(),
      asked: row.search_asked,
      refused: row.search_refused,
      look_again_at: ms(row.look_again_at),
    },
    escalation:
      row.escalation_reason && row.escalated_at
        ? {
            reason: row.escalation_reason,
            started_at: row.escalated_at.getTime(),
            step: row.ladder_step,
            climb_at: ms(row.climb_at),
          }
        : null,
    open_offers: offers.filter(offer => offer.state === 'open').map(openOffer),
    assigned_at: ms(row.assigned_at),
    nudged_at: ms(row.nudged_at),
    completed_at: ms(row.completed_at),
    ended_at: ms(row.ended_at),
    outcome: row.outcome,
  }
}

const openOffer = ({ id, provider_id, expires_at }: OfferFacts): OpenOffer => ({ id, provider_id, expires_at })

/** The columns that hold a state; the inverse of `stateOf`, offers apart. */
export function columnsOf(state: IncidentState): Partial<IncidentRow> {
  const { search, escalation } = state
  return {
    urgency: state.urgency,
    status: state.status,
    rev: state.rev,
    round: state.round,
    assignee_id: state.assignee_id,
    owner_id: state.owner_id,
    owner_active_at: day(state.owner_active_at),
    held: state.held,
    review_from: day(state.review_from),
    search_started_at: day(search?.started_at ?? null),
    search_asked: search?.asked ?? 0,
    search_refused: search?.refused ?? false,
    look_again_at: day(search?.look_again_at ?? null),
    escalation_reason: escalation?.reason ?? null,
    escalated_at: day(escalation?.started_at ?? null),
    ladder_step: escalation?.step ?? 0,
    climb_at: day(escalation?.climb_at ?? null),
    assigned_at: day(state.assigned_at),
    nudged_at: day(state.nudged_at),
    completed_at: day(state.completed_at),
    ended_at: day(state.ended_at),
    outcome: state.outcome,
  }
}
