import { drawResetToken } from '../acts/accounts/reset-password'
import type { Channels } from '../adapters/channels'
import type { OutgoingPush, SendResult } from '../adapters/ports'
import type { Database } from '../db/database'
import { deleteDevice } from '../db/devices.repository'
import type { NoticeToSend } from '../db/notice-facts.repository'
import type { HandOver } from '../db/notices.repository'
import { priorityOf } from '../domain/notice-plan'
import { NOTICE_SUBJECT, NOTICES } from '../domain/notices'
import type { Channel } from '../domain/policy'
import type { Logger } from '../platform/logger'

export interface HandDeps {
  readonly db: Database
  readonly channels: Pick<Channels, 'email' | 'push' | 'sms'>
  readonly logger: Logger
  /** Links begin with it. */
  readonly publicUrl: string
}

/** What became of one try by one channel: taken by vendors, more than one where there are several devices, or not. */
export type Handed =
  | { readonly state: 'handed_over'; readonly handOvers: readonly HandOver[] }
  | { readonly state: 'failed'; readonly code: string; readonly permanent: boolean }

interface Sending {
  readonly notice: NoticeToSend
  readonly attemptId: string
  /** Milliseconds. */
  readonly now: number
}

const NO_ADDRESS = { state: 'failed', code: 'NO_ADDRESS', permanent: true } as const satisfies SendResult

/** Gives a notice to the vendor of a channel: words of the closed catalogue alone, to the address as it was read. Never throws. */
export async function handNotice(deps: HandDeps, channel: Channel, sending: Sending): Promise<Handed> {
  const { notice, attemptId } = sending
  try {
    const results = await send(deps, channel, sending)
    const taken = results.flatMap((result, index): HandOver[] =>
      result.state === 'handed_over'
        ? [{ vendor: result.vendor, vendorId: result.vendor_id ?? `${attemptId}:${index}` }]
        : [],
    )
    return taken.length > 0 ? { state: 'handed_over', handOvers: taken } : failureOf(results)
  } catch (error) {
    deps.logger.error({ err: error, notice: notice.id, channel }, 'a notice could not be handed over')
    return { state: 'failed', code: 'SENDING_BROKE', permanent: false }
  }
}

/** Of several failures the one that may pass: then another try is worth while. */
function failureOf(results: readonly SendResult[]): Handed {
  const failures = results.filter(result => result.state === 'failed')
  const { code, permanent } = failures.find(failure => !failure.permanent) ?? failures[0] ?? NO_ADDRESS
  return { state: 'failed', code, permanent }
}

async function send(deps: HandDeps, channel: Channel, sending: Sending): Promise<SendResult[]> {
  const { notice } = sending
  const { code } = notice.facts
  const words = { noticeId: notice.id, noticeCode: code, text: NOTICES[code].text }
  switch (channel) {
    case 'push':
      return pushToAll(deps, sending)
    case 'sms':
      return [notice.phone === null ? NO_ADDRESS : await deps.channels.sms.send({ ...words, to: notice.phone })]
    case 'email': {
      if (notice.email === null) return [NO_ADDRESS]
      const text = await emailText(deps, notice)
      return [await deps.channels.email.send({ ...words, text, to: notice.email, subject: NOTICE_SUBJECT })]
    }
  }
}

const HOUR_SECONDS = 3_600

/** How long a push is worth delivering: an offer until it ends, news for a day, what asks for an act for an hour. */
function ttlSeconds({ facts: { code, expires_at } }: NoticeToSend, now: number): number {
  if (expires_at !== null) return Math.max(1, Math.round((expires_at - now) / 1000))
  return NOTICES[code].about === 'history' ? 24 * HOUR_SECONDS : HOUR_SECONDS
}

async function pushToAll(deps: HandDeps, { notice, now }: Sending): Promise<SendResult[]> {
  const { id, offer_id, recipient_id, facts } = notice
  const push: Omit<OutgoingPush, 'deviceType' | 'token'> = {
    noticeId: id,
    noticeCode: facts.code,
    title: NOTICE_SUBJECT,
    text: NOTICES[facts.code].text,
    priority: priorityOf(facts.code) === 'urgent' ? 'high' : 'normal',
    ttlSeconds: ttlSeconds(notice, now),
    collapseKey: offer_id === null ? id : `offer:${offer_id}`,
  }
  return Promise.all(
    notice.devices.map(async device => {
      const result = await deps.channels.push.send({ ...push, deviceType: device.device_type, token: device.token })
      if (result.state === 'failed' && result.tokenIsDead) {
        await deleteDevice(deps.db, { id: device.id, userId: recipient_id })
        deps.logger.info({ device: device.id, code: result.code }, 'a device is reached no more')
      }
      return result
    }),
  )
}

/** The words of the catalogue, and under one notice a link: its token is drawn now and stands nowhere but in the e-mail. */
async function emailText(
  { db, publicUrl }: HandDeps,
  { facts: { code }, recipient_id }: NoticeToSend,
): Promise<string> {
  const { text } = NOTICES[code]
  if (code !== 'account.password_reset') return text
  return `${text}\n\n${publicUrl}/reset/?token=${await drawResetToken({ db }, recipient_id)}`
}
