import type { Transaction } from './database'
import { runPrepared, type Prepared } from './prepared'

/** What a report needs to know before it takes any lock. */
export interface BeforeReport {
  /** PostgreSQL's clock in milliseconds; the act's time unless it waits for a lock afterwards. */
  readonly at: number
  /** The active policy of the case type; null where none was ever stored. */
  readonly policy_id: string | null
  readonly policy_version: number | null
  /** Active dispatchers on duty, by id. */
  readonly on_duty: readonly string[]
}

const READ_BEFORE_REPORT: Prepared = {
  name: 'read-before-report',
  text: `select (extract(epoch from clock_timestamp()) * 1000)::double precision as at,
      active.id as policy_id, active.version as policy_version,
      array(select u.id::text from users u where u.role = 'dispatcher' and u.on_duty and u.status = 'active') as on_duty
    from (select 1) as always left join policies active on active.case_type = $1 and active.active`,
}

/** One round trip for all of it: intake is the path that a crowd takes at once. */
export async function readBeforeReport(trx: Transaction, caseType: string): Promise<BeforeReport> {
  const [read] = await runPrepared<BeforeReport>(trx, READ_BEFORE_REPORT, [caseType])
  if (!read) throw new Error('a select without a from answers a row')
  return { ...read, at: Math.floor(read.at) }
}
