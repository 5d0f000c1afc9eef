import type { Outcome, Urgency } from '../domain/statuses'
import type { Database } from './database'

export const ANALYTICS_GROUPS = ['day', 'incident_type', 'area', 'provider_type'] as const
export type AnalyticsGroup = (typeof ANALYTICS_GROUPS)[number]

/** The parts of an incident's way that are timed. Acceptance, start and completion are those of the assignment that holds. */
export const PHASES = [
  'report_to_offer',
  'offer_to_accept',
  'report_to_accept',
  'accept_to_start',
  'start_to_complete',
] as const
export type Phase = (typeof PHASES)[number]

/** Which incidents: of one case type, reported from one time up to before another. */
export interface AnalyticsRange {
  readonly caseType: string
  readonly from: Date
  readonly until: Date
}

/** The figures of one group or of all, and of one urgency or of both. */
export type AnalyticsRow = {
  /** Null for what is in none of the known groups. */
  readonly key: string | null
  readonly of_all: boolean
  readonly urgency: Urgency | null
  readonly of_both: boolean
  readonly count: number
  readonly escalated: number
} & { readonly [Each in Phase as `${Each}_measured`]: number } & {
  /** p50 and p90 in seconds; null where nothing was measured. */
  readonly [Each in Phase]: readonly [number, number] | null
}

const KEYS: Readonly<Record<AnalyticsGroup, string>> = {
  day: `to_char(i.created_at at time zone 'UTC', 'YYYY-MM-DD')`,
  incident_type: 'i.incident_type',
  area: 'i.region',
  provider_type: 'p.provider_type',
}

const SECONDS: Readonly<Record<Phase, string>> = {
  report_to_offer: 'first_offer - i.reported_at',
  offer_to_accept: 'i.assigned_at - first_offer',
  report_to_accept: 'i.assigned_at - i.reported_at',
  // A start from before the assignment that holds was somebody else's.
  accept_to_start: 'case when i.started_at >= i.assigned_at then i.started_at - i.assigned_at end',
  start_to_complete: 'case when i.completed_at >= i.started_at then i.completed_at - i.started_at end',
}

const measures = PHASES.map(phase => `extract(epoch from ${SECONDS[phase]})::double precision as ${phase}`).join(', ')
const figures = PHASES.map(
  phase => `count(${phase})::int as ${phase}_measured,
    percentile_cont(array[0.5, 0.9]) within group (order by ${phase}) as ${phase}`,
).join(', ')

const IN_RANGE = `i.deleted_at is null and i.case_type = :caseType and i.created_at >= :from and i.created_at < :until`

/** The figures of each group that has incidents, and of all; what is in none of `keys` is one group. Reads the range's incidents alone. */
export async function readAnalytics(
  db: Database,
  { group, keys, ...range }: AnalyticsRange & { readonly group: AnalyticsGroup; readonly keys: readonly string[] },
): Promise<AnalyticsRow[]> {
  const { rows } = await db.raw<{ rows: AnalyticsRow[] }>(
    `with chosen as (
       select i.urgency, case when ${KEYS[group]} = any(:keys::text[]) then ${KEYS[group]} end as key, ${measures},
         exists (select 1 from events e where e.incident_id = i.id and e.type = 'incident.escalated') as was_escalated
       from incidents i
       left join provider_profiles p on p.user_id = i.assignee_id
       left join lateral (select min(o.offered_at) as first_offer from offers o where o.incident_id = i.id) o on true
       where ${IN_RANGE})
     select key, grouping(key) = 1 as of_all, urgency, grouping(urgency) = 1 as of_both,
       count(*)::int as count, count(*) filter (where was_escalated)::int as escalated, ${figures}
     from chosen group by grouping sets ((key), (), (key, urgency), (urgency))`,
    { ...range, keys: [...keys] },
  )
  return rows
}

/** How many of the range's incidents have each outcome; `none` is those without one. */
export async function countOutcomes(
  db: Database,
  range: AnalyticsRange,
): Promise<Readonly<Partial<Record<Outcome | 'none', number>>>> {
  const { rows } = await db.raw<{ rows: { outcome: Outcome | 'none'; count: number }[] }>(
    `select coalesce(i.outcome, 'none') as outcome, count(*)::int as count from incidents i where ${IN_RANGE} group by 1`,
    { ...range },
  )
  return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count]))
}
