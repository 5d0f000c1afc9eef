import type { ActDeps } from '../../acts/deps'
import type { SealedFiles } from '../../adapters/files/sealed-files'
import { deleteUploads, lockStaleUploads } from '../../db/attachments.repository'
import { inTransaction } from '../../db/unit-of-work'

const DAY_SECONDS = 86_400
const BATCH = 100
const HOUR_MS = 3_600_000

type Sweeping = Pick<ActDeps, 'db' | 'logger'> & { readonly files: SealedFiles }

/**
 * Deletes uploads that were not sent within a day, and what uploads left behind whose process died. The file goes before its row: when
 * this is cut off between the two, the next sweep does it again. Answers how many were deleted.
 */
export async function sweepUploads({ db, files }: Sweeping): Promise<number> {
  await files.clearUnfinished(DAY_SECONDS * 1_000)
  let swept = 0
  for (;;) {
    const ids = await inTransaction(db, async trx => {
      const stale = await lockStaleUploads(trx, { seconds: DAY_SECONDS, batch: BATCH })
      for (const id of stale) await files.remove(id)
      await deleteUploads(trx, stale)
      return stale
    })
    swept += ids.length
    if (ids.length < BATCH) return swept
  }
}

/** Sweeps at once and then every hour, until the answered function is called. */
export function sweepUploadsHourly(deps: Sweeping): () => void {
  const sweep = (): void => {
    sweepUploads(deps).catch((err: unknown) => deps.logger.warn({ err }, 'old uploads were not swept'))
  }
  sweep()
  const timer = setInterval(sweep, HOUR_MS)
  return () => clearInterval(timer)
}
