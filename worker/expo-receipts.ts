import type { ActDeps } from '../acts/deps'
import { recordReceipts } from '../acts/notices/record-receipts'
import type { ExpoPush } from '../adapters/push/expo-push'
import { endReceiptsToAsk, leaseReceiptsToAsk } from '../db/expo-receipts.repository'
import { startLoop, type Loop } from '../platform/loop'

/** A receipt is due 15 minutes after its push: a minute more does not matter. */
const PAUSE_MS = 60_000
/** Expo answers for at most so many at once. */
const ASKED_AT_ONCE = 1_000

type Deps = Pick<ActDeps, 'db' | 'logger'>

/** Fetches what became of pushes from Expo, which keeps it until it is asked. */
export function startExpoReceipts(deps: Deps, expo: Pick<ExpoPush, 'readReceipts'>): Loop {
  return startLoop('expo receipts', deps.logger, async stopping => {
    await askOnce(deps, expo, stopping)
    return PAUSE_MS
  })
}

/** One pass; answers how many hand-overs were asked for. Throws when Expo does not answer: they are due again in 15 minutes. */
export async function askOnce(
  deps: Deps,
  expo: Pick<ExpoPush, 'readReceipts'>,
  stopping?: AbortSignal,
): Promise<number> {
  for (let asked = 0; ;) {
    const ids = await leaseReceiptsToAsk(deps.db, ASKED_AT_ONCE)
    if (ids.length === 0) return asked
    const { receipts, known } = await expo.readReceipts(ids)
    await recordReceipts(deps, receipts)
    await endReceiptsToAsk(deps.db, known)
    asked += ids.length
    if (ids.length < ASKED_AT_ONCE || stopping?.aborted) return asked
  }
}
