import { lockAccount } from '../../db/accounts.repository'
import { markEffect } from '../../db/idempotency.repository'
import { countWithinHour, insertNotices } from '../../db/inbox.repository'
import { nudge } from '../../db/nudge'
import { inTransaction } from '../../db/unit-of-work'
import type { NoticeCode } from '../../domain/notices'
import type { Channel } from '../../domain/policy'
import { Refusal } from '../../domain/refusals'
import { newId } from '../../platform/ids'
import type { ActDeps, By } from '../deps'

const CODE: NoticeCode = 'account.test'
/** Each may cost a text message. */
const TESTS_AN_HOUR = 5

/**
 * Sends somebody a test by these channels, under their own preferences, and answers the id of the notice. Throws `RATE_LIMITED` after
 * five within an hour.
 */
export async function sendTestNotice(
  { db, logger, configuredChannels }: ActDeps,
  { userId, channels }: { readonly userId: string; readonly channels: readonly Channel[] },
  by: By,
): Promise<string> {
  const id = newId()
  await inTransaction(db, async trx => {
    // The lock makes one wait for the other: of two at once the second counts the first.
    await lockAccount(trx, userId)
    const { count, seconds } = await countWithinHour(trx, userId, CODE)
    if (count >= TESTS_AN_HOUR) throw new Refusal('RATE_LIMITED', { headers: { 'retry-after': String(seconds) } })
    const send = channels.some(channel => configuredChannels.has(channel))
    await insertNotices(trx, { code: CODE, recipients: [{ id, recipientId: userId }], channels, send })
    await markEffect(trx, by.requestId, id)
  })
  nudge(db)
  logger.info({ notice: id, code: CODE }, 'notice')
  return id
}
