import type { IncidentChange } from '../incident-change'
import { endEscalation } from './escalate'
import { audienceOf } from './audience'

/** Begins a new search: a new round, whose time starts now. Whatever dispatch was called for is over. */
export function startSearch(change: IncidentChange): void {
  endEscalation(change)
  change.patch({
    round: change.state.round + 1,
    search: { started_at: change.at, asked: 0, refused: false, look_again_at: null },
    review_from: null,
    held: false,
    owner_id: null,
    owner_active_at: null,
  })
  change.append('search.started', { round: change.state.round }, 'offering')
}

/** Puts the incident before the dispatchers for review and starts the review clock. */
export async function startReview(change: IncidentChange): Promise<void> {
  endEscalation(change)
  change.patch({ search: null, review_from: change.at, held: false, owner_id: null, owner_active_at: null })
  change.append('review.started', {}, 'pending_dispatcher_review')
  change.notify('dispatch.review', await audienceOf(change, 'dispatchers_on_duty'))
}

/** Enters what this urgency calls for in the case type: a search or a review. */
export async function beginAnew(change: IncidentChange): Promise<void> {
  if (change.caseType.begins[change.state.urgency] === 'search') startSearch(change)
  else await startReview(change)
}
