import type { NoticeCode, NoticeState } from '../domain/notices'
import type { Channel } from '../domain/policy'
import { newId } from '../platform/ids'
import type { Database, Transaction } from './database'

/** For how long a notice that was taken for sending is nobody else's. */
const LEASE = "interval '10 seconds'"

/** Takes notices that wait to be sent, oldest first, for 10 s: whoever took them hands them to a workflow and marks them. */
export async function leaseNotices(db: Database, limit: number): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `update notices set send_after = clock_timestamp() + ${LEASE}
     where id in (select id from notices where send_after <= clock_timestamp()
       order by send_after limit ? for update skip locked)
     returning id`,
    [limit],
  )
  return rows.map(row => row.id)
}

/** These notices have a workflow that sends them. */
export async function markNoticesHandedOver(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await db('notices')
      .whereIn('id', [...ids])
      .update({ send_after: null })
}

/** A notice as the sending needs it. */
export interface NoticeToSend {
  readonly id: string
  readonly recipient_id: string
  readonly code: NoticeCode
  readonly channels: readonly Channel[]
  readonly withdrawn: boolean
}

export async function findNotice(db: Database, id: string): Promise<NoticeToSend | undefined> {
  return db('notices')
    .where({ id })
    .first<NoticeToSend | undefined>(
      'id',
      'recipient_id',
      'code',
      'channels',
      db.raw('withdrawn_at is not null as withdrawn'),
    )
}

/**
 * The last moment before a notice leaves: under its row lock, which every withdrawal needs too, it is seen whether it still may
 * (I4), and the attempt is written. Answers the attempt's state: `queued` means send it now; every other means do not. A second
 * attempt by the same channel does not exist, so a notice that was handed over once is not sent again.
 */
export async function beginAttempt(trx: Transaction, noticeId: string, channel: Channel): Promise<NoticeState> {
  const notice = await trx('notices')
    .where({ id: noticeId })
    .forUpdate()
    .first<{ withdrawn_at: Date | null } | undefined>('withdrawn_at')
  const isWithdrawn = notice === undefined || notice.withdrawn_at !== null
  if (notice)
    await trx('notice_attempts')
      .insert({ id: newId(), notice_id: noticeId, channel, state: isWithdrawn ? 'withdrawn' : 'queued' })
      .onConflict(['notice_id', 'channel'])
      .ignore()
  const attempt = await trx('notice_attempts')
    .where({ notice_id: noticeId, channel })
    .first<{ state: NoticeState } | undefined>('state')
  if (attempt?.state !== 'queued' || !isWithdrawn) return attempt?.state ?? 'withdrawn'
  await trx('notice_attempts').where({ notice_id: noticeId, channel }).update({ state: 'withdrawn' })
  return 'withdrawn'
}

/** What became of an attempt that was `queued`; one that has ended otherwise stays as it is. */
export interface AttemptEnd {
  readonly noticeId: string
  readonly channel: Channel
  readonly state: Exclude<NoticeState, 'queued'>
  readonly vendorId?: string
  /** The vendor's code, never its words. */
  readonly failure?: string
}

export async function endAttempt(db: Database, end: AttemptEnd): Promise<void> {
  await db('notice_attempts')
    .where({ notice_id: end.noticeId, channel: end.channel, state: 'queued' })
    .update({
      state: end.state,
      at: db.raw('clock_timestamp()'),
      ...(end.vendorId === undefined ? {} : { vendor_id: end.vendorId }),
      ...(end.failure === undefined ? {} : { failure: end.failure }),
    })
}

/** Keeps the code of a try that failed; the attempt stays `queued`, for another try follows. */
export async function keepFailure(
  db: Database,
  { noticeId, channel, failure }: Required<Pick<AttemptEnd, 'noticeId' | 'channel' | 'failure'>>,
): Promise<void> {
  await db('notice_attempts').where({ notice_id: noticeId, channel, state: 'queued' }).update({ failure })
}
