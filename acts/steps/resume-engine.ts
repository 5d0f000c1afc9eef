import type { IncidentChange } from '../incident-change'

/** Gives the incident back to the engine: nobody owns or holds it, the ladder climbs on and the search looks again, now. */
export function resumeEngine(change: IncidentChange): void {
  const { escalation, search, status } = change.state
  change.patch({
    owner_id: null,
    owner_active_at: null,
    held: false,
    escalation: escalation && { ...escalation, climb_at: change.at },
    search: search && { ...search, look_again_at: status === 'escalated' ? change.at : search.look_again_at },
    // The review clock starts again: whoever owned it has had the time of the first one.
    review_from: status === 'pending_dispatcher_review' ? change.at : change.state.review_from,
  })
}
