import type { Database } from './database'

/** The channel on which everybody who waits for news listens. What is said there has no content: who hears it reads the tables. */
export const NEWS_CHANNEL = 'kesi_changes'
/** Commits within so many milliseconds are said once. */
const GATHERED_MS = 10

/** What is about to be said for a pool, and what is being said. */
const gathering = new WeakMap<Database, Promise<void>>()
const saying = new WeakMap<Database, Promise<void>>()

/**
 * Says on every process's ear that something was committed; to be called after the commit, never awaited. One NOTIFY for all commits
 * of a few milliseconds and outside of their transactions: inside, each commit would wait for the one before, for PostgreSQL puts
 * notifications in order by a lock. One that is lost costs its hearers a second: they look by themselves as well.
 */
export function nudge(db: Database): void {
  if (!gathering.has(db)) gathering.set(db, say(db))
}

async function say(db: Database): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, GATHERED_MS))
  gathering.delete(db)
  const said = db.raw(`select pg_notify('${NEWS_CHANNEL}', '')`).then(ignore, ignore)
  saying.set(db, said)
  await said
}

const ignore = (): void => undefined

/** Resolves when nothing is left to be said: a pool that closes meanwhile would wait for a connection in vain. */
export async function nudged(db: Database): Promise<void> {
  await Promise.all([gathering.get(db), saying.get(db)])
}
