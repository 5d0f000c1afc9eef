import type { Transaction } from '../../db/database'
import { markEffect } from '../../db/idempotency.repository'
import { inTransaction } from '../../db/unit-of-work'
import { insertTestDelivery, requeueDelivery, requeueSince } from '../../db/webhook-deliveries.repository'
import { lockWebhook } from '../../db/webhooks.repository'
import { Refusal } from '../../domain/refusals'
import { newId } from '../../platform/ids'
import type { ActDeps, By } from '../deps'

/** One request has so many sent again: what is left comes with the next. */
const REPLAYED_AT_ONCE = 1_000

type Deps = Pick<ActDeps, 'db' | 'vault'>

/** Sends a test by the way that every delivery goes, and answers its id. Throws `WEBHOOK_NOT_FOUND` and `WEBHOOK_DISABLED`. */
export async function testWebhook(deps: Deps, webhookId: string, by: By): Promise<string> {
  const id = newId()
  await inTransaction(deps.db, async trx => {
    await lockActive(trx, deps, webhookId)
    await insertTestDelivery(trx, { id, webhookId })
    await markEffect(trx, by.requestId, id)
  })
  return id
}

/**
 * Sends a delivery once more at once, under its old id and with all its attempts before it; one that still waits need not wait longer.
 * Throws `WEBHOOK_NOT_FOUND`, `DELIVERY_NOT_FOUND` and `WEBHOOK_DISABLED`.
 */
export async function replayDelivery(
  deps: Deps,
  delivery: { readonly id: string; readonly webhookId: string },
  by: By,
): Promise<void> {
  await inTransaction(deps.db, async trx => {
    await lockActive(trx, deps, delivery.webhookId)
    if (!(await requeueDelivery(trx, delivery))) throw new Refusal('DELIVERY_NOT_FOUND')
    await markEffect(trx, by.requestId, delivery.id)
  })
}

/** Sends everything again that did not arrive since then, at most 1,000. Throws `WEBHOOK_NOT_FOUND` and `WEBHOOK_DISABLED`. */
export async function replaySince(
  deps: Deps,
  { webhookId, since }: { readonly webhookId: string; readonly since: Date },
  by: By,
): Promise<{ replayed: number; left: number }> {
  return inTransaction(deps.db, async trx => {
    await lockActive(trx, deps, webhookId)
    const done = await requeueSince(trx, { webhookId, since, limit: REPLAYED_AT_ONCE })
    await markEffect(trx, by.requestId, webhookId)
    return done
  })
}

/** The lock keeps it from being disabled meanwhile, which cancels what waits. */
async function lockActive(trx: Transaction, { vault }: Deps, webhookId: string): Promise<void> {
  const webhook = await lockWebhook(trx, vault, webhookId)
  if (!webhook) throw new Refusal('WEBHOOK_NOT_FOUND')
  if (webhook.status !== 'active')
    throw new Refusal('WEBHOOK_DISABLED', { detail: 'Nothing is sent to a disabled webhook; enable it first' })
}
