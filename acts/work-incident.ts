import { Refusal } from '../domain/refusals'
import type { Snapshot } from '../domain/snapshot'
import type { Outcome } from '../domain/statuses'
import { changeIncident } from './change-incident'
import { personOf, type ActDeps, type By } from './deps'
import type { IncidentChange } from './incident-change'
import { mayAct } from './standing'
import { endEscalation, flagForDispatch, startLadder } from './steps/escalate'
import { startSearch } from './steps/start-search'

/** The assignee begins. Repeated, it changes nothing. */
export async function startWork(deps: ActDeps, incidentId: string, by: By, note?: string): Promise<Snapshot> {
  return changeIncident(deps, { incidentId, mayOffer: false }, by, async change => {
    if (change.state.status === 'in_progress' && change.state.assignee_id === personOf(by)) return
    const { to } = await mayAct(change, 'start')
    change.signal = 'statusChanged'
    change.withdrawNotices('assignment')
    // A start settles only that it was late: about a responder whom the reporter has barred, dispatch still has to decide.
    if (change.state.escalation?.reason === 'not_started') endEscalation(change)
    change.patchColumns({ started_at: new Date(change.at) })
    change.appendWithReason('incident.started', note, {}, to === 'same' || to === 'search' ? undefined : to)
    if (change.state.reporter_id) change.notify('incident.updated', [change.state.reporter_id])
  })
}

/**
 * The work is done, with an outcome that the case type lets this person state. It frees the responder's slot, which may wake a
 * waiting incident; some outcomes go to dispatch. Of a completed incident whose outcome was not stated, it states it.
 */
export async function completeIncident(
  deps: ActDeps,
  incidentId: string,
  outcome: Outcome,
  by: By,
  note?: string,
): Promise<Snapshot> {
  return changeIncident(deps, { incidentId, mayOffer: false }, by, async change => {
    if (isUnstated(change, change.state.outcome)) return stateOutcome(change, outcome, note)
    await mayAct(change, 'complete')
    requireOutcomeOfTheirs(change, outcome)
    const { assignee_id, reporter_id } = change.state
    if (assignee_id) change.freeSlot(assignee_id)
    change.signal = 'statusChanged'
    change.withdrawNotices('assignment')
    endEscalation(change)
    change.patch({ completed_at: change.at, outcome, owner_id: null, owner_active_at: null, held: false })
    change.appendWithReason('incident.completed', note, { outcome }, 'completed')
    callDispatchFor(change, outcome)
    const others = [assignee_id, reporter_id].filter(id => id !== null && id !== personOf(change.grounds.by))
    change.notify('incident.updated', others as string[])
  })
}

const isUnstated = (change: IncidentChange, outcome: Outcome | null): boolean =>
  outcome !== null && change.caseType.outcomes.unstated.includes(outcome)

/** Said again that it is not stated, it changes nothing. */
async function stateOutcome(change: IncidentChange, outcome: Outcome, note: string | undefined): Promise<void> {
  await mayAct(change, 'state_outcome')
  requireOutcomeOfTheirs(change, outcome)
  if (isUnstated(change, outcome)) return
  change.signal = 'statusChanged'
  endEscalation(change)
  change.patch({ outcome, owner_id: null, owner_active_at: null, held: false })
  change.appendWithReason('incident.outcome_stated', note, { outcome })
  callDispatchFor(change, outcome)
}

/** An outcome that is missing wakes nobody before the incident would have closed by itself. */
function callDispatchFor(change: IncidentChange, outcome: Outcome): void {
  if (!change.caseType.outcomesForDispatch.includes(outcome)) return
  if (isUnstated(change, outcome)) flagForDispatch(change, 'outcome_missing', change.policy.auto_close_seconds)
  else startLadder(change, 'not_helped')
}

function requireOutcomeOfTheirs(change: IncidentChange, outcome: Outcome): void {
  const { responder, reporter, unstated } = change.caseType.outcomes
  const me = personOf(change.grounds.by)
  const isOnlyReporter = change.state.reporter_id === me && change.state.assignee_id !== me
  const allowed: readonly Outcome[] = isOnlyReporter ? reporter : responder
  if (!allowed.includes(outcome) && (isOnlyReporter || !unstated.includes(outcome)))
    throw new Refusal('RULE_BROKEN', { detail: 'This outcome is not yours to state', extra: { allowed } })
}

/** The assignee gives the case back with a reason; the search begins again, without them. */
export async function handBack(deps: ActDeps, incidentId: string, reason: string, by: By): Promise<Snapshot> {
  return changeIncident(deps, { incidentId, mayOffer: true, maySearchAnew: true }, by, async change => {
    await mayAct(change, 'hand_back')
    const { assignee_id } = change.state
    if (!assignee_id) throw new Refusal('TRANSITION_NOT_ALLOWED')
    change.signal = 'statusChanged'
    change.excludeNow(assignee_id)
    releaseAssignee(change, 'handed_back')
    change.appendWithReason('incident.handed_back', reason, { provider_id: assignee_id })
    startSearch(change)
    if (change.state.reporter_id) change.notify('incident.updated', [change.state.reporter_id])
  })
}

/** Ends the present assignment: the slot is free, the access over, the notices about it stopped. */
export function releaseAssignee(change: IncidentChange, reason: string): void {
  const { assignee_id, status } = change.state
  if (!assignee_id) return
  // A completed incident's slot was freed when it was completed.
  if (status !== 'completed') change.freeSlot(assignee_id)
  change.endAssignment(reason)
  change.withdrawNotices('assignment')
  change.patch({ assignee_id: null, assigned_at: null, nudged_at: null })
}
