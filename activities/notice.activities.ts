import { ApplicationFailure } from '@temporalio/common'
import { drawResetToken } from '../acts/accounts/reset-password'
import type { Channels } from '../adapters/channels'
import type { SendResult } from '../adapters/ports'
import { findAccount, type Account } from '../db/accounts.repository'
import type { Database } from '../db/database'
import { beginAttempt, endAttempt, findNotice, keepFailure, type NoticeToSend } from '../db/notices.repository'
import { inTransaction } from '../db/unit-of-work'
import type { Vault } from '../db/vault'
import { NOTICE_SUBJECT, NOTICES, type NoticeCode, type NoticeState } from '../domain/notices'
import type { Channel } from '../domain/policy'
import type { Logger } from '../platform/logger'
import { shielded } from './shield'

export interface NoticeDeps {
  readonly db: Database
  readonly vault: Vault
  readonly channels: Pick<Channels, 'email' | 'push' | 'sms' | 'configured'>
  readonly logger: Logger
  /** Links begin with it. */
  readonly publicUrl: string
}

export interface NoticeAttempt {
  readonly noticeId: string
  readonly channel: Channel
}

/** The activities of the queue `notices`. */
export interface NoticeActivities {
  planNotice(notice: { readonly noticeId: string }): Promise<readonly Channel[]>
  sendNotice(attempt: NoticeAttempt): Promise<NoticeState>
  giveUpNotice(attempt: NoticeAttempt): Promise<void>
}

/** Sent because whoever signs in has just asked for it, to an address they gave. */
const ASKED_FOR: readonly NoticeCode[] = ['account.password_reset']

/** Who may be reached outside the inbox. A survivor's phone may be in the wrong hands: not before they have said how (S2). */
const mayBeReached = ({ role, status }: Account, code: NoticeCode): boolean =>
  status === 'active' && (role !== 'survivor' || ASKED_FOR.includes(code))

/** What sends notices: words from the closed catalogue alone, and an address that is opened at the moment of sending. */
export function createNoticeActivities(deps: NoticeDeps): NoticeActivities {
  const { db, vault, channels, logger } = deps
  return {
    /** Idempotent: it only reads. Answers the channels by which the notice can leave now; none when it was withdrawn. */
    planNotice: ({ noticeId }) =>
      shielded(logger, { notice: noticeId }, async () => {
        const notice = await findNotice(db, noticeId)
        if (!notice || notice.withdrawn) return []
        const account = await findAccount(db, vault, notice.recipient_id)
        if (!account || !mayBeReached(account, notice.code)) return []
        return notice.channels.filter(channel => channels.configured.has(channel))
      }),

    /**
     * Idempotent: one row an attempt by channel. One that was handed over, withdrawn or given up is not sent again; one whose try
     * died between vendor and record is sent again under the same Message-ID, by which the vendor knows it.
     */
    sendNotice: ({ noticeId, channel }) =>
      shielded(logger, { notice: noticeId, channel }, async () => {
        const notice = await findNotice(db, noticeId)
        const account = notice && (await findAccount(db, vault, notice.recipient_id))
        if (!account) return 'withdrawn'
        const state = await inTransaction(db, trx => beginAttempt(trx, noticeId, channel))
        // What is withdrawn from here on has left: the lock is not kept, or an accept would wait for a mail server.
        if (state !== 'queued') return state
        const result = mayBeReached(account, notice.code) ? await hand(deps, channel, notice, account) : NO_ADDRESS
        return settle({ db, logger }, { noticeId, channel }, result)
      }),

    /** Idempotent: an attempt that has ended stays as it is. */
    giveUpNotice: ({ noticeId, channel }) =>
      shielded(logger, { notice: noticeId, channel }, () => endAttempt(db, { noticeId, channel, state: 'failed' })),
  }
}

const NO_ADDRESS: SendResult = { state: 'failed', code: 'NO_ADDRESS', permanent: true }

async function hand(
  deps: NoticeDeps,
  channel: Channel,
  notice: NoticeToSend,
  { email, phone }: Account,
): Promise<SendResult> {
  const { channels } = deps
  const words = { noticeId: notice.id, noticeCode: notice.code, text: NOTICES[notice.code].text }
  switch (channel) {
    case 'email':
      if (email === null) return NO_ADDRESS
      return channels.email.send({
        ...words,
        text: await emailText(deps, notice),
        to: email,
        subject: NOTICE_SUBJECT,
      })
    case 'sms':
      return phone === null ? NO_ADDRESS : channels.sms.send({ ...words, to: phone })
    case 'push':
      // Nobody's device is known yet.
      return NO_ADDRESS
  }
}

/** The words of the catalogue, and under one notice a link: its token is drawn now and stands nowhere but in the e-mail. */
async function emailText({ db, publicUrl }: NoticeDeps, { code, recipient_id }: NoticeToSend): Promise<string> {
  const { text } = NOTICES[code]
  if (code !== 'account.password_reset') return text
  return `${text}\n\n${publicUrl}/reset/?token=${await drawResetToken({ db }, recipient_id)}`
}

async function settle(
  { db, logger }: Pick<NoticeDeps, 'db' | 'logger'>,
  attempt: NoticeAttempt,
  result: SendResult,
): Promise<NoticeState> {
  if (result.state === 'handed_over') {
    await endAttempt(db, { ...attempt, state: 'handed_over', vendorId: result.vendor_id })
    return 'handed_over'
  }
  const { code, permanent } = result
  logger.warn({ notice: attempt.noticeId, channel: attempt.channel, code, permanent }, 'a notice was not handed over')
  if (permanent) {
    await endAttempt(db, { ...attempt, state: 'failed', failure: code })
    return 'failed'
  }
  await keepFailure(db, { ...attempt, failure: code })
  throw ApplicationFailure.retryable('the vendor did not take the notice', code)
}
