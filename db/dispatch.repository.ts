import type { EscalationReason, Status, Urgency } from '../domain/statuses'
import type { Database } from './database'

export interface BoardFilter {
  readonly statuses?: readonly Status[] | undefined
  readonly urgency?: Urgency | undefined
  readonly case_type?: string | undefined
}

/** The figures of the dispatch board. Durations in seconds; days begin at midnight UTC. */
export interface BoardFigures {
  readonly total: number
  readonly open: number
  readonly by_status: Readonly<Partial<Record<Status, number>>>
  readonly by_urgency: Readonly<Partial<Record<Urgency, number>>>
  readonly unassigned_urgent: number
  readonly average_response_seconds: number | null
  readonly completed_today: number
  readonly created_today: number
  readonly providers: { readonly total: number; readonly available: number; readonly at_capacity: number }
}

const FILTER = `deleted_at is null
  and (:statuses::text[] is null or status = any(:statuses::text[]))
  and (:urgency::text is null or urgency = :urgency)
  and (:caseType::text is null or case_type = :caseType)`

/** Today's figures over the incidents that match, and over the verified providers, in one statement. */
export async function readBoardFigures(db: Database, filter: BoardFilter): Promise<BoardFigures> {
  const { rows } = await db.raw<{ rows: [BoardFigures] }>(
    `with cases as (
       select status, urgency, count(*)::int as n,
         count(*) filter (where completed_at >= date_trunc('day', clock_timestamp(), 'UTC'))::int as completed_today,
         count(*) filter (where created_at >= date_trunc('day', clock_timestamp(), 'UTC'))::int as created_today,
         count(assigned_at) as answered, sum(extract(epoch from assigned_at - reported_at)) as waited
       from incidents where ${FILTER} group by status, urgency)
     select coalesce(sum(n), 0)::int as total,
       coalesce(sum(n) filter (where status not in ('closed', 'cancelled')), 0)::int as open,
       coalesce(sum(n) filter (where urgency = 'urgent'
         and status in ('reported', 'pending_dispatcher_review', 'offering', 'escalated')), 0)::int as unassigned_urgent,
       coalesce(sum(completed_today), 0)::int as completed_today, coalesce(sum(created_today), 0)::int as created_today,
       round(sum(waited) / nullif(sum(answered), 0))::int as average_response_seconds,
       coalesce((select json_object_agg(status, n) from (select status, sum(n) as n from cases group by status) s), '{}') as by_status,
       coalesce((select json_object_agg(urgency, n) from (select urgency, sum(n) as n from cases group by urgency) u), '{}') as by_urgency,
       (select json_build_object('total', count(*),
            'available', count(*) filter (where p.availability = 'available' and p.load < p.capacity),
            'at_capacity', count(*) filter (where p.load >= p.capacity))
          from provider_profiles p join users u on u.id = p.user_id
          where p.verification = 'verified' and u.status = 'active') as providers
     from cases`,
    {
      statuses: filter.statuses ? [...filter.statuses] : null,
      urgency: filter.urgency ?? null,
      caseType: filter.case_type ?? null,
    },
  )
  return rows[0]
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
