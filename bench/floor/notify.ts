import { randomUUID } from 'node:crypto'
import { closeDatabase, openDatabase } from '../../db/database'
import { startListening } from '../../db/listen'
import { createLogger } from '../../platform/logger'
import { openLoop, type Load } from '../load'

/** One row committed and said aloud, until somebody on another connection has heard of it: the least that news between processes cost. */
export async function hearBareNews(
  { url, pool }: { readonly url: string; readonly pool: number },
  rate: { readonly perSecond: number; readonly seconds: number },
): Promise<Load> {
  const db = openDatabase({ url, pool, name: 'kesi-bench-floor' })
  await db.raw('create table if not exists bare_news (id uuid primary key)')
  const waiting = new Map<string, () => void>()
  const logger = createLogger({ level: 'silent', name: 'bench' })
  const said = await new Promise<ReturnType<typeof startListening>>(resolve => {
    const ear = startListening({ url, name: 'kesi-bench-floor', logger, channel: 'bare_news' }, id => {
      if (id === '') setImmediate(() => resolve(ear))
      waiting.get(id)?.()
    })
  })
  const load = await openLoop(rate, async () => {
    const id = randomUUID()
    const heard = new Promise<void>(resolve => waiting.set(id, resolve))
    await db('bare_news').insert({ id })
    await db.raw("select pg_notify('bare_news', ?)", [id])
    await heard
  })
  await said.stop()
  await closeDatabase(db)
  return load
}
