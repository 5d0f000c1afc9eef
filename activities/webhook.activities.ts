import { recordAttempt } from '../acts/webhooks/record-attempt'
import type { ActDeps } from '../acts/deps'
import type { WebhookSender } from '../adapters/outbound/webhook-sender'
import { cancelIfDisabled, findDeliveryToSend, type DeliveryToSend } from '../db/webhook-deliveries.repository'
import { payloadOf, testPayload, WEBHOOK_BACK_OFF_SECONDS } from '../domain/webhooks'
import { shielded } from './shield'

export interface WebhookActivityDeps {
  readonly acts: Pick<ActDeps, 'db' | 'vault' | 'logger' | 'configuredChannels'>
  readonly webhooks: WebhookSender
  /** Seconds after each attempt; the product's own unless a test is in a hurry. */
  readonly backOff?: readonly number[]
}

/** What the workflow does next: looks again in so many milliseconds, or never. */
export interface NextLook {
  readonly inMs: number | null
}

/** The activities of webhooks, on the queue `notices`. */
export interface WebhookActivities {
  deliverWebhook(delivery: { readonly deliveryId: string }): Promise<NextLook>
}

/**
 * A receiver that hangs holds each of its deliveries for 15 s. It must hold up neither other receivers nor the notices to people, which
 * share the worker's hundred places with them.
 */
const AT_ONCE = 40
const AT_ONCE_PER_WEBHOOK = 10
/** Who finds no place comes again after so long, spread over as much again. */
const BUSY_MS = 2_000
const OVER: NextLook = { inMs: null }

/** What delivers webhooks, the signature made and the address opened at the moment of sending. */
export function createWebhookActivities({ acts, webhooks, backOff }: WebhookActivityDeps): WebhookActivities {
  const places = new Places()
  const rule = backOff ?? WEBHOOK_BACK_OFF_SECONDS

  /** One attempt, if it is time. */
  async function look(deliveryId: string): Promise<NextLook> {
    const delivery = await findDeliveryToSend(acts.db, acts.vault, deliveryId)
    if (delivery?.state !== 'queued') return OVER
    if (delivery.webhookStatus !== 'active') {
      // It was made in the moment in which the webhook was disabled, and what waited cancelled.
      await cancelIfDisabled(acts.db, deliveryId)
      return OVER
    }
    if (delivery.waitMs > 0) return { inMs: delivery.waitMs }
    if (!places.take(delivery.webhookId)) return { inMs: Math.round(BUSY_MS * (1 + Math.random())) }
    try {
      const seconds = await attempt(delivery)
      return { inMs: seconds === null ? null : seconds * 1000 }
    } finally {
      places.giveBack(delivery.webhookId)
    }
  }

  async function attempt(delivery: DeliveryToSend): Promise<number | null> {
    const { id, webhookId, url, secrets, event, createdAt } = delivery
    const body = JSON.stringify(event ? payloadOf(event) : testPayload(id, createdAt))
    const result = await webhooks.send({ deliveryId: id, url, body, secrets })
    const attempted = { deliveryId: id, webhookId, attempt: delivery.attempts + 1, result }
    acts.logger.info({ delivery: id, webhook: webhookId, attempt: attempted.attempt, ...result }, 'webhook')
    return recordAttempt(acts, { ...attempted, backOff: rule })
  }

  return {
    /**
     * Idempotent: what has arrived, or is not due, is not sent. An attempt that died before it was recorded is made again under the
     * same id, by which the receiver knows it.
     */
    deliverWebhook: ({ deliveryId }) => shielded(acts.logger, { delivery: deliveryId }, () => look(deliveryId)),
  }
}

/** How many deliveries are under way in this process. */
class Places {
  readonly #taken = new Map<string, number>()
  #all = 0

  take(webhookId: string): boolean {
    const here = this.#taken.get(webhookId) ?? 0
    if (this.#all >= AT_ONCE || here >= AT_ONCE_PER_WEBHOOK) return false
    this.#all += 1
    this.#taken.set(webhookId, here + 1)
    return true
  }

  giveBack(webhookId: string): void {
    const left = (this.#taken.get(webhookId) ?? 1) - 1
    this.#all -= 1
    if (left === 0) this.#taken.delete(webhookId)
    else this.#taken.set(webhookId, left)
  }
}
