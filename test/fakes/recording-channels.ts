import type { Channels } from '../../adapters/channels'
import type { OutgoingEmail, OutgoingPush, OutgoingSms, SendResult } from '../../adapters/ports'
import { CHANNELS, type Channel } from '../../domain/policy'

/** A message as it left, and when, in milliseconds of `performance.now()`. */
export type Left =
  | { readonly channel: 'push'; readonly at: number; readonly message: OutgoingPush }
  | { readonly channel: 'sms'; readonly at: number; readonly message: OutgoingSms }
  | { readonly channel: 'email'; readonly at: number; readonly message: OutgoingEmail }

export type Answer = (left: Left) => Promise<SendResult> | SendResult

/** Vendors that keep what is given to them. They take everything, under the notice's id, unless told otherwise by `answer`. */
export class RecordingChannels implements Pick<Channels, 'email' | 'push' | 'sms' | 'configured'> {
  readonly left: Left[] = []
  answer: Answer = takes
  readonly push = { send: (message: OutgoingPush) => this.#take({ channel: 'push', at: performance.now(), message }) }
  readonly sms = { send: (message: OutgoingSms) => this.#take({ channel: 'sms', at: performance.now(), message }) }
  readonly email = {
    send: (message: OutgoingEmail) => this.#take({ channel: 'email', at: performance.now(), message }),
  }

  constructor(readonly configured: ReadonlySet<Channel> = new Set(CHANNELS)) {}

  /** By which channels a notice has left, in order. */
  of(noticeId: string): Channel[] {
    return this.left.filter(({ message }) => message.noticeId === noticeId).map(({ channel }) => channel)
  }

  async #take(left: Left): Promise<SendResult> {
    this.left.push(left)
    return this.answer(left)
  }
}

/** Takes a message under an id that a test can tell: the notice's. */
export const takes = ({ channel, message: { noticeId } }: Left): SendResult => ({
  state: 'handed_over',
  vendor: `fake-${channel}`,
  vendor_id: noticeId,
})

/** Refuses a message for good. */
export const refuses = (): SendResult => ({ state: 'failed', code: 'REFUSED', permanent: true })
/** Is out of order. */
export const breaksDown = (): SendResult => ({ state: 'failed', code: 'HTTP_500', permanent: false })

/** Each channel with its own answer; the others take. */
export const by =
  (answers: Partial<Record<Channel, Answer>>): Answer =>
  left =>
    (answers[left.channel] ?? takes)(left)
