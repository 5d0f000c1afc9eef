import type { Candidate } from '../domain/ranking'
import { ENDED, URGENCIES, type EscalationReason, type Status, type Urgency } from '../domain/statuses'
import type { Database } from './database'
import { runPrepared, type Prepared } from './prepared'

export interface BoardFilter {
  readonly statuses?: readonly Status[] | undefined
  readonly urgency?: Urgency | undefined
  readonly case_type?: string | undefined
}

/** How many incidents are in this status with this urgency. */
export interface WordCount {
  readonly status: Status
  readonly urgency: Urgency
  readonly count: number
}

/** The figures of the dispatch board that are exact. Durations in seconds; days begin at midnight UTC. */
export interface BoardFigures {
  readonly open: readonly WordCount[]
  readonly average_response_seconds: number | null
  readonly completed_today: number
  readonly created_today: number
  readonly providers: { readonly total: number; readonly available: number; readonly at_capacity: number }
}

// $1 statuses, $2 urgency, $3 case type; null where anything will do.
const FILTER = `deleted_at is null
  and ($1::text[] is null or status = any($1)) and ($2::text is null or urgency = $2)
  and ($3::text is null or case_type = $3)`
// Each figure reads one range of an index: the open ones, today's, the week's newest. `clock_timestamp()` would have every row read
// instead: it may differ from row to row, so no index is asked with it.
const TODAY = `date_trunc('day', now(), 'UTC')`
/** The average response is that of the newest assigned reports of so many days, and of so many at most. */
export const RESPONSE_DAYS = 7
const RESPONSES_AT_MOST = 1_000

const READ_BOARD: Prepared = {
  name: 'read-board',
  text: `select
      coalesce((select json_agg(w) from (select status, urgency, count(*)::int as count from incidents
        where ${FILTER} and status not in ('closed', 'cancelled') group by status, urgency) w), '[]') as open,
      (select count(*)::int from incidents where ${FILTER} and created_at >= ${TODAY}) as created_today,
      (select count(*)::int from incidents
        where ${FILTER} and completed_at is not null and completed_at >= ${TODAY}) as completed_today,
      (select round(avg(extract(epoch from assigned_at - reported_at)))::int from (
        select assigned_at, reported_at from incidents
        where ${FILTER} and assigned_at is not null and created_at >= now() - interval '${RESPONSE_DAYS} days'
        order by created_at desc limit ${RESPONSES_AT_MOST}) newest) as average_response_seconds,
      (select json_build_object('total', count(*),
           'available', count(*) filter (where p.availability = 'available' and p.load < p.capacity),
           'at_capacity', count(*) filter (where p.load >= p.capacity))
         from provider_profiles p join users u on u.id = p.user_id
         where p.verification = 'verified' and u.status = 'active') as providers`,
}

/** Figures over the incidents that match, and over the verified providers, in one statement. */
export async function readBoardFigures(db: Database, filter: BoardFilter): Promise<BoardFigures> {
  const values = [filter.statuses ?? null, filter.urgency ?? null, filter.case_type ?? null]
  const [figures] = await runPrepared<BoardFigures>(db, READ_BOARD, values)
  if (!figures) throw new Error('a select without a from answers a row')
  return figures
}

/** Ended incidents of one case type, urgency and status are counted one by one up to so many. */
export const ENDED_COUNTED_AT_MOST = 2_000

const COUNT_ENDED: Prepared = {
  name: 'count-ended',
  text: `with counted as materialized (
      select t.case_type, u.urgency, s.status,
        (select count(*) from (select 1 from incidents i
          where i.case_type = t.case_type and i.urgency = u.urgency and i.status = s.status
            and i.status in ('closed', 'cancelled') and i.deleted_at is null limit ${ENDED_COUNTED_AT_MOST}) found)::int as n
      from unnest($1::text[]) t (case_type), unnest($2::text[]) u (urgency), unnest($3::text[]) s (status)),
    sampled as materialized (
      select x.most_common_vals[item][1] as case_type, x.most_common_vals[item][2] as urgency,
        x.most_common_vals[item][3] as status, (c.reltuples * x.most_common_freqs[item])::int as n
      from pg_stats_ext x, pg_class c, generate_subscripts(x.most_common_freqs, 1) item
      where x.schemaname = current_schema() and x.statistics_name = 'incidents_words'
        and c.oid = 'incidents'::regclass)
    select counted.urgency, counted.status, (counted.n = ${ENDED_COUNTED_AT_MOST}) as is_estimate,
      case when counted.n < ${ENDED_COUNTED_AT_MOST} then counted.n
        else greatest(counted.n, coalesce(sampled.n, 0)) end as count
    from counted left join sampled using (case_type, urgency, status)`,
}

