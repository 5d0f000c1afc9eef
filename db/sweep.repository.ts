import { ENDED, type Status } from '../domain/statuses'
import type { Database } from './database'

const NOT_ENDED = `i.status not in (${ENDED.map(status => `'${status}'`).join(', ')})`

export interface SweepRules {
  /** Incidents whose deadline passed longer ago than this many seconds. */
  readonly overdueSeconds: number
  /** Not those that were swept within this many seconds. */
  readonly againSeconds: number
  readonly limit: number
}

/** An overdue incident, as it was when it was taken. */
export interface Overdue {
  readonly id: string
  readonly rev: number
}

/** Takes overdue open incidents, urgent and longest overdue first, and answers them in that order; two sweeps at once take different ones. */
export async function leaseOverdue(db: Database, rules: SweepRules): Promise<Overdue[]> {
  const { rows } = await db.raw<{ rows: Overdue[] }>(
    `with swept as (update incidents set swept_at = clock_timestamp()
     where id in (select i.id from incidents i
       where ${NOT_ENDED} and i.next_deadline_at < statement_timestamp() - make_interval(secs => :overdueSeconds)
         and (i.swept_at is null or i.swept_at < clock_timestamp() - make_interval(secs => :againSeconds))
       order by (i.urgency = 'urgent') desc, i.next_deadline_at limit :limit for update skip locked)
     returning id, rev, urgency, next_deadline_at)
     select id, rev from swept order by (urgency = 'urgent') desc, next_deadline_at`,
    { ...rules },
  )
  return rows
}

/** An open incident as a rebuild sees it. */
export interface OpenIncident {
  readonly id: string
  readonly status: Status
  /** Milliseconds until its deadline, negative when it passed; null when nothing is timed. */
  readonly due_in_ms: number | null
}

/** Every open incident, urgent first, then by deadline; those without one last. */
export async function listOpenIncidents(db: Database): Promise<OpenIncident[]> {
  const { rows } = await db.raw<{ rows: OpenIncident[] }>(
    `select i.id, i.status,
       (extract(epoch from i.next_deadline_at - clock_timestamp()) * 1000)::double precision as due_in_ms
     from incidents i where ${NOT_ENDED}
     order by (i.urgency = 'urgent') desc, i.next_deadline_at nulls last, i.id`,
  )
  return rows
}

/** How many incidents are open. */
export async function countOpenIncidents(db: Database): Promise<number> {
  const { rows } = await db.raw<{ rows: [{ count: number }] }>(
    `select count(*) as count from incidents i where ${NOT_ENDED}`,
  )
  return rows[0].count
}
