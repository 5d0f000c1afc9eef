import { LAST_RUN, RunAgain } from '../../db/unit-of-work'
import { rank, whyNobody, whyNot, type Candidate, type ConsideredCandidate, type Ranked } from '../../domain/ranking'
import { jittered } from '../../domain/jitter'
import { newId } from '../../platform/ids'
import type { IncidentChange } from '../incident-change'
import { escalate } from './escalate'

/** How many of the ranked are kept with an offer as its reasons. */
const REASONS_KEPT = 10

/** Asks the best candidate, or in mode `broadcast` the best few; with nobody to ask, calls dispatch at once. */
export function makeOffer(change: IncidentChange): void {
  const { search } = change.state
  if (!search) throw new Error('an offer needs a search')
  const chosen = choose(change)
  if (chosen.length === 0) {
    escalate(change, whyNobody(freshCandidates(change), change.policy.offer.provider_types, search, change.at))
    return
  }
  const searchEnds = search.started_at + change.policy.offer.search_seconds * 1000
  ask(change, chosen, Math.min(change.at + change.policy.offer.window_seconds * 1000, searchEnds))
}

/** While dispatch has the case: somebody may have become free. Sets the next look. */
export function lookAgain(change: IncidentChange): void {
  const { search } = change.state
  if (!search) throw new Error('a look needs a search')
  const chosen = choose(change)
  const pause = jittered(change.state.id, change.policy.recheck_seconds * 1000)
  change.patch({ search: { ...search, look_again_at: change.at + pause } })
  if (chosen.length > 0) ask(change, chosen, change.at + change.policy.offer.window_seconds * 1000)
  else change.rest()
}

function ask(change: IncidentChange, chosen: readonly Ranked[], expiresAt: number): void {
  const { search, round } = change.state
  if (!search) throw new Error('an offer needs a search')
  const attempt = search.asked + 1
  const considered = consideredOf(change, chosen)
  for (const { candidate } of chosen) {
    const offer = {
      id: newId(),
      provider_id: candidate.provider_id,
      round,
      attempt,
      expires_at: expiresAt,
      candidates: considered,
    }
    change.openOffer(offer)
    change.append('offer.made', {
      offer_id: offer.id,
      provider_id: offer.provider_id,
      attempt,
      expires_at: new Date(expiresAt).toISOString(),
    })
    change.notify('offer.made', [offer.provider_id], { offerId: offer.id })
  }
  change.patch({ search: { ...search, asked: attempt } })
}

/**
 * The best of those that were locked on the strength of a read a moment ago and are still eligible under the lock. When others took
 * them meanwhile and somebody else is left, the act runs again; on its last run it takes what it has, for a report is never refused.
 */
function choose(change: IncidentChange): Ranked[] {
  const { offer } = change.policy
  const wanted = offer.mode === 'broadcast' ? offer.broadcast_size : 1
  const ranked = rankNow(change)
  const locked = ranked.filter(({ candidate }) => change.providers.has(candidate.provider_id))
  const othersAreLeft = locked.length < wanted && ranked.length > locked.length
  if (othersAreLeft && change.grounds.run < LAST_RUN) throw new RunAgain('the candidates changed')
  return locked.slice(0, wanted)
}

const rankNow = (change: IncidentChange): Ranked[] =>
  rank(freshCandidates(change), change.policy.offer.provider_types, change.grounds.place, change.at)

/** The candidates as they are under our locks, and after what this act already did to them. */
function freshCandidates(change: IncidentChange): Candidate[] {
  // They were read before the act: what they say of having been offered is about the search that was going on then.
  const isSameSearch = change.state.round === change.grounds.state.round
  return change.grounds.candidates.map(candidate => {
    const locked = change.providers.get(candidate.provider_id)
    return {
      ...candidate,
      ...(locked && {
        availability: locked.availability,
        capacity: locked.capacity,
        load: locked.load,
        cooling_until: locked.cooling_until,
        last_assigned_at: locked.last_assigned_at,
        verified: locked.verified,
      }),
      offered: (isSameSearch && candidate.offered) || change.wasAskedNow(candidate.provider_id),
    }
  })
}

/** What is kept with an offer: the best of those considered, who of them was asked, and why each stands where they stand. */
function consideredOf(change: IncidentChange, chosen: readonly Ranked[]): ConsideredCandidate[] {
  const asked = new Set(chosen.map(({ candidate }) => candidate.provider_id))
  const eligible = rankNow(change).map(({ candidate, rank: place, reasons }) => ({
    provider: candidate.provider_id,
    chosen: asked.has(candidate.provider_id),
    rank: place,
    reasons,
  }))
  const passedOver = freshCandidates(change).flatMap(candidate => {
    const reasons = whyNot(candidate, change.policy.offer.provider_types, change.at)
    return reasons.length === 0 ? [] : [{ provider: candidate.provider_id, chosen: false, rank: null, reasons }]
  })
  return [...eligible, ...passedOver].slice(0, REASONS_KEPT)
}
