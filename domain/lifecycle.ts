import type { Standing } from './actors'
import { Refusal } from './refusals'
import { isOpen, type Status } from './statuses'

/** Every act that the lifecycle table judges. */
export const ACTS = [
  'offer',
  'accept',
  'reject',
  'expire',
  'escalate',
  'assign',
  'reassign',
  'research',
  'hand_back',
  'start',
  'complete',
  'state_outcome',
  'close',
  'reopen',
  'cancel',
  'hold',
  'release',
  'own',
  'urgency',
  'acknowledge',
  'edit',
] as const
export type Act = (typeof ACTS)[number]

/** One row of a case type's lifecycle: in these statuses these people may do this, and the incident is then in `to`. */
export interface Transition {
  readonly from: readonly Status[]
  readonly act: Act
  readonly by: readonly Standing[]
  /** `same` leaves the status; `search` enters the search that the urgency calls for (offering, or review). */
  readonly to: Status | 'same' | 'search'
}

/** The row that allows this, or undefined. */
export function findTransition(
  lifecycle: readonly Transition[],
  status: Status,
  act: Act,
  standings: readonly Standing[],
): Transition | undefined {
  return lifecycle.find(
    row => row.act === act && row.from.includes(status) && row.by.some(standing => standings.includes(standing)),
  )
}

/** The acts that somebody of these standings may do now, in the order of the table: what a screen shows as buttons. */
export function allowedActs(lifecycle: readonly Transition[], status: Status, standings: readonly Standing[]): Act[] {
  return ACTS.filter(act => findTransition(lifecycle, status, act, standings) !== undefined)
}

/**
 * The row that allows this, else a refusal: `INCIDENT_CLOSED` when the incident is over and only that stands in the way,
 * `TRANSITION_NOT_ALLOWED` with what is `allowed` when the state forbids it, `FORBIDDEN` when no state would allow it.
 */
export function judge(
  lifecycle: readonly Transition[],
  status: Status,
  act: Act,
  standings: readonly Standing[],
): Transition {
  const row = findTransition(lifecycle, status, act, standings)
  if (row) return row
  const everAllowed = lifecycle.some(each => each.act === act && each.by.some(standing => standings.includes(standing)))
  if (!everAllowed) throw new Refusal('FORBIDDEN')
  const allowed = allowedActs(lifecycle, status, standings)
  throw new Refusal(isOpen(status) ? 'TRANSITION_NOT_ALLOWED' : 'INCIDENT_CLOSED', { extra: { status, allowed } })
}
