import type { ReasonCode } from '../domain/reason-codes'
import type { Snapshot } from '../domain/snapshot'
import { changeIncident } from './change-incident'
import type { ActDeps, By } from './deps'
import type { IncidentChange } from './incident-change'
import { lookSoon } from './steps/look-soon'

/**
 * Takes an open offer back from a provider who can no longer answer it, and asks the next in the same transaction. Without an open
 * offer of theirs it changes nothing. It does not count as a refusal.
 */
export async function withdrawOffer(
  deps: ActDeps,
  { incidentId, providerId, reason }: { incidentId: string; providerId: string; reason: ReasonCode },
  by: By,
): Promise<Snapshot> {
  return changeIncident(deps, { incidentId, mayOffer: true }, by, change => withdrawOfferOf(change, providerId, reason))
}

/** The withdrawing itself, within an act on the incident. */
export function withdrawOfferOf(change: IncidentChange, providerId: string, reason: string): void {
  const offer = change.state.open_offers.find(each => each.provider_id === providerId)
  if (!offer) return
  change.closeOffer(offer.id, 'withdrawn', reason)
  change.append('offer.withdrawn', { offer_id: offer.id, provider_id: providerId, reason })
  change.notify('offer.withdrawn', [providerId], { offerId: offer.id })
  change.signal = 'offerAnswered'
  lookSoon(change, 'withdrawn')
}
