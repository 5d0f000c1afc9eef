import type { Knex } from 'knex'
import type { SearchTerms } from '../domain/incident-search'
import { isOpen, type EscalationReason, type Status, type Urgency, type UrgencyWord } from '../domain/statuses'
import type { Database } from './database'

/** Whose incidents: one's own, those one works on or reported, or all. */
export type Scope =
  | { readonly kind: 'reporter'; readonly personId: string }
  | { readonly kind: 'provider'; readonly personId: string }
  | { readonly kind: 'staff'; readonly personId: string }

export interface IncidentFilter {
  readonly statuses?: readonly Status[] | undefined
  readonly urgency?: Urgency | undefined
  /** Those that were reported, or were not, as more than urgent. */
  readonly immediate?: 'yes' | 'no' | undefined
  readonly case_type?: string | undefined
  readonly incident_type?: string | undefined
  readonly assigned_to?: string | undefined
  /** Those that somebody works on, or nobody. */
  readonly assigned?: 'yes' | 'no' | undefined
  readonly created_after?: Date | undefined
  readonly created_before?: Date | undefined
  readonly escalated?: boolean | undefined
  /** Reported by the reader, worked by them, or owned by them. */
  readonly mine?: boolean | undefined
  /** Those that any of these finds. */
  readonly search?: IncidentSearch | undefined
  /** Only those that a provider works on, not those they reported. */
  readonly assigned_only?: true | undefined
  /** Open ones that wait for a person of the dispatch centre. */
  readonly needs_person?: true | undefined
}

/** What a search means in columns; with nothing in it, it finds nothing. */
export interface IncidentSearch extends SearchTerms {
  /** Incidents that were found by their words, after opening them. */
  readonly ids: readonly string[]
}

export interface IncidentWindow {
  readonly limit: number
  readonly offset: number
  readonly column: 'created_at' | 'updated_at'
  readonly order: 'asc' | 'desc'
  /** Urgent ones come before all others. Only for a list that is short by itself: no index has this order. */
  readonly urgent_first?: true
}

/** A row of a list: nothing of it names a person or a place, but the title, which only its reporter's list opens. */
export interface IncidentListRow {
  readonly id: string
  readonly code: string
  readonly case_type: string
  readonly urgency: Urgency
  readonly urgency_word: UrgencyWord | null
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
  readonly assigned_at: Date | null
  readonly created_at: Date
  readonly updated_at: Date
}

const COLUMNS = [
  ...[
    'id',
    'code',
    'case_type',
    'urgency',
    'urgency_word',
    'status',
    'rev',
    'version',
    'title',
    'incident_type',
    'region',
  ],
  ...['reporter_id', 'assignee_id', 'owner_id', 'held', 'escalation_reason', 'outcome', 'next_deadline_at'],
  ...['assigned_at', 'created_at', 'updated_at'],
].map(column => `i.${column}`)

/**
 * A count is exact up to here and says no more beyond it: to count a million rows for each look at a list would take longer than
 * everything else of it. Pages end here as well, so that no page is slow because it is a late one.
 */
export const COUNT_AT_MOST = 1_000

/** A page of the incidents of this scope that match, and how many match in all, up to `COUNT_AT_MOST`. */
export async function listIncidents(
  db: Database,
  scope: Scope,
  filter: IncidentFilter,
  window: IncidentWindow,
): Promise<{ count: number; results: IncidentListRow[] }> {
  const matching = () => db('incidents as i').where(inScope(scope, filter)).where(matches(filter, scope))
  const [count, results] = await Promise.all([countUpTo(db, matching()), pageOf(db, matching(), window)])
  return { count, results }
}

/** The newest incidents of this scope. */
export async function listNewest(db: Database, scope: Scope, limit: number): Promise<IncidentListRow[]> {
  const window = { limit, offset: 0, column: 'created_at', order: 'desc' } as const
  return pageOf(db, db('incidents as i').where(inScope(scope)), window)
}

/** A title as it is stored, with the key that opens it. */
export interface SealedTitle {
  readonly id: string
  readonly title: string
  readonly wrapped: string
}

/** The titles of the newest incidents of this scope, as far as they have one. */
export async function listTitles(db: Database, scope: Scope, limit: number): Promise<SealedTitle[]> {
  return db('incidents as i')
    .join('incident_keys as k', 'k.incident_id', 'i.id')
    .where(inScope(scope))
    .whereNotNull('i.title')
    .orderBy('i.created_at', 'desc')
    .limit(limit)
    .select<SealedTitle[]>('i.id', 'i.title', 'k.wrapped')
}

/** In the order of the indexes, which hold filter and time: most counts then read nothing but one range of an index. */
async function countUpTo(db: Database, matching: Knex.QueryBuilder): Promise<number> {
  const some = matching.select(db.raw('1')).orderBy('i.created_at', 'desc').limit(COUNT_AT_MOST)
  const [counted] = await db.from(some.as('some')).count<{ count: number }[]>('* as count')
  return counted?.count ?? 0
}

