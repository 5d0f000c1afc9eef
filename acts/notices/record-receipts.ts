import { insertReceipts } from '../../db/notice-receipts.repository'
import { nudge } from '../../db/nudge'
import { inTransaction } from '../../db/unit-of-work'
import type { Receipt } from '../../domain/notices'
import type { ActDeps } from '../deps'

/**
 * Takes what vendors tell of messages: twice is once, in any order there is one truth, and one that comes before its hand-over was
 * noted waits for it. What failed has its ladder go on at once.
 */
export async function recordReceipts(
  { db, logger }: Pick<ActDeps, 'db' | 'logger'>,
  receipts: readonly Receipt[],
): Promise<void> {
  if (receipts.length === 0) return
  for (const { vendor, state, code } of receipts)
    if (state === 'failed') logger.warn({ vendor, code }, 'a message did not arrive')
  if (await inTransaction(db, trx => insertReceipts(trx, receipts))) nudge(db)
}
