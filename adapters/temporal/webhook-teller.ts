import { taskQueueName } from '../../workflows/contracts/incident'
import {
  retrySignal,
  WEBHOOK_DELIVERY_WORKFLOW,
  webhookDeliveryWorkflowId,
  type WebhookDeliveryInput,
} from '../../workflows/contracts/webhook-delivery'
import type { TellTarget } from './workflow-teller'

/**
 * Has a delivery's workflow look at its row now, and starts it when it does not run. A repeat does no harm. Throws when Temporal did
 * not take it within 2 s.
 */
export async function tellDelivery({ link, queuePrefix }: TellTarget, deliveryId: string): Promise<void> {
  const args: [WebhookDeliveryInput] = [{ deliveryId }]
  await link.withDeadline(client =>
    client.workflow.signalWithStart(WEBHOOK_DELIVERY_WORKFLOW, {
      workflowId: webhookDeliveryWorkflowId(deliveryId),
      // A delivery that is replayed is sent again under the same id.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      taskQueue: taskQueueName(queuePrefix, 'notices'),
      args,
      signal: retrySignal,
      signalArgs: [],
    }),
  )
}
