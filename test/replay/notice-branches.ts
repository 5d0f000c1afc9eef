import { recordReceipts } from '../../acts/notices/record-receipts'
import { tellNotice } from '../../adapters/temporal/workflow-teller'
import type { NoticeCode } from '../../domain/notices'
import type { Channel } from '../../domain/policy'
import { noticeWorkflowId } from '../../workflows/contracts/notice'
import { addNotice, addRecipient } from '../builders/recipients'
import { breaksDown, by, type RecordingChannels } from '../fakes/recording-channels'
import type { TestEngine } from '../harness/engine'
import { eventually } from '../harness/eventually'
import { fastForward } from '../harness/time-travel'

/** One notice on its way, and what happens to it. */
export class NoticeScene {
  noticeId = ''

  constructor(
    readonly engine: TestEngine,
    readonly channels: RecordingChannels,
  ) {
    channels.answer = by({})
  }

  get handle() {
    return this.engine.link.client.workflow.getHandle(noticeWorkflowId(this.noticeId))
  }

  async begins(code: NoticeCode, channels?: readonly Channel[]): Promise<void> {
    const recipient = await addRecipient({ db: this.engine.db, vault: this.engine.deps.vault })
    this.noticeId = await addNotice(this.engine.db, recipient, { code, ...(channels && { channels }) })
    await this.told()
  }

  told(): Promise<void> {
    return tellNotice(this.engine.target, { id: this.noticeId, isUrgent: true })
  }

  async pass(seconds: number): Promise<void> {
    await fastForward(this.engine.link.client, noticeWorkflowId(this.noticeId), seconds * 1000)
  }

  /** Waits until it has left so many times, and its workflow has written down what became of it. */
  async left(times: number): Promise<void> {
    await eventually(async () => {
      const { raw, status } = await this.handle.describe()
      const isResting = status.name !== 'RUNNING' || (raw.pendingActivities ?? []).length === 0
      return isResting && this.channels.of(this.noticeId).length >= times
    })
  }

  async isBounced(): Promise<void> {
    const receipt = { vendor: 'fake-push', vendor_id: this.noticeId, state: 'failed' } as const
    await recordReceipts(this.engine.deps, [receipt])
    await this.told()
  }

  async isOver(): Promise<void> {
    await this.engine.db('notices').where({ id: this.noticeId }).update({ withdrawn_at: new Date(), send_after: null })
    await this.told()
  }
}

export interface NoticeBranch {
  readonly name: string
  readonly life: (scene: NoticeScene) => Promise<unknown>
}

/** One life for every branch of `noticeWorkflow`, each to its end. A new branch in the workflow gets its life here. */
export const NOTICE_BRANCHES: readonly NoticeBranch[] = [
  { name: 'notice-sent-at-once', life: scene => scene.begins('account.test') },
  {
    name: 'notice-ladder-without-receipts',
    life: async scene => {
      await scene.begins('assignment.made')
      await scene.left(1)
      await scene.pass(35)
      await scene.left(2)
      await scene.pass(65)
    },
  },
  {
    name: 'notice-told-while-waiting',
    life: async scene => {
      await scene.begins('assignment.made')
      await scene.left(1)
      await scene.isBounced()
      await scene.left(2)
      await scene.isOver()
    },
  },
  {
    name: 'notice-told-while-sending',
    life: async scene => {
      scene.channels.answer = by({
        push: async ({ message: { noticeId } }) => {
          await scene.told()
          return { state: 'handed_over', vendor: 'fake-push', vendor_id: noticeId }
        },
      })
      await scene.begins('assignment.made', ['push'])
    },
  },
  {
    name: 'notice-vendor-away-and-back',
    life: async scene => {
      scene.channels.answer = breaksDown
      await scene.begins('dispatch.escalated', ['sms'])
      await scene.left(1)
      await scene.pass(5)
      scene.channels.answer = by({})
      await scene.pass(10)
    },
  },
]