/**
 * How many ended incidents match, in one statement that never reads more than its bound: exactly up to `ENDED_COUNTED_AT_MOST` of a
 * kind, and beyond it as the sample says that PostgreSQL keeps of the table (the deleted among them).
 */
export async function countEnded(
  db: Database,
  filter: BoardFilter & { readonly case_types: readonly string[] },
): Promise<(WordCount & { readonly is_estimate: boolean })[]> {
  return runPrepared(db, COUNT_ENDED, [
    filter.case_type === undefined ? filter.case_types : [filter.case_type],
    filter.urgency === undefined ? URGENCIES : [filter.urgency],
    ENDED.filter(status => filter.statuses?.includes(status) ?? true),
  ])
}

const COUNT_IMMEDIATE: Prepared = {
  name: 'count-immediate',
  text: `select count(*)::int as count from (select 1 from incidents
    where urgency_word = 'immediate' and urgency = 'urgent' and deleted_at is null
    order by created_at desc limit ${ENDED_COUNTED_AT_MOST}) found`,
}

/** How many incidents were reported as more than urgent and still count as urgent, up to `ENDED_COUNTED_AT_MOST`. */
export async function countImmediate(db: Database): Promise<number> {
  return (await runPrepared<{ count: number }>(db, COUNT_IMMEDIATE, []))[0]?.count ?? 0
}

export interface EscalationRow {
  readonly incident: string
  readonly code: string
  readonly reason: EscalationReason
  readonly step: number
  readonly since: Date
  readonly owner: string | null
}

/** A board shows no more than this many escalations at once; the queue pages through all. */
const ESCALATIONS_AT_MOST = 100

/** Running escalations of the incidents that match, urgent and longest first. */
export async function listEscalations(db: Database, filter: BoardFilter): Promise<EscalationRow[]> {
  const query = db('incidents')
    .whereNull('deleted_at')
    .whereNotIn('status', ['closed', 'cancelled'])
    .whereNotNull('escalation_reason')
    .orderBy([{ column: 'urgency', order: 'desc' }, 'escalated_at'])
    .limit(ESCALATIONS_AT_MOST)
  if (filter.statuses) void query.whereIn('status', [...filter.statuses])
  if (filter.urgency) void query.where({ urgency: filter.urgency })
  if (filter.case_type) void query.where({ case_type: filter.case_type })
  return query.select<EscalationRow[]>({
    incident: 'id',
    code: 'code',
    reason: 'escalation_reason',
    step: 'ladder_step',
    since: 'escalated_at',
    owner: 'owner_id',
  })
}

/** Somebody waiting for verification is no candidate, but dispatch is told so; of many, these. */
const UNVERIFIED_AT_MOST = 100

/** Providers of these types who are not verified, as candidates of the incident: the engine never chooses from them. */
export async function readUnverified(
  db: Database,
  { incidentId, round, providerTypes }: { incidentId: string; round: number; providerTypes: readonly string[] },
): Promise<Candidate[]> {
  const { rows } = await db.raw<{ rows: Candidate[] }>(
    `select p.user_id as provider_id, p.provider_type, u.status = 'active' as active, false as verified, p.availability,
       p.capacity, p.load, null::double precision as last_assigned_at, null::double precision as cooling_until, null as base,
       exists (select 1 from exclusions x where x.incident_id = :incidentId and x.provider_id = p.user_id) as excluded,
       exists (select 1 from offers o where o.incident_id = :incidentId and o.provider_id = p.user_id
         and o.round = :round) as offered,
       exists (select 1 from offers o where o.incident_id = :incidentId and o.provider_id = p.user_id
         and o.state in ('rejected', 'expired')) as refused
     from provider_profiles p join users u on u.id = p.user_id
     where p.provider_type = any(:providerTypes::text[]) and p.verification in ('pending', 'refused')
     order by p.user_id limit ${UNVERIFIED_AT_MOST}`,
    { incidentId, round, providerTypes: [...providerTypes] },
  )
  return rows
}
