import type { Channels } from '../adapters/channels'
import { findNoticeToSend, type AttemptRow, type NoticeToSend } from '../db/notice-facts.repository'
import {
  beginAttempts,
  beginCalmly,
  keepNextLook,
  noteAttemptsOver,
  noteHandedOver,
  noteTryFailed,
} from '../db/notices.repository'
import { inTransaction } from '../db/unit-of-work'
import type { Vault } from '../db/vault'
import { backOffMs, CALM, gatheredAt, planOf, priorityOf, type NoticeStep, type NoticeWhy } from '../domain/notice-plan'
import type { Channel } from '../domain/policy'
import { handNotice, type HandDeps } from './hand-notice'

export interface NoticeDeps extends HandDeps {
  readonly vault: Vault
  readonly channels: Pick<Channels, 'email' | 'push' | 'sms' | 'configured'>
  /** Tests only: does the caller's time count? Production refuses to start with it. */
  readonly timeTravel: boolean
}

export interface NoticeStepInput {
  readonly noticeId: string
  /** The workflow's time in milliseconds; counts in time-travel tests alone. */
  readonly at: number
}

/** When to look at the notice again, in milliseconds from now; null when nothing is left to do. `why` is a code. */
export interface NextLook {
  readonly next_look_ms: number | null
  readonly why: NoticeWhy | 'no_such_notice' | 'news'
}

/** When a workflow keeps the time, the relay looks this much later: only when the workflow has not. */
const RELAY_LATER_MS = 10_000
/** Each turn reads the record anew because of news; more of them in one step than that are left to the next. */
const TURNS = 4
const AFTER_NEWS_MS = 1_000

/**
 * Does for a notice what is due now: plans by the record, sends, writes down what became of it, and says when to look again. Safe at any
 * time, from several processes at once: who sends is decided under the notice's lock, and each looks at what the others left.
 */
export async function stepNotice(deps: NoticeDeps, { noticeId, at }: NoticeStepInput): Promise<NextLook> {
  for (let turn = 0; turn < TURNS; turn++) {
    const notice = await findNoticeToSend(deps.db, deps.vault, noticeId)
    if (!notice) return { next_look_ms: null, why: 'no_such_notice' }
    const look = await new Step(deps, notice, deps.timeTravel ? at : 0).take()
    if (look) return look
  }
  return { next_look_ms: AFTER_NEWS_MS, why: 'news' }
}

/** One reading of the record, and what is done upon it. */
class Step {
  readonly #readAt = performance.now()
  readonly #attempts: Map<Channel, AttemptRow>

  constructor(
    private readonly deps: NoticeDeps,
    private readonly notice: NoticeToSend,
    /** In time-travel tests the workflow's time, which is ahead of the database's. */
    private readonly at: number,
  ) {
    this.#attempts = new Map(notice.facts.attempts.map(attempt => [attempt.channel, attempt]))
  }

  /** The database's time, in milliseconds. */
  get #now(): number {
    return Math.max(this.at, this.notice.facts.now) + performance.now() - this.#readAt
  }

  /** Sends until nothing more is due; undefined when there is news, so that the record is to be read again. */
  async take(): Promise<NextLook | undefined> {
    for (;;) {
      const facts = { ...this.notice.facts, attempts: [...this.#attempts.values()], now: this.#now }
      const { over, next } = planOf({ ...facts, configured: this.deps.channels.configured })
      if (over.length > 0)
        this.#keep(await noteAttemptsOver(this.deps.db, { noticeId: this.notice.id, over, at: this.#now }))
      if (next.kind !== 'send') return this.#rest(next)
      const begun = await this.#begin(next.channels)
      if (begun.length === 0) return undefined
      await Promise.all(begun.map(attempt => this.#try(attempt)))
    }
  }

  #keep(attempts: readonly AttemptRow[]): void {
    for (const attempt of attempts) this.#attempts.set(attempt.channel, attempt)
  }

  async #rest(next: Exclude<NoticeStep, { kind: 'send' }>): Promise<NextLook | undefined> {
    const { db } = this.deps
    const { id: noticeId, seen } = this.notice
    const until = next.kind === 'wait' ? next.until : null
    const look = until === null ? null : until + RELAY_LATER_MS
    if (seen !== null && !(await keepNextLook(db, { noticeId, look, seen }))) return undefined
    return { next_look_ms: until === null ? null : Math.max(1, Math.ceil(until - this.#now)), why: next.why }
  }

  async #begin(channels: readonly Channel[]): Promise<AttemptRow[]> {
    const { db } = this.deps
    const { id: noticeId, recipient_id: recipientId, facts } = this.notice
    const beginning = { noticeId, channels, at: this.#now }
    if (priorityOf(facts.code) === 'urgent') return beginAttempts(db, beginning)
    const gathered = gatheredAt({ ...facts, configured: this.deps.channels.configured })
    return inTransaction(db, trx =>
      beginCalmly(trx, {
        ...beginning,
        recipientId,
        calm: CALM.sends,
        ...(gathered === undefined ? {} : { gatheredAt: gathered }),
      }),
    )
  }

  async #try({ id: attemptId, channel, tries }: AttemptRow): Promise<void> {
    const { db, logger } = this.deps
    const { notice } = this
    const handed = await handNotice(this.deps, channel, { notice, attemptId, now: this.#now })
    if (handed.state === 'handed_over') {
      const { handOvers } = handed
      const noted = await inTransaction(db, trx => noteHandedOver(trx, { attemptId, handOvers, at: this.#now }))
      return this.#keep(noted ? [noted] : [])
    }
    const { code: failure, permanent } = handed
    logger.warn({ notice: notice.id, channel, code: failure, permanent, tries }, 'a notice was not handed over')
    const againAt = permanent ? null : this.#now + backOffMs(tries)
    const noted = await noteTryFailed(db, { attemptId, failure, at: this.#now, againAt })
    this.#keep(noted ? [noted] : [])
  }
}
