import type { Database } from './database'
import { runPrepared, type Prepared } from './prepared'

/** How far back a provider's figures reach: a quarter is long enough to be fair and keeps the reading bounded. */
export const METRICS_DAYS = 90

/** A provider's figures. Durations in seconds from offer to answer; null while nothing was answered. */
export interface ProviderMetrics {
  readonly offered: number
  readonly accepted: number
  readonly rejected: number
  readonly expired: number
  readonly median_answer_seconds: number | null
  readonly p90_answer_seconds: number | null
  /** Cases under way now. */
  readonly open: number
  readonly completed: number
}

const READ_METRICS: Prepared = {
  name: 'read-provider-metrics',
  // Both windows are ranges of an index that begins with the provider.
  text: `with asked as (
      select count(*)::int as offered,
        count(*) filter (where o.state = 'accepted')::int as accepted,
        count(*) filter (where o.state = 'rejected')::int as rejected,
        count(*) filter (where o.state = 'expired')::int as expired,
        percentile_cont(array[0.5, 0.9]) within group (order by extract(epoch from o.answered_at - o.offered_at))
          filter (where o.state in ('accepted', 'rejected')) as answers
      from offers o where o.provider_id = $1 and o.offered_at >= now() - interval '${METRICS_DAYS} days'),
    worked as (
      select count(distinct a.incident_id)::int as completed
      from assignments a join incidents i on i.id = a.incident_id
      where a.provider_id = $1 and a.assigned_at >= now() - interval '${METRICS_DAYS} days'
        and i.assignee_id = a.provider_id and i.completed_at is not null),
    asking as (select count(*)::int as offers from offers o where o.provider_id = $1 and o.state = 'open')
    select offered, accepted, rejected, expired, completed, p.load - asking.offers as open,
      round(answers[1]::numeric, 1)::double precision as median_answer_seconds,
      round(answers[2]::numeric, 1)::double precision as p90_answer_seconds
    from provider_profiles p, asked, worked, asking where p.user_id = $1`,
}

/** How many of a provider's offers came to a yes, of those that were answered or ran out; from 0 to 1. */
export interface AcceptanceRate {
  readonly provider_id: string
  readonly rate: number
}

const READ_ACCEPTANCE: Prepared = {
  name: 'read-acceptance-rates',
  text: `select o.provider_id, (count(*) filter (where o.state = 'accepted'))::double precision / count(*) as rate
    from offers o
    where o.provider_id = any($1::uuid[]) and o.offered_at >= now() - interval '${METRICS_DAYS} days'
      and o.state in ('accepted', 'rejected', 'expired')
    group by o.provider_id`,
}

/** The acceptance rates of these providers over the last `METRICS_DAYS` days; who was asked nothing has none. */
export async function readAcceptanceRates(db: Database, providerIds: readonly string[]): Promise<AcceptanceRate[]> {
  return runPrepared<AcceptanceRate>(db, READ_ACCEPTANCE, [[...providerIds]])
}

/** A provider's figures of the last `METRICS_DAYS` days, by when they were asked or assigned; undefined for who is no provider. */
export async function readProviderMetrics(db: Database, userId: string): Promise<ProviderMetrics | undefined> {
  const [metrics] = await runPrepared<ProviderMetrics>(db, READ_METRICS, [userId])
  return metrics
}
