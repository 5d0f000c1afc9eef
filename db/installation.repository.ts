import type { Database } from './database'

/** The version of the PostgreSQL server, as its number (180004) and in words (18.4). Throws when it does not answer. */
export async function readServerVersion(db: Database): Promise<{ number: number; words: string }> {
  const { rows } = await db.raw<{ rows: [{ number: number; words: string }] }>(
    `select current_setting('server_version_num')::int as number, split_part(current_setting('server_version'), ' ', 1) as words`,
  )
  return rows[0]
}
