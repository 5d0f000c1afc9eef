import type { Status } from '../domain/statuses'
import type { Database } from './database'

export interface UnattendedRow {
  readonly incident: string
  readonly code: string
  readonly status: Status
  /** The deadline that passed; where none was armed, the last change. */
  readonly since: Date
}

/** How long after a deadline an incident counts as unattended (I1). */
const PATIENCE = "interval '10 seconds'"

/** Open incidents without an armed deadline and without a named person (I1), the longest first. Always empty while a worker runs. */
export async function listUnattended(
  db: Database,
  limit: number,
): Promise<{ count: number; results: UnattendedRow[] }> {
  const { rows } = await db.raw<{ rows: (UnattendedRow & { count: number })[] }>(
    `select id as incident, code, status, coalesce(next_deadline_at, updated_at) as since, count(*) over () as count
     from incidents
     where status not in ('closed', 'cancelled') and owner_id is null and assignee_id is null
       and coalesce(next_deadline_at, '-infinity') < now() - ${PATIENCE}
     order by since limit ?`,
    [limit],
  )
  return { count: rows[0]?.count ?? 0, results: rows.map(({ count: _count, ...row }) => row) }
}

const LATELY = "interval '5 minutes'"

/** What the record says of the engine's health. */
export interface RecordPulse {
  /** How long the oldest change waits to be signalled; 0 when none does. */
  readonly behind_seconds: number
  /** The incidents whose deadline the sweep kept, in place of their workflow, within the last 5 minutes. */
  readonly kept_by_sweep: number
  /** The record's clock, in milliseconds. */
  readonly at: number
}

export async function readPulse(db: Database): Promise<RecordPulse> {
  const { rows } = await db.raw<{ rows: [RecordPulse] }>(
    `select coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::double precision as behind_seconds,
       (select count(*) from incidents where swept_at > statement_timestamp() - ${LATELY}) as kept_by_sweep,
       (extract(epoch from clock_timestamp()) * 1000)::double precision as at
     from events where signal is not null`,
  )
  return rows[0]
}
