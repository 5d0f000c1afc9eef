import { jittered } from '../../domain/jitter'
import type { EscalationReason } from '../../domain/statuses'
import type { IncidentChange } from '../incident-change'

/** Calls the dispatch centre: the status says so, and the ladder begins. */
export function escalate(change: IncidentChange, reason: EscalationReason): void {
  change.append('incident.escalated', { reason }, 'escalated')
  startLadder(change, reason)
  const { search } = change.state
  const look_again_at = change.at + jittered(change.state.id, change.policy.recheck_seconds * 1000)
  if (search) change.patch({ search: { ...search, look_again_at } })
}

/** Starts the dispatch ladder for this reason, from its first step; an owner keeps it from climbing. */
export function startLadder(change: IncidentChange, reason: EscalationReason): void {
  const first = change.policy.dispatch_ladder[0]
  const climb_at = change.state.owner_id === null ? change.at + (first?.after_seconds ?? 0) * 1000 : null
  change.patch({ escalation: { reason, started_at: change.at, step: 0, climb_at } })
}

/**
 * Puts the incident on the dispatch centre's table without waking anybody yet: the ladder begins after `quietSeconds`, should the
 * matter still stand then.
 */
export function flagForDispatch(change: IncidentChange, reason: EscalationReason, quietSeconds: number): void {
  const climb_at = change.state.owner_id === null ? change.at + quietSeconds * 1000 : null
  change.patch({ escalation: { reason, started_at: change.at, step: 0, climb_at } })
}

/** The matter is settled: the ladder ends and its notices are stopped. */
export function endEscalation(change: IncidentChange): void {
  if (!change.state.escalation) return
  change.withdrawNotices('escalation')
  change.patch({ escalation: null })
}
