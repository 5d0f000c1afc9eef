import type { EventData, EventType } from './events'

export const WEBHOOK_STATUSES = ['active', 'disabled'] as const
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number]

/** Why nothing is sent to an address any more: an administrator said so, the receiver did (410), or it failed for too long. */
export type WebhookDisabledReason = 'by_admin' | 'gone' | 'failing'

export const DELIVERY_STATES = ['queued', 'delivered', 'failed', 'cancelled'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/**
 * How many seconds after each attempt that failed the next one comes; after the last the delivery has failed. The first ones bridge a
 * restart of the receiver, the middle ones a deployment that went wrong, the last ones a night and a day until somebody is there.
 */
export const WEBHOOK_BACK_OFF_SECONDS: readonly number[] = [5, 30, 120, 600, 3_600, 10_800, 43_200, 86_400]

/** An address to which nothing could be delivered for so long is disabled: a weekend is not enough for that. */
export const FAILING_DAYS = 3

/** How long the secret before the newest one signs too, so that a receiver can change over. */
export const OLD_SECRET_HOURS = 24

/** The type of what is sent on request only, to try an address out. */
export const TEST_TYPE = 'webhook.test'

/** What became of one attempt: the receiver's status, or the code of what came in its way. */
export type AttemptResult =
  { readonly status: number; readonly failure: null } | { readonly status: number | null; readonly failure: string }

/** 410: the receiver says that it will never want anything again. */
export const isGone = ({ status }: AttemptResult): boolean => status === 410

/** In how many seconds a delivery is tried again after its `attempts`-th attempt failed; null when it has failed for good. */
export const nextAttemptIn = (attempts: number, backOff: readonly number[] = WEBHOOK_BACK_OFF_SECONDS): number | null =>
  backOff[attempts - 1] ?? null

/** An event as receivers are told of it. */
export interface WebhookEvent {
  readonly id: string
  readonly type: EventType
  readonly at: Date
  readonly incident_id: string
  readonly code: string
  readonly case_type: string
  readonly urgency: string
  readonly rev: number
  readonly from_status: string | null
  readonly to_status: string | null
  readonly actor_role: string
  readonly data: EventData
}

/** The body of a delivery: ids and codes only (S1), whoever wants more asks the API and shows who they are. */
export const payloadOf = (event: WebhookEvent): Readonly<Record<string, unknown>> => ({
  id: event.id,
  type: event.type,
  timestamp: event.at.toISOString(),
  data: {
    incident: event.incident_id,
    code: event.code,
    case_type: event.case_type,
    urgency: event.urgency,
    rev: event.rev,
    from: event.from_status,
    to: event.to_status,
    actor_role: event.actor_role,
    data: event.data,
  },
})

/** The body of a test, under the delivery's own id. */
export const testPayload = (deliveryId: string, at: Date): Readonly<Record<string, unknown>> => ({
  id: deliveryId,
  type: TEST_TYPE,
  timestamp: at.toISOString(),
  data: {},
})
