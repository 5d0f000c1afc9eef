import type { Knex } from 'knex'
import type { EscalationReason, Status, Urgency } from '../domain/statuses'
import type { Database } from './database'

/** Whose incidents: one's own, those one works on or reported, or all. */
export type Scope =
  | { readonly kind: 'reporter'; readonly personId: string }
  | { readonly kind: 'provider'; readonly personId: string }
  | { readonly kind: 'staff'; readonly personId: string }

export interface IncidentFilter {
  readonly statuses?: readonly Status[] | undefined
  readonly urgency?: Urgency | undefined
  readonly case_type?: string | undefined
  readonly incident_type?: string | undefined
  readonly assigned_to?: string | undefined
  readonly created_after?: Date | undefined
  readonly created_before?: Date | undefined
  readonly escalated?: boolean | undefined
  /** Reported by the reader, worked by them, or owned by them. */
  readonly mine?: boolean | undefined
  /** Only those that a provider works on, not those they reported. */
  readonly assigned_only?: true | undefined
  /** Open ones that wait for a person of the dispatch centre. */
  readonly needs_person?: true | undefined
}

export interface IncidentWindow {
  readonly limit: number
  readonly offset: number
  readonly column: 'created_at' | 'updated_at'
  readonly order: 'asc' | 'desc'
}

/** A row of a list: nothing of it names a person or a place, but the title, which only its reporter's list opens. */
export interface IncidentListRow {
  readonly id: string
  readonly code: string
  readonly case_type: string
  readonly urgency: Urgency
  readonly status: Status
  readonly rev: number
  readonly version: number
  readonly title: string | null
  readonly wrapped: string | null
  readonly incident_type: string | null
  readonly region: string | null
  readonly reporter_id: string | null
  readonly assignee_id: string | null
  readonly assignee_type: string | null
  readonly owner_id: string | null
  readonly held: boolean
  readonly escalation_reason: EscalationReason | null
  readonly offer_id: string | null
  readonly offer_expires_at: Date | null
  readonly at: Date
  readonly outcome: string | null
  readonly next_deadline_at: Date | null
  readonly created_at: Date
  readonly updated_at: Date
}

const COLUMNS = [
  ...['id', 'code', 'case_type', 'urgency', 'status', 'rev', 'version', 'title', 'incident_type', 'region'],
  ...['reporter_id', 'assignee_id', 'owner_id', 'held', 'escalation_reason', 'outcome', 'next_deadline_at'],
  ...['created_at', 'updated_at'],
].map(column => `i.${column}`)

/** A page of the incidents of this scope that match, and how many match in all. */
export async function listIncidents(
  db: Database,
  scope: Scope,
  filter: IncidentFilter,
  { limit, offset, column, order }: IncidentWindow,
): Promise<{ count: number; results: IncidentListRow[] }> {
  const matching = () => db('incidents as i').where(inScope(scope)).where(matches(filter, scope))
  const [counted] = await matching().count<{ count: number }[]>('* as count')
  // The page is cut before anything is joined to it.
  const page = matching()
    .select(...COLUMNS)
    .orderBy([
      { column: `i.${column}`, order },
      { column: 'i.id', order },
    ])
    .limit(limit)
    .offset(offset)
  const results = await db
    .with('page', page)
    .from('page')
    .leftJoin('incident_keys as k', 'k.incident_id', 'page.id')
    .leftJoin('provider_profiles as p', 'p.user_id', 'page.assignee_id')
    .joinRaw(
      `left join lateral (select o.id, o.expires_at from offers o where o.incident_id = page.id and o.state = 'open'
         and o.expires_at > clock_timestamp() order by o.expires_at limit 1) o on true`,
    )
    .orderBy([
      { column: `page.${column}`, order },
      { column: 'page.id', order },
    ])
    .select<IncidentListRow[]>(
      'page.*',
      'k.wrapped',
      'p.provider_type as assignee_type',
      'o.id as offer_id',
      'o.expires_at as offer_expires_at',
      db.raw('clock_timestamp() as at'),
    )
  return { count: counted?.count ?? 0, results }
}

type Where = (query: Knex.QueryBuilder) => void

/** What somebody's list may hold; access that has ended is not in it. */
const inScope =
  ({ kind, personId }: Scope): Where =>
  query => {
    void query.whereNull('i.deleted_at')
    if (kind === 'reporter') void query.where('i.reporter_id', personId)
    if (kind === 'provider')
      void query.where(either => void either.where(worksOn(personId)).orWhere('i.reporter_id', personId))
  }

const worksOn =
  (personId: string): Where =>
  query =>
    void query.where('i.assignee_id', personId).whereNotIn('i.status', ['closed', 'cancelled'])

function matches(filter: IncidentFilter, { kind, personId }: Scope): Where {
  const { statuses, urgency, case_type, incident_type, assigned_to, created_after, created_before } = filter
  return query => {
    if (statuses) void query.whereIn('i.status', [...statuses])
    if (urgency) void query.where('i.urgency', urgency)
    if (case_type) void query.where('i.case_type', case_type)
    if (incident_type) void query.where('i.incident_type', incident_type)
    if (assigned_to) void query.where('i.assignee_id', assigned_to)
    if (created_after) void query.where('i.created_at', '>', created_after)
    if (created_before) void query.where('i.created_at', '<', created_before)
    if (filter.escalated !== undefined)
      void query[filter.escalated ? 'whereNotNull' : 'whereNull']('i.escalation_reason')
    if (filter.assigned_only) void query.where(worksOn(personId))
    if (filter.mine !== undefined) void query[filter.mine ? 'where' : 'whereNot'](isMine(kind, personId))
    if (filter.needs_person) void query.where(needsPerson)
  }
}

const isMine =
  (kind: Scope['kind'], personId: string): Where =>
  query => {
    if (kind === 'staff')
      void query.whereRaw('coalesce(i.owner_id = ? or i.reporter_id = ?, false)', [personId, personId])
    if (kind === 'provider') void query.whereRaw('coalesce(i.assignee_id = ?, false)', [personId])
    if (kind === 'reporter') void query.whereRaw('i.reporter_id = ?', [personId])
  }

/** Waiting for review, escalated for whatever reason, or held. */
const needsPerson: Where = query => {
  void query
    .whereNotIn('i.status', ['closed', 'cancelled'])
    .where(
      reason =>
        void reason
          .whereIn('i.status', ['pending_dispatcher_review', 'escalated'])
          .orWhereNotNull('i.escalation_reason')
          .orWhere('i.held', true),
    )
}
