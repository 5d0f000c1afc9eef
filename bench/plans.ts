import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../db/database'
import { PROJECT } from './launcher'

/** Tables that grow with every incident: a statement that reads one of them whole is a fault, however quick it is today. */
const GROWING = ['incidents', 'events', 'offers', 'assignments', 'access_log', 'messages', 'notices', 'incident_keys']
const HOTTEST = 10

/** What has to be loaded for `hottestPlans`. */
export const PLANS_NEED = 'shared_preload_libraries=pg_stat_statements'

/** Begins to count statements anew. */
export async function countStatements(db: Database): Promise<void> {
  await db.raw('create extension if not exists pg_stat_statements')
  await db.raw('select pg_stat_statements_reset()')
}

/** A statement that took much of the database's time, and how PostgreSQL runs it. */
export interface HotStatement {
  readonly text: string
  readonly calls: number
  /** Of one call, in milliseconds. */
  readonly mean: number
  readonly plan: string
  /** The growing tables that it reads whole. */
  readonly scans: readonly string[]
}

/** The statements that took most time in all since `countStatements`, with their generic plans. */
export async function hottestPlans(db: Database): Promise<HotStatement[]> {
  const { rows } = await db.raw<{ rows: { query: string; calls: number; mean_exec_time: number }[] }>(
    `select query, calls, mean_exec_time from pg_stat_statements s
     join pg_database d on d.oid = s.dbid and d.datname = current_database()
     where query ~* '^(with|select|insert|update)' and query !~ 'pg_stat_statements|explain'
     order by total_exec_time desc limit ?`,
    [HOTTEST],
  )
  const hot: HotStatement[] = []
  for (const { query, calls, mean_exec_time } of rows) {
    const plan = await planOf(db, query)
    const scans = GROWING.filter(table => new RegExp(`Seq Scan on ${table}\\b`).test(plan))
    hot.push({ text: query, calls, mean: mean_exec_time, plan, scans })
  }
  return hot
}

async function planOf(db: Database, query: string): Promise<string> {
  // The query goes as it is: knex would take its question marks, and pg its `$1`, for values.
  const client = (await db.client.acquireConnection()) as {
    query(text: string): Promise<{ rows: { 'QUERY PLAN': string }[] }>
  }
  try {
    // pg_stat_statements writes `interval '7 days'` as `interval $1`, and `extract(epoch from` with a `$1` too: neither is SQL.
    const asked = query
      .replaceAll(/interval (\$\d+)/g, '$1::interval')
      .replaceAll(/extract\(\$\d+ from/gi, 'extract(epoch from')
    const { rows } = await client.query(`explain (generic_plan, costs off) ${asked}`)
    return rows.map(row => row['QUERY PLAN']).join('\n')
  } finally {
    await db.client.releaseConnection(client)
  }
}

/** Keeps the plans for the reader, beside the results; the newest run's replace the last. */
export function keepPlans(incidents: number, hot: readonly HotStatement[]): string {
  const path = join(PROJECT, 'bench', 'plans')
  mkdirSync(path, { recursive: true })
  const parts = hot.map(
    ({ text, calls, mean, plan }, index) =>
      `## ${index + 1}. ${calls} calls, ${mean.toFixed(2)} ms each\n\n\`\`\`sql\n${text.trim()}\n\`\`\`\n\n\`\`\`\n${plan}\n\`\`\``,
  )
  const head = `# The ten hottest statements of reading\n\nBy PostgreSQL's time in all, with ${incidents} incidents in the record; plans are the generic ones. None may read a growing table whole.`
  writeFileSync(join(path, 'reads.md'), `${[head, ...parts].join('\n\n')}\n`)
  return join('bench', 'plans', 'reads.md')
}
