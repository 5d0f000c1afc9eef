import type { IncidentState } from './incident-state'
import { shortestWindowMs, type Policy } from './policy'
import { isOpen, type EscalationReason } from './statuses'

/** Everything the engine does by itself, by the name of the activity that does it. */
export const STEP_KINDS = [
  'expireOffers',
  'makeOffer',
  'escalate',
  'lookAgain',
  'climbLadder',
  'releaseIdleOwner',
  'nudgeAssignee',
  'tellNotStarted',
  'closeIncident',
] as const
export type StepKind = (typeof STEP_KINDS)[number]

/** The next thing to do for an incident, and when. `due_at` in milliseconds since 1970; a passed one means now. */
export type Step =
  | { readonly kind: Exclude<StepKind, 'escalate'>; readonly due_at: number }
  | { readonly kind: 'escalate'; readonly due_at: number; readonly reason: EscalationReason }

/**
 * The engine's one rule: what is next for an incident in this state, at time `at`, by its policy. Null when nothing is timed:
 * the incident is over, or a named person has it. Of several things the earliest counts; of those due at once, the first
 * in the order below.
 */
export function nextStep(state: IncidentState, policy: Policy, at: number): Step | null {
  if (!isOpen(state.status)) return null
  const steps = [
    ...offerSteps(state),
    ...searchSteps(state, policy, at),
    ...dispatchSteps(state, policy),
    ...workSteps(state, policy),
  ]
  return steps.reduce<Step | null>((first, step) => (first === null || step.due_at < first.due_at ? step : first), null)
}

function offerSteps(state: IncidentState): Step[] {
  if (state.open_offers.length === 0) return []
  return [{ kind: 'expireOffers', due_at: Math.min(...state.open_offers.map(offer => offer.expires_at)) }]
}

/** Nobody is being asked: ask, or call dispatch; while dispatch has it, look again from time to time. */
function searchSteps(state: IncidentState, policy: Policy, at: number): Step[] {
  if (state.held || state.open_offers.length > 0 || !state.search) return []
  if (state.status === 'escalated')
    return state.search.look_again_at === null ? [] : [{ kind: 'lookAgain', due_at: state.search.look_again_at }]
  if (state.status !== 'offering') return []
  const spent = searchSpent(state.search, policy, at)
  return [spent ? { kind: 'escalate', due_at: at, reason: spent } : { kind: 'makeOffer', due_at: at }]
}

/** Why a search is over without a yes although somebody might be left, or null while it may go on. */
export function searchSpent(
  search: { readonly started_at: number; readonly asked: number },
  policy: Policy,
  at: number,
): EscalationReason | null {
  const left = search.started_at + policy.offer.search_seconds * 1000 - at
  if (left < shortestWindowMs(policy)) return 'search_time_spent'
  return search.asked >= policy.offer.max_offers ? 'all_refused' : null
}

function dispatchSteps(state: IncidentState, policy: Policy): Step[] {
  if (state.owner_id !== null && state.owner_active_at !== null)
    return dispatchHasIt(state)
      ? [{ kind: 'releaseIdleOwner', due_at: state.owner_active_at + policy.owner_idle_seconds * 1000 }]
      : []
  const steps: Step[] = []
  if (state.escalation?.climb_at != null) steps.push({ kind: 'climbLadder', due_at: state.escalation.climb_at })
  if (state.status === 'pending_dispatcher_review' && state.review_from !== null)
    steps.push({
      kind: 'escalate',
      due_at: state.review_from + policy.review.window_seconds * 1000,
      reason: 'review_overdue',
    })
  return steps
}

/** Is it the dispatch centre's turn: must an owner act? */
const dispatchHasIt = (state: IncidentState): boolean =>
  state.escalation !== null || state.held || state.status === 'pending_dispatcher_review'

function workSteps(state: IncidentState, policy: Policy): Step[] {
  if (state.status === 'assigned' && state.assigned_at !== null && state.escalation === null) {
    if (state.nudged_at === null)
      return [{ kind: 'nudgeAssignee', due_at: state.assigned_at + policy.start.nudge_seconds * 1000 }]
    return [{ kind: 'tellNotStarted', due_at: state.assigned_at + policy.start.escalate_seconds * 1000 }]
  }
  if (state.status === 'completed' && state.completed_at !== null && state.escalation === null)
    return [{ kind: 'closeIncident', due_at: state.completed_at + policy.auto_close_seconds * 1000 }]
  return []
}

/** A step in the words of the Temporal UI: "offer 2 of 3, until 14:03:20Z". Codes and times only. */
export function stepSummary(step: Step | null, state: IncidentState, policy: Policy): string {
  if (!step) return isOpen(state.status) ? `with the responder (${state.status})` : state.status
  const until = `until ${clock(step.due_at)}`
  switch (step.kind) {
    case 'expireOffers':
      return state.status === 'escalated'
        ? `offered while dispatch is called, ${until}`
        : `offer ${state.search?.asked ?? 1} of ${policy.offer.max_offers}, ${until}`
    case 'makeOffer':
      return 'choosing whom to ask'
    case 'escalate':
      return step.reason === 'review_overdue' ? `waiting for a dispatcher's review, ${until}` : 'calling dispatch'
    case 'lookAgain':
      return `waiting for dispatch, looking again at ${clock(step.due_at)}`
    case 'climbLadder':
      return `waiting for dispatch, step ${(state.escalation?.step ?? 0) + 1} at ${clock(step.due_at)}`
    case 'releaseIdleOwner':
      return `with its dispatcher, ${until}`
    case 'nudgeAssignee':
      return `accepted, to be started ${until}`
    case 'tellNotStarted':
      return `reminded, dispatch is told at ${clock(step.due_at)}`
    case 'closeIncident':
      return `completed (${state.outcome ?? 'no outcome'}), closes ${hours(policy.auto_close_seconds)} later`
  }
}

const hours = (seconds: number): string => (seconds < 3600 ? `${seconds} s` : `${Math.round(seconds / 3600)} h`)

const MS_PER_DAY = 86_400_000
/** Time of day in UTC from milliseconds, without a clock: `14:03:20Z`. */
function clock(ms: number): string {
  const seconds = Math.floor((((ms % MS_PER_DAY) + MS_PER_DAY) % MS_PER_DAY) / 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}Z`
}
