import type { SignalName } from '../domain/signal-names'
import { snapshotOf, type Snapshot } from '../domain/snapshot'
import type { Urgency } from '../domain/statuses'
import type { Database, Transaction } from './database'
import { stateOf, type IncidentRow, type OfferFacts } from './incident-rows'
import type { PolicyCache } from './policies.repository'
import { runPrepared, type Prepared } from './prepared'

/** How long a leased change is nobody else's: longer than the 2 s that one call to Temporal may take, and a batch of them. */
const LEASE = "interval '10 seconds'"

/** A change of which the workflow has not heard, or up to which it has. */
export interface Mark {
  readonly incidentId: string
  readonly rev: number
}

/** An incident with unheard changes: the newest of those that were leased, and how it is signalled. */
export interface Unheard extends Mark {
  readonly signal: SignalName
  readonly urgency: Urgency
}

const LEASE_UNHEARD: Prepared = {
  name: 'lease-unheard',
  text: `with leased as (
      update events set signal_after = clock_timestamp() + ${LEASE}
      where id in (select e.id from events e join incidents i on i.id = e.incident_id
        where e.signal is not null and e.signal_after <= statement_timestamp()
        order by (i.urgency = 'urgent') desc, e.signal_after limit $1 for update of e skip locked)
      returning incident_id, rev, signal
    )
    select newest."incidentId", newest.rev, newest.signal, i.urgency
    from (select distinct on (incident_id) incident_id as "incidentId", rev, signal from leased
      order by incident_id, rev desc) newest
    join incidents i on i.id = newest."incidentId"
    order by (i.urgency = 'urgent') desc`,
}

/**
 * Takes changes that are due to be signalled, urgent incidents first, for 10 s; one entry an incident, urgent ones first. Rows
 * that another relay is taking are passed over. The lease is committed before anything is sent: a lock held over a network call
 * would be a transaction open for as long.
 */
export const leaseUnheard = (db: Database, limit: number): Promise<Unheard[]> => runPrepared(db, LEASE_UNHEARD, [limit])

const MARK_HEARD: Prepared = {
  name: 'mark-heard',
  text: `update events e set signal = null, signal_after = null
    from unnest($1::uuid[], $2::int[]) as heard (incident_id, rev)
    -- The planner takes any list for a hundred rows: without the first condition it would read the whole table.
    where e.incident_id = any($1::uuid[]) and e.incident_id = heard.incident_id and e.rev <= heard.rev
      and e.signal is not null`,
}

/** The workflows of these incidents have heard of everything up to these revisions. */
export async function markHeard(db: Database | Transaction, marks: readonly Mark[]): Promise<void> {
  if (marks.length === 0) return
  await runPrepared(db, MARK_HEARD, [marks.map(mark => mark.incidentId), marks.map(mark => mark.rev)])
}

/** Gives leased changes back: they are due again after a second. For when Temporal turned out not to answer. */
export async function returnLeases(db: Database, incidentIds: readonly string[]): Promise<void> {
  if (incidentIds.length === 0) return
  await db.raw(
    `update events set signal_after = clock_timestamp() + interval '1 second'
     where incident_id = any(:ids::uuid[]) and signal is not null`,
    { ids: [...incidentIds] },
  )
}

/** How far behind the workflows are: changes unheard, and how long the oldest has waited, in milliseconds. */
export interface Backlog {
  readonly unheard: number
  readonly oldest_ms: number
}

export async function readBacklog(db: Database): Promise<Backlog> {
  const { rows } = await db.raw<{ rows: [Backlog] }>(
    `select count(*)::int as unheard,
       greatest(0, coalesce(extract(epoch from clock_timestamp() - min(at)) * 1000, 0))::double precision as oldest_ms
     from events where signal is not null`,
  )
  return rows[0]
}

/** The newest snapshots of these incidents, by id, each as of one moment; unknown ids are left out. Nothing is locked. */
export async function readSnapshots(
  db: Database,
  policies: PolicyCache,
  ids: readonly string[],
): Promise<Map<string, Snapshot>> {
  if (ids.length === 0) return new Map()
  // One statement, so that a row and its offers are of the same moment.
  const { rows } = await db.raw<{ rows: (IncidentRow & { read_at: Date; offers: OfferFacts[] })[] }>(
    `select i.*, clock_timestamp() as read_at,
       coalesce((select json_agg(json_build_object('id', o.id, 'provider_id', o.provider_id, 'round', o.round,
           'state', o.state, 'reason', o.reason,
           'expires_at', round(extract(epoch from o.expires_at) * 1000)::double precision))
         from offers o where o.incident_id = i.id and o.state = 'open'), '[]') as offers
     from incidents i where i.id = any(:ids::uuid[])`,
    { ids: [...ids] },
  )
  const snapshots = new Map<string, Snapshot>()
  for (const row of rows) {
    const policy = await policies.rulesOf(db, row.policy_id)
    // As in an act: time never runs back before the last event, which in time-travel tests lies ahead of the clock.
    const at = Math.max(row.read_at.getTime(), row.last_event_at.getTime())
    snapshots.set(row.id, snapshotOf(stateOf(row, row.offers), policy, row.region, at))
  }
  return snapshots
}
