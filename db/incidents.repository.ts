import type { Database, Transaction } from './database'
import type { IncidentRow, OfferFacts } from './incident-rows'
import { runPrepared, type Prepared } from './prepared'

const LOCK_INCIDENT: Prepared = { name: 'lock-incident', text: 'select * from incidents where id = $1 for update' }

/**
 * First statement of every act: takes the incident's row lock and answers the row as it is once the lock is ours. Everything
 * else an act reads must come in later statements: a statement that waited still sees other tables as they were before it waited.
 */
export async function lockIncident(trx: Transaction, id: string): Promise<IncidentRow | undefined> {
  const [row] = await runPrepared<IncidentRow>(trx, LOCK_INCIDENT, [id])
  return row
}

/** A state read under the incident's lock, with the one clock of the act. Times in milliseconds. */
export interface UnderLock {
  readonly at: number
  readonly offers: readonly OfferFacts[]
}

const READ_UNDER_LOCK: Prepared = {
  name: 'read-under-lock',
  text: `select (extract(epoch from clock_timestamp()) * 1000)::double precision as at,
      coalesce((select json_agg(json_build_object('id', o.id, 'provider_id', o.provider_id, 'round', o.round,
          'state', o.state, 'reason', o.reason,
          'expires_at', (extract(epoch from o.expires_at) * 1000)::double precision) order by o.offered_at, o.id)
        from offers o where o.incident_id = $1 and (o.state = 'open' or o.provider_id = $2)), '[]') as offers`,
}

/**
 * The statement after the locks: the time of the act by PostgreSQL's clock, and the incident's open offers with those that
 * `personId` ever had on it.
 */
export async function readUnderLock(trx: Transaction, incidentId: string, personId: string | null): Promise<UnderLock> {
  const [read] = await runPrepared<UnderLock>(trx, READ_UNDER_LOCK, [incidentId, personId])
  if (!read) throw new Error('a select without a from answers a row')
  // Columns keep microseconds, JavaScript's dates milliseconds: the act's time is whole milliseconds, so both sides agree.
  const offers = read.offers.map(offer => ({ ...offer, expires_at: Math.round(offer.expires_at) }))
  return { at: Math.floor(read.at), offers }
}

/** The incident with its wrapped key; undefined when there is none of this id. */
export async function findIncident(
  db: Database | Transaction,
  id: string,
): Promise<(IncidentRow & { wrapped: string | null }) | undefined> {
  return db<IncidentRow>('incidents')
    .leftJoin('incident_keys', 'incident_keys.incident_id', 'incidents.id')
    .where('incidents.id', id)
    .first<(IncidentRow & { wrapped: string | null }) | undefined>('incidents.*', 'incident_keys.wrapped')
}

export async function findByClientId(
  db: Database | Transaction,
  reporterId: string,
  clientId: string,
): Promise<{ id: string } | undefined> {
  return db<IncidentRow>('incidents').where({ reporter_id: reporterId, client_id: clientId }).first('id')
}

/** The incident's wrapped data key, or null when it was destroyed. */
export async function findWrappedKey(db: Database | Transaction, incidentId: string): Promise<string | null> {
  const row = await db<{ incident_id: string; wrapped: string }>('incident_keys')
    .where({ incident_id: incidentId })
    .first('wrapped')
  return row?.wrapped ?? null
}

/** What somebody had to do with an incident: their offers and assignments, whether over or not. */
export async function readRelation(
  db: Database | Transaction,
  incidentId: string,
  personId: string,
): Promise<{ open_offer_id: string | null; had_access: boolean }> {
  const { rows } = await db.raw<{ rows: [{ open_offer_id: string | null; had_access: boolean }] }>(
    `select (select o.id from offers o where o.incident_id = :incidentId and o.provider_id = :personId
         and o.state = 'open' and o.expires_at > clock_timestamp() limit 1) as open_offer_id,
       exists (select 1 from offers o where o.incident_id = :incidentId and o.provider_id = :personId)
         or exists (select 1 from assignments a where a.incident_id = :incidentId and a.provider_id = :personId)
         as had_access`,
    { incidentId, personId },
  )
  return rows[0]
}
