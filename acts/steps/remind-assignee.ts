import type { IncidentChange } from '../incident-change'
import { startLadder } from './escalate'

/** Reminds the responder that the work has not begun. */
export function nudgeAssignee(change: IncidentChange): void {
  const { assignee_id } = change.state
  if (!assignee_id) throw new Error('there is nobody to remind')
  change.append('incident.nudged', { provider_id: assignee_id })
  change.notify('assignment.nudge', [assignee_id])
  change.patch({ nudged_at: change.at })
}

/** The reminder did not help: dispatch is told and may reassign. The status stays, for the responder may still start. */
export function tellNotStarted(change: IncidentChange): void {
  change.append('incident.not_started', { provider_id: change.state.assignee_id })
  startLadder(change, 'not_started')
}
