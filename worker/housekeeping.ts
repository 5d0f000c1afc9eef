import type { ActDeps } from '../acts/deps'
import { deleteOld, EPHEMERAL_TABLES, type EphemeralTable } from '../db/housekeeping.repository'
import { startLoop, type Loop } from '../platform/loop'

/** Most of what goes is weeks old; the tickets of sockets end in a minute, and a few of them may lie for ten. */
const PAUSE_MS = 600_000
/** So few at once that nobody feels it. */
const BATCH = 500

type Deps = Pick<ActDeps, 'db' | 'logger'>

/** Removes rows that nobody asks for any more, now and every ten minutes. */
export function startHousekeeping(deps: Deps): Loop {
  return startLoop('housekeeping', deps.logger, async stopping => {
    await removeOld(deps, { batch: BATCH, stopping })
    return PAUSE_MS
  })
}

/** One pass; answers how many rows went from each table. Ends early when it is time to stop. */
export async function removeOld(
  { db, logger }: Deps,
  { batch, stopping }: { readonly batch: number; readonly stopping?: AbortSignal },
): Promise<Record<EphemeralTable, number>> {
  const removed = Object.fromEntries(EPHEMERAL_TABLES.map(table => [table, 0])) as Record<EphemeralTable, number>
  for (const table of EPHEMERAL_TABLES)
    for (let went = batch; went === batch && !stopping?.aborted;) {
      went = await deleteOld(db, table, batch)
      removed[table] += went
    }
  if (Object.values(removed).some(count => count > 0)) logger.info(removed, 'old rows were removed')
  return removed
}
