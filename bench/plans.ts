import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../db/database'
import { PROJECT } from './launcher'
import { waitFor } from './load'

/** Tables that grow with every incident: a statement that reads one of them whole is a fault, however quick it is today. */
const GROWING = 'incidents|events|offers|assignments|access_log|messages|notices|incident_keys'
const HOTTEST = 10

/** What PostgreSQL has to load for `countStatements` and `hottestPlans`. What is set here the latter cannot change. */
export const PLANS_NEED = [
  'shared_preload_libraries=pg_stat_statements',
  'session_preload_libraries=auto_explain',
  'auto_explain.log_verbose=on',
  'compute_query_id=on',
]

/** Begins to count statements anew. */
export async function countStatements(db: Database): Promise<void> {
  await db.raw('create extension if not exists pg_stat_statements')
  await db.raw('select pg_stat_statements_reset()')
}

/** A statement that took much of the database's time, and how PostgreSQL ran it. */
export interface HotStatement {
  readonly text: string
  readonly calls: number
  /** Of one call, in milliseconds. */
  readonly mean: number
  readonly plan: string
  /** The growing tables that it reads whole. */
  readonly scans: readonly string[]
}

/**
 * The statements that took most time in all since `countStatements`, with the plans that they really had: `again` runs each of them once
 * more, in the sessions that ran them before, and PostgreSQL's log tells.
 */
export async function hottestPlans(
  db: Database,
  { logFile, again }: { readonly logFile: string; again(): Promise<void> },
): Promise<HotStatement[]> {
  const { rows } = await db.raw<{ rows: { id: string; query: string; calls: number; mean: number }[] }>(
    `select s.queryid::text as id, s.query, s.calls, s.mean_exec_time as mean from pg_stat_statements s
     join pg_database d on d.oid = s.dbid and d.datname = current_database()
     where s.query ~* '^\\s*(with|select|insert|update)' and s.query !~ 'pg_stat_statements'
     order by s.total_exec_time desc limit ?`,
    [HOTTEST],
  )
  const plans = await plansOf(db, logFile, again)
  return rows.map(({ id, query, calls, mean }) => {
    const plan = plans.get(id) ?? 'was not run again'
    const scans = [...plan.matchAll(new RegExp(`Seq Scan on public\\.(${GROWING})\\b`, 'g'))].map(
      found => found[1] ?? '',
    )
    return { text: query, calls, mean, plan, scans }
  })
}

/** Plans by the id of their statement, read from what PostgreSQL logs while `again` runs. */
async function plansOf(db: Database, logFile: string, again: () => Promise<void>): Promise<Map<string, string>> {
  const from = statSync(logFile).size
  await explain(db, '0')
  await again()
  await explain(db, '-1')
  const logged = (): string => readFileSync(logFile).subarray(from).toString()
  await waitFor('the plans are logged', { withinSeconds: 10 }, async () => logged().includes('Query Identifier'))
  const plans = new Map<string, string>()
  for (const entry of logged().split(/^(?=\S.*LOG: )/m)) {
    const id = /Query Identifier: (-?\d+)/.exec(entry)?.[1]
    const nodes = entry
      .split('\n')
      .filter(line =>
        /^\s+(->|\S.*Scan|Limit|Sort|Aggregate|Nested|Hash|Insert|Update|CTE|InitPlan|SubPlan|.*Cond:|Filter:|Result|Lock)/.test(
          line,
        ),
      )
    if (id) plans.set(id, nodes.map(line => line.replace(/^\t/, '')).join('\n'))
  }
  return plans
}

async function explain(db: Database, from: '0' | '-1'): Promise<void> {
  await db.raw(`alter system set auto_explain.log_min_duration = ${from}`)
  await db.raw('select pg_reload_conf()')
}

/** Keeps the plans for the reader, beside the results; the newest run's replace the last. */
export function keepPlans(incidents: number, hot: readonly HotStatement[]): string {
  const path = join(PROJECT, 'bench', 'plans')
  mkdirSync(path, { recursive: true })
  const fence = '```'
  const parts = hot.map(
    ({ text, calls, mean, plan }, index) =>
      `## ${index + 1}. ${calls} calls, ${mean.toFixed(2)} ms each\n\n${fence}sql\n${text.trim()}\n${fence}\n\n${fence}\n${plan}\n${fence}`,
  )
  const head = `# The ten hottest statements of reading\n\nBy PostgreSQL's time in all, with ${incidents} incidents in the record, and the plans that they had. None may read a growing table whole.`
  writeFileSync(join(path, 'reads.md'), `${[head, ...parts].join('\n\n')}\n`)
  return join('bench', 'plans', 'reads.md')
}
