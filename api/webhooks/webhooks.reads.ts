import type { ActDeps } from '../../acts/deps'
import { findDelivery, listDeliveries, type DeliveryRow } from '../../db/webhook-deliveries.repository'
import { findWebhook, listWebhooks, type Webhook } from '../../db/webhooks.repository'
import { Refusal } from '../../domain/refusals'
import { TEST_TYPE, type DeliveryState } from '../../domain/webhooks'

type Window = { readonly limit: number; readonly offset: number }

const timeOf = (time: Date | null): string | null => time?.toISOString() ?? null

const webhookView = (webhook: Webhook) => ({
  ...webhook,
  event_types: [...webhook.event_types],
  case_types: [...webhook.case_types],
  failing_since: timeOf(webhook.failing_since),
  created_at: webhook.created_at.toISOString(),
  updated_at: webhook.updated_at.toISOString(),
})

const deliveryView = ({ event_id, incident_id, type, ...delivery }: DeliveryRow) => ({
  ...delivery,
  event: event_id,
  type: type ?? TEST_TYPE,
  incident: incident_id,
  next_at: timeOf(delivery.next_at),
  created_at: delivery.created_at.toISOString(),
  delivered_at: timeOf(delivery.delivered_at),
})

/** The webhook of this id. Throws `WEBHOOK_NOT_FOUND`. */
export async function readWebhook({ db, vault }: ActDeps, id: string) {
  const webhook = await findWebhook(db, vault, id)
  if (!webhook) throw new Refusal('WEBHOOK_NOT_FOUND')
  return webhookView(webhook)
}

/** A page of the webhooks. */
export async function readWebhooks({ db, vault }: ActDeps, window: Window) {
  const { count, results } = await listWebhooks(db, vault, window)
  return { count, results: results.map(webhookView) }
}

/** A delivery of this webhook. Throws `DELIVERY_NOT_FOUND`. */
export async function readDelivery({ db }: ActDeps, delivery: { readonly id: string; readonly webhookId: string }) {
  const row = await findDelivery(db, delivery)
  if (!row) throw new Refusal('DELIVERY_NOT_FOUND')
  return deliveryView(row)
}

/** A page of a webhook's deliveries. Throws `WEBHOOK_NOT_FOUND`. */
export async function readDeliveries(
  deps: ActDeps,
  which: { readonly webhookId: string; readonly state: DeliveryState | undefined },
  window: Window,
) {
  const [{ count, results }] = await Promise.all([
    listDeliveries(deps.db, which, window),
    readWebhook(deps, which.webhookId),
  ])
  return { count, results: results.map(deliveryView) }
}
