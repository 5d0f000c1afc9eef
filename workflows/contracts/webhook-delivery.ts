import { defineSignal } from '@temporalio/workflow'

/** The one argument of `webhookDeliveryWorkflow`. */
export interface WebhookDeliveryInput {
  readonly deliveryId: string
}

export const WEBHOOK_DELIVERY_WORKFLOW = 'webhookDeliveryWorkflow'
/** The workflow id of a delivery. */
export const webhookDeliveryWorkflowId = (deliveryId: string): string => `webhook-delivery:${deliveryId}`

/** Have a look at the row now: it was replayed, or it is not sure that this run is still there. */
export const retrySignal = defineSignal('retry')
