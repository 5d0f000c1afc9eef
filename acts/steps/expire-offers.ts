import type { IncidentChange } from '../incident-change'
import { lookSoon } from './look-soon'
import { audienceOf } from './audience'

/** Ends the offers whose time is over. Silence counts as a refusal; too many in a row and the provider gets no more offers. */
export async function expireOffers(change: IncidentChange): Promise<void> {
  for (const offer of change.state.open_offers.filter(each => each.expires_at <= change.at)) {
    change.closeOffer(offer.id, 'expired', 'silence')
    change.append('offer.expired', { offer_id: offer.id, provider_id: offer.provider_id })
    await countSilence(change, offer.provider_id)
  }
  if (change.state.open_offers.length === 0) change.withdrawNotices('offer')
  lookSoon(change, 'refused')
}

async function countSilence(change: IncidentChange, providerId: string): Promise<void> {
  const provider = change.provider(providerId)
  provider.silences += 1
  if (provider.silences < change.policy.offer.silences_to_unresponsive || provider.availability !== 'available') return
  provider.availability = 'unresponsive'
  provider.woken = false
  change.append('provider.unresponsive', { provider_id: providerId, silences: provider.silences })
  const dispatchers = await audienceOf(change, 'dispatchers_on_duty')
  change.notify('dispatch.provider_unresponsive', dispatchers)
}
