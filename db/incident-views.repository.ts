import type { Role } from '../domain/actors'
import type { Relation } from '../domain/incident-access'
import type { Language } from '../domain/statuses'
import { newId } from '../platform/ids'
import type { Database } from './database'
import type { IncidentRow } from './incident-rows'
import type { SealedName } from './person-names'

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
  /** Open ones that are still in time, the first to end first. */
  readonly offers: readonly OfferSeen[]
  /** Which service the reader gives, when they are a provider. */
  readonly reader_service: string | null
  /** The database's time of the reading, in milliseconds. */
  readonly at: number
}

const MS = (column: string): string => `(extract(epoch from ${column}) * 1000)::double precision`

// Scalar subqueries rather than eight joins: each is a look-up by primary key, and the planner has nothing to arrange.
const SEEN = `
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
    coalesce((select json_agg(json_build_object('id', o.id, 'provider_id', o.provider_id,
        'expires_at', ${MS('o.expires_at')}) order by o.expires_at, o.id)
      from offers o where o.incident_id = i.id and o.state = 'open' and o.expires_at > clock_timestamp()), '[]') as offers,
    (select p.provider_type from provider_profiles p where p.user_id = :readerId) as reader_service,
    coalesce(i.reporter_id = :readerId, false) as is_reporter,
    coalesce(i.assignee_id = :readerId and i.status not in ('closed', 'cancelled'), false) as is_assignee,
    exists (select 1 from offers o where o.incident_id = i.id and o.provider_id = :readerId
      and o.state = 'open' and o.expires_at > clock_timestamp()) as has_open_offer,
    exists (select 1 from offers o where o.incident_id = i.id and o.provider_id = :readerId)
      or exists (select 1 from assignments a where a.incident_id = i.id and a.provider_id = :readerId) as had_access,
    ${MS('clock_timestamp()')} as at
  from incidents i
  where i.id = :incidentId and (i.deleted_at is null or :role = 'admin')`

// The entry is written by the statement that reads (S5): there is no answer without it. Reporters reading their own leave none.
const LOGGED = `
  insert into access_log (id, incident_id, actor_id, actor_role, what)
  select :logId, id, :readerId, :role,
    case when :role in ('dispatcher', 'admin') or is_assignee then :what::text else 'incident.preview' end
  from seen
  where not is_reporter and (:role in ('dispatcher', 'admin') or (:role = 'provider' and (is_assignee or has_open_offer)))`

/**
 * One incident for one reader, in one statement that also writes the access log. Undefined when there is none of this id, or it was
 * deleted; deleted ones only an administrator still finds. What of it the reader may see is for `viewOf` to say.
 */
export async function findIncidentSeen(
  db: Database,
  { incidentId, reader, what, flush }: Reading,
): Promise<IncidentSeen | undefined> {
  const later = flush === 'soon' ? `, later as (select set_config('synchronous_commit', 'off', true) as word)` : ''
  const logged = what === null ? '' : `, logged as (${LOGGED})${later}`
  const row = what !== null && flush === 'soon' ? 'seen, later' : 'seen'
  const { rows } = await db.raw<{ rows: IncidentSeen[] }>(
    `with seen as materialized (${SEEN})${logged} select seen.* from ${row}`,
    { incidentId, readerId: reader.id, role: reader.role, ...(what === null ? {} : { logId: newId(), what }) },
  )
  return rows[0]
}
