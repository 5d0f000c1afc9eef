import type { Role } from '../domain/actors'
import type { Relation } from '../domain/incident-access'
import type { Language } from '../domain/statuses'
import { newId } from '../platform/ids'
import { MESSAGE_COUNT } from './conversations.repository'
import type { Database } from './database'
import type { IncidentRow } from './incident-rows'
import type { SubjectRow } from './incident-subjects.repository'
import type { SealedName } from './person-names'
import { runPrepared, type Prepared } from './prepared'

/** Who reads, and how the access log calls it. */
export interface Reading {
  readonly incidentId: string
  readonly reader: { readonly id: string; readonly role: Role }
  /** The code in the access log; null reads without an entry, for what shows nothing of a person. */
  readonly what: string | null
  /**
   * When the entry is on disk: before the answer, or within a second of it. The second saves a flush where an act's event, flushed
   * already, says the same.
   */
  readonly flush: 'before_answer' | 'soon'
}

/** An offer as a screen shows it; times in milliseconds. */
export interface OfferSeen {
  readonly id: string
  readonly provider_id: string
  readonly expires_at: number
}

/** An incident with all that any of its views needs, and what the reader is to it. */
export interface IncidentSeen extends IncidentRow, Relation {
  readonly wrapped: string | null
  readonly reporter: (SealedName & { readonly language: Language }) | null
  readonly assignee: (SealedName & { readonly provider_type: string | null }) | null
  /** Whom a report on behalf is about; null while nothing was said of them. */
  readonly subject: SubjectRow | null
  /** How many messages of its conversation the reader may read. */
  readonly message_count: number
  /** Open ones that are still in time, the first to end first. */
  readonly offers: readonly OfferSeen[]
  /** Which service the reader gives, when they are a provider. */
  readonly reader_service: string | null
  /** The database's time of the reading, in milliseconds. */
  readonly at: number
}

const MS = (column: string): string => `(extract(epoch from ${column}) * 1000)::double precision`

/** What a reader is to the incident `i`: the columns of `Relation`. */
const relation = (reader: string): string => `
    coalesce(i.reporter_id = ${reader}, false) as is_reporter,
    coalesce(i.assignee_id = ${reader} and i.status not in ('closed', 'cancelled'), false) as is_assignee,
    exists (select 1 from offers o where o.incident_id = i.id and o.provider_id = ${reader}
      and o.state = 'open' and o.expires_at > clock_timestamp()) as has_open_offer,
    exists (select 1 from offers o where o.incident_id = i.id and o.provider_id = ${reader})
      or exists (select 1 from assignments a where a.incident_id = i.id and a.provider_id = ${reader}) as had_access`

/** Deleted incidents only an administrator still finds. */
const isThereFor = (role: string): string => `(i.deleted_at is null or ${role} = 'admin')`

// $1 the incident, $2 the reader, $3 their role. Scalar subqueries rather than eight joins: each is a look-up by primary key, and
// the planner has nothing to arrange.
const COLUMNS_SEEN = `
  select i.*,
    (select k.wrapped from incident_keys k where k.incident_id = i.id) as wrapped,
    (select json_build_object('id', u.id, 'first_name', u.first_name, 'last_name', u.last_name, 'username', u.username,
        'is_anonymous', u.is_anonymous, 'language', u.language,
        'wrapped', (select k.wrapped from account_keys k where k.user_id = u.id))
      from users u where u.id = i.reporter_id) as reporter,
    (select json_build_object('id', u.id, 'first_name', u.first_name, 'last_name', u.last_name, 'username', u.username,
        'is_anonymous', u.is_anonymous,
        'provider_type', (select p.provider_type from provider_profiles p where p.user_id = u.id),
        'wrapped', (select k.wrapped from account_keys k where k.user_id = u.id))
      from users u where u.id = i.assignee_id) as assignee,
    (select json_build_object('consent', s.consent, 'subject', s.subject)
      from incident_subjects s where s.incident_id = i.id) as subject,
    coalesce((select json_agg(json_build_object('id', o.id, 'provider_id', o.provider_id,
        'expires_at', ${MS('o.expires_at')}) order by o.expires_at, o.id)
      from offers o where o.incident_id = i.id and o.state = 'open' and o.expires_at > clock_timestamp()), '[]') as offers,
    ${MESSAGE_COUNT} as message_count,
    (select p.provider_type from provider_profiles p where p.user_id = $2::uuid) as reader_service,
    ${relation('$2::uuid')},
    ${MS('clock_timestamp()')} as at
  from incidents i`