/** The page is cut before anything is joined to it. */
async function pageOf(
  db: Database,
  matching: Knex.QueryBuilder,
  { limit, offset, column, order, urgent_first }: IncidentWindow,
): Promise<IncidentListRow[]> {
  const orderIn = (table: string) => [
    ...(urgent_first ? [{ column: `${table}.urgency`, order: 'desc' }] : []),
    { column: `${table}.${column}`, order },
    { column: `${table}.id`, order },
  ]
  const page = matching
    .select(...COLUMNS)
    .orderBy(orderIn('i'))
    .limit(limit)
    .offset(offset)
  return db
    .with('page', page)
    .from('page')
    .leftJoin('incident_keys as k', 'k.incident_id', 'page.id')
    .leftJoin('provider_profiles as p', 'p.user_id', 'page.assignee_id')
    .joinRaw(
      `left join lateral (select o.id, o.expires_at from offers o where o.incident_id = page.id and o.state = 'open'
         and o.expires_at > clock_timestamp() order by o.expires_at limit 1) o on true`,
    )
    .orderBy(orderIn('page'))
    .select<IncidentListRow[]>(
      'page.*',
      'k.wrapped',
      'p.provider_type as assignee_type',
      'o.id as offer_id',
      'o.expires_at as offer_expires_at',
      db.raw('clock_timestamp() as at'),
    )
}

type Where = (query: Knex.QueryBuilder) => void

/** What somebody's list may hold; access that has ended is not in it. */
export const inScope =
  ({ kind, personId }: Scope, { assigned_only }: Pick<IncidentFilter, 'assigned_only'> = {}): Where =>
  query => {
    void query.whereNull('i.deleted_at')
    if (kind === 'reporter') void query.where('i.reporter_id', personId)
    if (kind === 'provider' && assigned_only) void query.where(worksOn(personId))
    else if (kind === 'provider')
      void query.where(either => void either.where(worksOn(personId)).orWhere('i.reporter_id', personId))
  }

const worksOn =
  (personId: string): Where =>
  query =>
    void query.where('i.assignee_id', personId).whereNotIn('i.status', ['closed', 'cancelled'])

function matches(filter: IncidentFilter, scope: Scope): Where {
  const { kind } = scope
  const { statuses, urgency, case_type, incident_type, assigned_to, created_after, created_before } = filter
  return query => {
    if (statuses) void query.where(isIn(statuses))
    if (urgency) void query.where('i.urgency', urgency)
    if (filter.immediate === 'yes') void query.where('i.urgency_word', 'immediate')
    if (filter.immediate === 'no') void query.whereRaw("i.urgency_word is distinct from 'immediate'")
    if (case_type) void query.where('i.case_type', case_type)
    if (incident_type) void query.where('i.incident_type', incident_type)
    if (assigned_to) void query.where('i.assignee_id', assigned_to)
    if (filter.assigned) void query.whereRaw(`i.assignee_id is ${filter.assigned === 'yes' ? 'not null' : 'null'}`)
    if (created_after) void query.where('i.created_at', '>', created_after)
    if (created_before) void query.where('i.created_at', '<', created_before)
    if (filter.escalated !== undefined) void query.where(isEscalated(filter.escalated ? 'yes' : 'no', kind))
    if (filter.mine !== undefined) void query.where(isMine(filter.mine ? 'yes' : 'no', scope))
    if (filter.needs_person) void query.where(needsPerson)
    if (filter.search) void query.where(isFoundBy(filter.search))
  }
}

/** Open and ended ones have an index each; together in one list the planner would use neither. */
const isIn =
  (statuses: readonly Status[]): Where =>
  query => {
    for (const some of [statuses.filter(isOpen), statuses.filter(status => !isOpen(status))])
      if (some.length > 0) void query.orWhereIn('i.status', some)
  }

/** A provider must not find out by a filter either that the reporter barred them. */
const isEscalated =
  (asked: 'yes' | 'no', kind: Scope['kind']): Where =>
  query => {
    const reason = kind === 'provider' ? "nullif(i.escalation_reason, 'assignee_barred')" : 'i.escalation_reason'
    void query.whereRaw(`${reason} is ${asked === 'yes' ? 'not null' : 'null'}`)
  }

const isFoundBy =
  ({ codePrefix, incidentTypes, regions, ids }: IncidentSearch): Where =>
  query => {
    void query.whereRaw('false')
    if (codePrefix !== null) void query.orWhereRaw("replace(i.code, '-', '') like ?", [`${codePrefix}%`])
    if (incidentTypes.length > 0) void query.orWhereIn('i.incident_type', [...incidentTypes])
    if (regions.length > 0) void query.orWhereIn('i.region', [...regions])
    if (ids.length > 0) void query.orWhereIn('i.id', [...ids])
  }

const isMine =
  (asked: 'yes' | 'no', { kind, personId }: Scope): Where =>
  query => {
    const columns = { staff: ['i.owner_id', 'i.reporter_id'], provider: ['i.assignee_id'], reporter: ['i.reporter_id'] }
    for (const column of columns[kind])
      if (asked === 'yes') void query.orWhere(column, personId)
      else void query.whereRaw('?? is distinct from ?', [column, personId])
  }

/**
 * Waiting for review, escalated for whatever reason, or held: the condition of the index `incidents_needing_person`, word for word, or
 * the planner would not use it.
 */
const needsPerson: Where = query => {
  void query.whereRaw(
    `i.status not in ('closed', 'cancelled')
     and (i.status in ('pending_dispatcher_review', 'escalated') or i.escalation_reason is not null or i.held)`,
  )
}
