import type { Database } from './database'
import { EventModel, OfferModel } from './models'

/** An incident's events in their order, each with the sealed words that belong to it, as one graph. */
export async function listEvents(db: Database, incidentId: string): Promise<EventModel[]> {
  return EventModel.query(db).withGraphJoined('note').where('events.incident_id', incidentId).orderBy('events.seq')
}

/** The end of an incident's chain as its own row has it: an event cut off the end is missed here alone. */
export async function findChainEnd(
  db: Database,
  incidentId: string,
): Promise<{ last_seq: number; last_hash: string } | undefined> {
  return db('incidents')
    .where({ id: incidentId })
    .first<{ last_seq: number; last_hash: string } | undefined>('last_seq', 'last_hash')
}

/** Every offer of an incident in the order in which they were made, with the provider's sealed name and key. */
export async function listOffers(db: Database, incidentId: string): Promise<OfferModel[]> {
  return OfferModel.query(db)
    .withGraphJoined('provider.key')
    .where('offers.incident_id', incidentId)
    .orderBy(['offers.offered_at', 'offers.id'])
}
