import type { OfferFacts } from '../db/incident-rows'
import { findService } from '../db/providers.repository'
import type { OpenOffer } from '../domain/incident-state'
import { Refusal, type RefusalCode } from '../domain/refusals'
import type { Snapshot } from '../domain/snapshot'
import { isOpen } from '../domain/statuses'
import { changeIncident } from './change-incident'
import { personOf, type ActDeps, type By } from './deps'
import type { IncidentChange } from './incident-change'
import { endEscalation } from './steps/escalate'

export interface Answer {
  readonly incidentId: string
  /** Which offer is answered; without it, the open one. */
  readonly offerId?: string | undefined
}

/**
 * A provider says yes: compare-and-set on their open offer. Of any number at once exactly one wins; the others get
 * `OFFER_TAKEN`, `OFFER_EXPIRED`, `OFFER_WITHDRAWN`, `OFFER_NOT_YOURS` or `INCIDENT_CLOSED`. The winner's repeat changes nothing.
 */
export async function acceptOffer(deps: ActDeps, answer: Answer, by: By): Promise<Snapshot> {
  return changeIncident(deps, { incidentId: answer.incidentId, mayOffer: false }, by, async change => {
    const me = personOf(by)
    if (me === change.state.assignee_id && isOpen(change.state.status)) return
    const offer = await myOpenOffer(change, answer.offerId)
    takeOver(change, offer)
  })
}

/** The caller's open offer, still in time; else the reason why not. */
export async function myOpenOffer(change: IncidentChange, offerId: string | undefined): Promise<OpenOffer> {
  const me = personOf(change.grounds.by)
  const mine = change.grounds.offers.filter(each => each.provider_id === me && (!offerId || each.id === offerId))
  const open = mine.find(each => each.state === 'open')
  if (open && open.expires_at > change.at) return open
  throw new Refusal(await whyNoOffer(change, mine.at(-1), me))
}

async function whyNoOffer(
  change: IncidentChange,
  last: OfferFacts | undefined,
  me: string | null,
): Promise<RefusalCode> {
  if (!last && !(me && (await mayKnow(change, me)))) return 'INCIDENT_NOT_FOUND'
  if (!isOpen(change.state.status)) return 'INCIDENT_CLOSED'
  switch (last?.state) {
    case 'open':
    case 'expired':
      return 'OFFER_EXPIRED'
    case 'withdrawn':
      return last.reason === 'taken' ? 'OFFER_TAKEN' : 'OFFER_WITHDRAWN'
    case 'accepted':
      return 'OFFER_WITHDRAWN'
    case 'rejected':
    case undefined:
      return 'OFFER_NOT_YOURS'
  }
}

/** A verified provider of the service's type may learn that the offer is not theirs; to everybody else there is no incident. */
async function mayKnow(change: IncidentChange, providerId: string): Promise<boolean> {
  const service = await findService(change.grounds.trx, providerId)
  return service !== undefined && service.verified && change.policy.offer.provider_types.includes(service.provider_type)
}

function takeOver(change: IncidentChange, offer: OpenOffer): void {
  for (const other of change.state.open_offers) {
    if (other.id === offer.id) continue
    change.closeOffer(other.id, 'withdrawn', 'taken')
    change.append('offer.withdrawn', { offer_id: other.id, provider_id: other.provider_id, reason: 'taken' })
  }
  change.closeOffer(offer.id, 'accepted', null)
  const provider = change.provider(offer.provider_id)
  provider.silences = 0
  provider.last_assigned_at = change.at
  change.assign({ provider_id: offer.provider_id, offer_id: offer.id, assigned_by: null, forced: false })
  change.signal = 'offerAnswered'
  change.withdrawNotices('offer')
  endEscalation(change)
  change.patch({
    assignee_id: offer.provider_id,
    assigned_at: change.at,
    nudged_at: null,
    search: null,
    review_from: null,
  })
  change.patch({ owner_id: null, owner_active_at: null, held: false })
  change.append('offer.accepted', { offer_id: offer.id, provider_id: offer.provider_id }, 'assigned')
  if (change.caseType.acceptMeansStart) change.append('incident.started', {}, 'in_progress')
  if (change.state.reporter_id) change.notify('incident.updated', [change.state.reporter_id])
}
