import { condition, continueAsNew, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow'
import type { WebhookActivities } from '../activities/webhook.activities'
import { retrySignal, type WebhookDeliveryInput } from './contracts/webhook-delivery'

/** One look takes the 15 s that a receiver has, and the record's time. It is tried until the record answers. */
const { deliverWebhook } = proxyActivities<WebhookActivities>({
  startToCloseTimeout: '30 s',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min' },
})

/** Delivers one event to one webhook: looks at its row whenever it is time, or somebody asks, until it is decided there. */
export async function webhookDeliveryWorkflow({ deliveryId }: WebhookDeliveryInput): Promise<void> {
  let asked = 0
  setHandler(retrySignal, () => void (asked += 1))
  for (;;) {
    const heard = asked
    const isAskedAgain = (): boolean => asked > heard
    const { inMs } = await deliverWebhook({ deliveryId })
    if (inMs !== null) await condition(isAskedAgain, Math.max(1, inMs))
    else if (!isAskedAgain()) return
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof webhookDeliveryWorkflow>({ deliveryId })
  }
}
