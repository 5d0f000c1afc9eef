import type { Transaction } from '../../db/database'
import { insertNotices } from '../../db/inbox.repository'
import { nudge } from '../../db/nudge'
import { listActiveAdmins } from '../../db/staff.repository'
import { inTransaction } from '../../db/unit-of-work'
import { cancelQueued, markDelivered, markFailed, type Attempted } from '../../db/webhook-deliveries.repository'
import { disableWebhook, noteFailure, noteSuccess } from '../../db/webhooks.repository'
import { NOTICES, type NoticeCode } from '../../domain/notices'
import { isGone, nextAttemptIn, type WebhookDisabledReason } from '../../domain/webhooks'
import { newId } from '../../platform/ids'
import type { ActDeps } from '../deps'

type Deps = Pick<ActDeps, 'db' | 'logger' | 'configuredChannels'>

/** One attempt at a delivery, and the rule by which the next one comes. */
export interface AttemptToRecord extends Attempted {
  readonly webhookId: string
  readonly backOff: readonly number[]
}

/**
 * Writes what became of an attempt; twice is once. Answers in how many seconds the delivery should be looked at again, null when it is
 * over. A receiver that answered 410, or to whom nothing could be delivered for three days, gets nothing more, and the administrators
 * are told.
 */
export async function recordAttempt(deps: Deps, attempted: AttemptToRecord): Promise<number | null> {
  const { disabled, again } = await inTransaction(deps.db, trx => record(deps, trx, attempted))
  if (disabled) {
    nudge(deps.db)
    deps.logger.warn({ webhook: attempted.webhookId, reason: disabled }, 'a webhook was disabled')
  }
  return disabled ? null : again
}

interface Recorded {
  readonly disabled: WebhookDisabledReason | null
  readonly again: number | null
}

async function record(deps: Deps, trx: Transaction, attempted: AttemptToRecord): Promise<Recorded> {
  const { webhookId, result } = attempted
  // The webhook before its deliveries: everybody locks in this order.
  if (result.failure === null) {
    await noteSuccess(trx, webhookId)
    await markDelivered(trx, attempted)
    return { disabled: null, again: null }
  }
  const isTooLong = await noteFailure(trx, webhookId)
  const again = isGone(result) ? null : nextAttemptIn(attempted.attempt, attempted.backOff)
  // What somebody else has decided meanwhile is seen at the next look.
  if (!(await markFailed(trx, attempted, again))) return { disabled: null, again: 0 }
  const reason = isGone(result) ? 'gone' : isTooLong ? 'failing' : null
  return { disabled: reason && (await disable(deps, trx, webhookId, reason)), again }
}

const CODE: NoticeCode = 'admin.webhook_disabled'

async function disable(
  { configuredChannels }: Deps,
  trx: Transaction,
  webhookId: string,
  reason: Exclude<WebhookDisabledReason, 'by_admin'>,
): Promise<WebhookDisabledReason | null> {
  if (!(await disableWebhook(trx, webhookId, reason))) return null
  await cancelQueued(trx, webhookId)
  const { channels } = NOTICES[CODE]
  const recipients = (await listActiveAdmins(trx)).map(recipientId => ({ id: newId(), recipientId }))
  const send = channels.some(channel => configuredChannels.has(channel))
  await insertNotices(trx, { code: CODE, recipients, channels, send })
  return reason
}
