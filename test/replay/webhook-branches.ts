import { addWebhook } from '../../acts/webhooks/manage-webhook'
import { replayDelivery, testWebhook } from '../../acts/webhooks/send-again'
import type { WebhookSender } from '../../adapters/outbound/webhook-sender'
import { tellDelivery } from '../../adapters/temporal/webhook-teller'
import type { AttemptResult } from '../../domain/webhooks'
import { webhookDeliveryWorkflowId } from '../../workflows/contracts/webhook-delivery'
import { addUser, by } from '../builders/record'
import type { TestEngine } from '../harness/engine'
import { eventually } from '../harness/eventually'

/** Seconds after an attempt that failed: the second comes by itself, the third only when somebody asks for it. */
export const BACK_OFF = [0.2, 3_600] as const

const TAKEN: AttemptResult = { status: 204, failure: null }
const refused = (status: number): AttemptResult => ({ status, failure: 'REFUSED' })

/** A receiver that takes everything, once it has given the answers that it was told to give. */
export class ScriptedReceiver implements WebhookSender {
  readonly answers: (AttemptResult | (() => Promise<AttemptResult>))[] = []
  got = 0

  async send(): Promise<AttemptResult> {
    this.got += 1
    const answer = this.answers.shift() ?? TAKEN
    return typeof answer === 'function' ? answer() : answer
  }

  close(): void {
    this.answers.length = 0
  }
}

/** One delivery on its way, and what its receiver answers. */
export class DeliveryScene {
  #admin = ''
  #delivery = { id: '', webhookId: '' }

  constructor(
    readonly engine: TestEngine,
    readonly receiver: ScriptedReceiver,
  ) {
    receiver.got = receiver.answers.length = 0
  }

  get handle() {
    return this.engine.link.client.workflow.getHandle(webhookDeliveryWorkflowId(this.#delivery.id))
  }

  async begins(...answers: ScriptedReceiver['answers']): Promise<void> {
    const { db, deps } = this.engine
    this.receiver.answers.push(...answers)
    this.#admin = await addUser(db, 'admin')
    const words = { url: 'https://hooks.example.org/', description: null, event_types: [], case_types: [] }
    const asked = { words, rules: { allowHttp: false, allowPrivate: false } }
    const { id: webhookId } = await addWebhook(deps, asked, by('admin', this.#admin))
    this.#delivery = { webhookId, id: await testWebhook(deps, webhookId, by('admin', this.#admin)) }
    await this.told()
  }

  told(): Promise<void> {
    return tellDelivery(this.engine.target, this.#delivery.id)
  }

  async isReplayed(): Promise<void> {
    await replayDelivery(this.engine.deps, this.#delivery, by('admin', this.#admin))
    await this.told()
  }

  /** Waits until it was tried so many times and its workflow waits for the next time. */
  async tried(times: number): Promise<void> {
    await eventually(async () => {
      const { raw } = await this.handle.describe()
      return this.receiver.got === times && (raw.pendingActivities ?? []).length === 0
    })
  }
}

export interface DeliveryBranch {
  readonly name: string
  readonly life: (scene: DeliveryScene) => Promise<unknown>
}

/** One life for every branch of `webhookDeliveryWorkflow`, each to its end. A new branch in the workflow gets its life here. */
export const DELIVERY_BRANCHES: readonly DeliveryBranch[] = [
  { name: 'delivery-at-once', life: scene => scene.begins() },
  { name: 'delivery-failed-then-delivered', life: scene => scene.begins(refused(503)) },
  { name: 'delivery-receiver-gone', life: scene => scene.begins(refused(410)) },
  {
    name: 'delivery-replayed-while-waiting',
    life: async scene => {
      await scene.begins(refused(503), refused(503))
      await scene.tried(2)
      await scene.isReplayed()
    },
  },
  {
    name: 'delivery-replayed-while-sending',
    life: scene =>
      scene.begins(async () => {
        await scene.told()
        return TAKEN
      }),
  },
]