const SEEN = `${COLUMNS_SEEN} where i.id = $1::uuid and ${isThereFor('$3::text')}`

// $4 the entry's id, $5 what it says. The entry is written by the statement that reads (S5): there is no answer without it.
// Reporters reading their own leave none.
const LOGGED = `
  insert into access_log (id, incident_id, actor_id, actor_role, what)
  select $4::uuid, id, $2::uuid, $3::text,
    case when $3::text in ('dispatcher', 'admin') or is_assignee then $5::text else 'incident.preview' end
  from seen
  where not is_reporter
    and ($3::text in ('dispatcher', 'admin') or ($3::text = 'provider' and (is_assignee or has_open_offer)))`

const SEE: Prepared = { name: 'see-incident', text: SEEN }
const SEE_LOGGED: Prepared = {
  name: 'see-incident-logged',
  text: `with seen as materialized (${SEEN}), logged as (${LOGGED}) select seen.* from seen`,
}
// The setting is the transaction's, and the statement is its own: nothing after it commits without a flush.
const SEE_LOGGED_SOON: Prepared = {
  name: 'see-incident-logged-soon',
  text: `with seen as materialized (${SEEN}), logged as (${LOGGED}),
      later as materialized (select set_config('synchronous_commit', 'off', true))
    select seen.* from seen, later`,
}

// $1 incidents, $4 ids for as many entries. A list that an app reads again every minute is one reading an hour, or the log would hold
// nothing else.
const SEE_SEVERAL: Prepared = {
  name: 'see-incidents',
  text: `with seen as materialized (${COLUMNS_SEEN} where i.id = any($1::uuid[]) and i.deleted_at is null),
    looked as (
      select seen.id, row_number() over () as place from seen
      where not is_reporter and is_assignee and not exists (select 1 from access_log l
        where l.incident_id = seen.id and l.actor_id = $2::uuid and l.what = 'incident.list'
          and l.at > now() - interval '1 hour')),
    logged as (
      insert into access_log (id, incident_id, actor_id, actor_role, what)
      select ($4::uuid[])[looked.place], looked.id, $2::uuid, $3::text, 'incident.list' from looked)
    select seen.* from seen`,
}

/**
 * Several incidents for one reader, in one statement that also writes the access log: for somebody's own and for those they work on.
 * In no order; who reads a list again within an hour leaves no second line for it.
 */
export async function findIncidentsSeen(
  db: Database,
  reader: Reading['reader'],
  incidentIds: readonly string[],
): Promise<IncidentSeen[]> {
  if (incidentIds.length === 0) return []
  const values = [[...incidentIds], reader.id, reader.role, incidentIds.map(() => newId())]
  return runPrepared<IncidentSeen>(db, SEE_SEVERAL, values)
}

/**
 * One incident for one reader, in one statement that also writes the access log. Undefined when there is none of this id, or it was
 * deleted; deleted ones only an administrator still finds. What of it the reader may see is for `viewOf` to say.
 */
export async function findIncidentSeen(
  db: Database,
  { incidentId, reader, what, flush }: Reading,
): Promise<IncidentSeen | undefined> {
  const values = [incidentId, reader.id, reader.role]
  if (what === null) return (await runPrepared<IncidentSeen>(db, SEE, values))[0]
  const statement = flush === 'soon' ? SEE_LOGGED_SOON : SEE_LOGGED
  return (await runPrepared<IncidentSeen>(db, statement, [...values, newId(), what]))[0]
}

/** An incident, and who asks what they are to it. */
export interface RelationQuery {
  readonly incidentId: string
  readonly reader: { readonly id: string; readonly role: Role }
}

const RELATIONS: Prepared = {
  name: 'incident-relations',
  text: `select n.place::integer as place, ${relation('n.reader_id')}
    from unnest($1::uuid[], $2::uuid[], $3::text[]) with ordinality as n (incident_id, reader_id, role, place)
    join incidents i on i.id = n.incident_id and ${isThereFor('n.role')}`,
}

/** What each reader is to their incident, in the order asked; undefined where there is none for them. Nothing is shown, so nothing is logged. */
export async function findRelations(db: Database, asked: readonly RelationQuery[]): Promise<(Relation | undefined)[]> {
  const incidents = asked.map(each => each.incidentId)
  const readers = asked.map(each => each.reader.id)
  const roles = asked.map(each => each.reader.role)
  const rows = await runPrepared<Relation & { place: number }>(db, RELATIONS, [incidents, readers, roles])
  const byPlace = new Map(rows.map(row => [row.place, row]))
  return asked.map((_, index) => byPlace.get(index + 1))
}
