import type { IncidentChange } from '../incident-change'
import { endEscalation } from './escalate'

/** Closes a completed incident for good: the responder's access ends, and so does the workflow. */
export function closeIncident(change: IncidentChange, reason?: string): void {
  change.appendWithReason('incident.closed', reason, { outcome: change.state.outcome }, 'closed')
  endEscalation(change)
  change.endAssignment('closed')
  change.withdrawNotices('assignment')
  change.patch({ ended_at: change.at, owner_id: null, owner_active_at: null, held: false })
}
