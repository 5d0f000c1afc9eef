import { BAND_EDGES_KM, EARTH_RADIUS_KM, UNKNOWN_BAND, type Position } from '../domain/places'
import type { Candidate } from '../domain/ranking'
import type { Availability } from '../domain/statuses'
import type { Database, Transaction } from './database'
import { runPrepared, type Prepared } from './prepared'

/** A locked row of `provider_profiles`; times in milliseconds. */
export interface ProviderFacts {
  provider_id: string
  provider_type: string
  verified: boolean
  availability: Availability
  capacity: number
  load: number
  /** How far beyond the capacity a dispatcher forced the load. */
  forced_load: number
  silences: number
  cooling_until: number | null
  last_assigned_at: number | null
  woken: boolean
}

const MILLISECONDS = (column: string): string => `(extract(epoch from ${column}) * 1000)::double precision`

const FACTS = `p.user_id as provider_id, p.provider_type, p.verification = 'verified' as verified, p.availability,
  p.capacity, p.load, p.forced_load, p.silences, ${MILLISECONDS('p.cooling_until')} as cooling_until,
  ${MILLISECONDS('p.last_assigned_at')} as last_assigned_at, false as woken`

const LOCK_PROVIDERS: Prepared = {
  name: 'lock-providers',
  // One array, not an "or" of two conditions: that would read every provider.
  text: `with waited_for as materialized (
      select ${FACTS} from provider_profiles p
      where p.user_id = any($1::uuid[] ||
        array(select o.provider_id from offers o where o.incident_id = $2 and o.state = 'open') ||
        array(select i.assignee_id from incidents i where i.id = $2 and i.assignee_id is not null))
      order by p.user_id for update),
    at_hand as materialized (
      select ${FACTS} from provider_profiles p
      where p.user_id = any($3::uuid[]) and p.user_id not in (select w.provider_id from waited_for w)
      order by array_position($3::uuid[], p.user_id) limit $4 for update skip locked)
    select * from waited_for union all select * from at_hand`,
}

/** Which providers an act locks beside the assignee and those with an open offer. */
export interface ToLock {
  /** Each of them, though another act may have to be waited for. */
  readonly all?: readonly string[]
  /** At most so many of these, the first that no other act holds. */
  readonly someOf?: readonly string[]
  readonly atMost?: number
}

/**
 * Second lock of an act, always after the incident's and always in id order, or two incidents that ask the same providers
 * deadlock: the named providers, the assignee, and everybody with an open offer of the incident. Those that are passed over when they
 * are held are not waited for, so their order is free.
 */
export async function lockProviders(
  trx: Transaction,
  incidentId: string,
  { all = [], someOf = [], atMost = 0 }: ToLock,
): Promise<ProviderFacts[]> {
  return runPrepared<ProviderFacts>(trx, LOCK_PROVIDERS, [all, incidentId, someOf, atMost])
}

/** Great-circle kilometres from `$5`, `$6` to a base: null where either is not known. */
const KM = `2 * ${EARTH_RADIUS_KM} * asin(sqrt(least(1, power(sin(radians(p.base_lat - $5) / 2), 2)
  + cos(radians($5)) * cos(radians(p.base_lat)) * power(sin(radians(p.base_lng - $6) / 2), 2))))`
const BAND = `coalesce(width_bucket(${KM}, array[${BAND_EDGES_KM.join()}]::float[]), ${UNKNOWN_BAND})`

const READ_CANDIDATES: Prepared = {
  name: 'read-candidates',
  // What the incident has to do with providers is read once, as lists; and what the order needs is worked out once for each candidate.
  text: `with c as materialized (
      select ${FACTS}, u.status = 'active' as active, p.base_lat, p.base_lng,
        p.user_id = any(array(select x.provider_id from exclusions x where x.incident_id = $1)) as excluded,
        p.user_id = any(array(select o.provider_id from offers o where o.incident_id = $1 and o.round = $2)) as offered,
        p.user_id = any(array(
          select o.provider_id from offers o where o.incident_id = $1 and o.state in ('rejected', 'expired')
          union all
          select a.provider_id from assignments a where a.incident_id = $1 and a.end_reason = 'handed_back')) as refused,
        ${BAND} as band
      from provider_profiles p
      join users u on u.id = p.user_id
      where p.provider_type = any($3::text[]) and p.verification = 'verified')
    select c.* from c
    order by (c.active and c.availability = 'available' and not (c.excluded or c.refused)
        and coalesce(c.cooling_until <= $4, true)) desc,
      (c.load < c.capacity) desc, c.band, c.load::float / greatest(c.capacity, 1), c.last_assigned_at nulls first,
      c.provider_id
    limit $7`,
}

/** Which candidates are read: for whom, when (milliseconds), from where, and how many at the most. */
export interface CandidateQuery {
  readonly incidentId: string
  readonly round: number
  readonly providerTypes: readonly string[]
  readonly place: Position | null
  readonly at: number
  readonly atMost: number
}

/**
 * Whom the incident could be offered to, unlocked: what it says must be checked again once the chosen are locked. In the order of
 * `rank`, then those who lack nothing but a free place, then the rest; so the first few are enough to choose from, and to say why
 * there is nobody. Who was offered it in this search keeps their place, for the act may begin a new one. Base positions are the coarse ones.
 */
export async function readCandidates(
  trx: Database | Transaction,
  { incidentId, round, providerTypes, place, at, atMost }: CandidateQuery,
): Promise<Candidate[]> {
  type Row = Omit<Candidate, 'base'> & { base_lat: number | null; base_lng: number | null; band: number }
  const values = [incidentId, round, providerTypes, at, place?.lat ?? null, place?.lng ?? null, atMost]
  const rows = await runPrepared<Row>(trx, READ_CANDIDATES, values)
  return rows.map(({ base_lat, base_lng, band: _band, ...candidate }) => ({
    ...candidate,
    base: base_lat === null || base_lng === null ? null : { lat: base_lat, lng: base_lng },
  }))
}

/** Is this provider barred by the incident's reporter? */
export async function isExcluded(trx: Transaction, incidentId: string, providerId: string): Promise<boolean> {
  const row: unknown = await trx('exclusions').where({ incident_id: incidentId, provider_id: providerId }).first()
  return row !== undefined
}

/** Is this account active? */
export async function isActive(trx: Transaction, userId: string): Promise<boolean> {
  const row: unknown = await trx('users').where({ id: userId, status: 'active' }).first('id')
  return row !== undefined
}

/** Which service somebody gives and whether they were verified; undefined for who is no provider. */
export async function findService(
  trx: Transaction,
  userId: string,
): Promise<{ provider_type: string; verified: boolean } | undefined> {
  const row = await trx<{ user_id: string; provider_type: string; verification: string }>('provider_profiles')
    .where({ user_id: userId })
    .first('provider_type', 'verification')
  return row && { provider_type: row.provider_type, verified: row.verification === 'verified' }
}
