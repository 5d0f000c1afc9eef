import { COOLING_REASONS, type RejectReason } from '../domain/statuses'
import type { Snapshot } from '../domain/snapshot'
import { myOpenOffer, type Answer } from './accept-offer'
import { changeIncident } from './change-incident'
import type { ActDeps, By } from './deps'
import { lookSoon } from './steps/look-soon'

/**
 * A provider says no, with a reason. They are never offered this incident again; after `busy` or `other` they get no offer at all
 * for the policy's cooldown. The next is asked in the same transaction. Refusals as for an accept.
 */
export async function rejectOffer(
  deps: ActDeps,
  answer: Answer & { readonly reason: RejectReason; readonly note?: string | undefined },
  by: By,
): Promise<Snapshot> {
  return changeIncident(deps, { incidentId: answer.incidentId, mayOffer: true }, by, async change => {
    const offer = await myOpenOffer(change, answer.offerId)
    change.closeOffer(offer.id, 'rejected', answer.reason)
    const provider = change.provider(offer.provider_id)
    provider.silences = 0
    if (COOLING_REASONS.includes(answer.reason)) {
      provider.cooling_until = change.at + change.policy.offer.cooldown_seconds * 1000
      provider.woken = false
    }
    const refusal = { offer_id: offer.id, provider_id: offer.provider_id, refused_for: answer.reason }
    change.appendWithReason('offer.rejected', answer.note, refusal)
    change.withdrawNotices(...(change.state.open_offers.length === 0 ? (['offer'] as const) : []))
    change.signal = 'offerAnswered'
    lookSoon(change, 'refused')
  })
}
