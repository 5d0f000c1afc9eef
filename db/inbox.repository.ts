import type { NoticeCode, NoticeState } from '../domain/notices'
import type { Channel } from '../domain/policy'
import type { Database, Transaction } from './database'
import { LADDER_CODES, rankOf, stopQueued } from './notices.repository'
import { runPrepared, type Prepared } from './prepared'

/** A notice in its recipient's inbox. */
export interface InboxRow {
  readonly id: string
  readonly code: NoticeCode
  readonly incident_id: string | null
  readonly created_at: Date
  readonly read_at: Date | null
}

const FIND_SUBJECT: Prepared = {
  name: 'find-notice-subject',
  text: `select coalesce(n.incident_id, (select c.incident_id from conversations c where c.id = n.conversation_id)) as incident_id
    from notices n where n.id = $1 and n.recipient_id = $2`,
}

/** The incident that a notice of this recipient speaks of; undefined for every other id. */
export async function findNoticeSubject(
  db: Database,
  { id, recipientId }: { readonly id: string; readonly recipientId: string },
): Promise<string | undefined> {
  const [found] = await runPrepared<{ incident_id: string | null }>(db, FIND_SUBJECT, [id, recipientId])
  return found?.incident_id ?? undefined
}

/** What became of a notice by one channel; `at` in milliseconds. */
export interface AttemptSeen {
  readonly channel: Channel
  readonly state: NoticeState
  readonly at: number
  /** The vendor's code, never its words. */
  readonly failure: string | null
}

// A notice about messages knows its conversation, and that the incident.
const COLUMNS = `n.id, n.code, n.created_at, n.read_at, coalesce(n.incident_id,
  (select c.incident_id from conversations c where c.id = n.conversation_id)) as incident_id`

/** The attempts of the notice `n` as JSON. */
export const ATTEMPTS = `coalesce((select json_agg(json_build_object('channel', a.channel, 'state', a.state,
    'failure', a.failure, 'at', (extract(epoch from greatest(a.at, a.handed_over_at, a.told_at)) * 1000)::double precision)
    order by a.channel)
  from notice_attempts a where a.notice_id = n.id), '[]')`

const COUNT: Prepared = {
  name: 'count-inbox',
  text: `select count(*) as total, count(*) filter (where n.read_at is null) as unread
    from notices n where n.recipient_id = $1 and n.withdrawn_at is null`,
}
const page = (name: string, condition: string): Prepared => ({
  name,
  text: `select ${COLUMNS} from notices n where n.recipient_id = $1 and n.withdrawn_at is null ${condition}
    order by n.created_at desc, n.id desc limit $2 offset $3`,
})
const PAGE = page('list-inbox', '')
const PAGE_OF_UNREAD = page('list-unread', 'and n.read_at is null')

/** How much of an inbox is listed. */
export interface InboxWindow {
  readonly unreadOnly: boolean
  readonly limit: number
  readonly offset: number
}

/** A page of somebody's inbox, newest first, how many there are and how many unread; what speaks of a state that is over is not in it. */
export async function listInbox(
  db: Database,
  recipientId: string,
  { unreadOnly, limit, offset }: InboxWindow,
): Promise<{ count: number; unread: number; results: InboxRow[] }> {
  const [counted] = await runPrepared<{ total: number; unread: number }>(db, COUNT, [recipientId])
  const results = await runPrepared<InboxRow>(db, unreadOnly ? PAGE_OF_UNREAD : PAGE, [recipientId, limit, offset])
  const { total, unread } = counted ?? { total: 0, unread: 0 }
  return { count: unreadOnly ? unread : total, unread, results }
}

const FIND: Prepared = {
  name: 'find-inbox-notice',
  text: `select ${COLUMNS}, ${ATTEMPTS} as attempts
    from notices n where n.id = $1 and n.recipient_id = $2 and n.withdrawn_at is null`,
}

/** A notice of somebody's own with what became of it; undefined when it is not theirs or speaks of a state that is over. */
export async function findInboxNotice(
  db: Database,
  noticeId: string,
  recipientId: string,
): Promise<(InboxRow & { readonly attempts: readonly AttemptSeen[] }) | undefined> {
  return (
    await runPrepared<InboxRow & { readonly attempts: readonly AttemptSeen[] }>(db, FIND, [noticeId, recipientId])
  )[0]
}

/** A notice for several people that is about no incident. */
export interface NoticeForMany {
  readonly code: NoticeCode
  /** Each recipient with the id of their notice. */
  readonly recipients: readonly { readonly id: string; readonly recipientId: string }[]
  readonly channels: readonly Channel[]
  /** Is there a vendor for any of the channels? */
  readonly send: boolean
  readonly drillId?: string
}

/** Sockets told by one transaction; its numbers in the feed end at 4096. Whoever comes after them finds the notice by HTTP. */
const TOLD_AT_MOST = 4_000

// The demo's people are all made in one transaction: what it has told of one of them already keeps its place.
const INSERT: Prepared = {
  name: 'insert-notices',
  text: `with made as (
      insert into notices (id, recipient_id, drill_id, code, channels, created_at, send_after)
      select r.id, r.recipient_id, $3::uuid, $4, $5::text[], t.at, case when $6::boolean then t.at end
      from unnest($1::uuid[], $2::uuid[]) as r (id, recipient_id), (select clock_timestamp() as at) as t
      returning id, recipient_id),
    told as materialized (
      select coalesce(max(id) - (select feed_id(0)), 0)::integer as place from feed
      where id between (select feed_id(1)) and (select feed_id(4095)))
    insert into feed (id, type, user_id, ref, event)
    select feed_id(told.place + (row_number() over ())::integer), 'notice.changed', recipient_id, made.id, $4
    from made, told limit (select greatest(0, ${TOLD_AT_MOST} - place) from told)`,
}

/** Puts a notice into the inbox of each of these people, and has it sent. */
export async function insertNotices(
  trx: Transaction,
  { code, recipients, channels, send, drillId }: NoticeForMany,
): Promise<void> {
  const ids = recipients.map(each => each.id)
  const people = recipients.map(each => each.recipientId)
  await runPrepared(trx, INSERT, [ids, people, drillId ?? null, code, [...channels], send])
}

/** How many notices of this code somebody got within the last hour, and in how many seconds the first of them is an hour old. */
export async function countWithinHour(
  trx: Transaction,
  recipientId: string,
  code: NoticeCode,
): Promise<{ count: number; seconds: number }> {
  const { rows } = await trx.raw<{ rows: [{ count: number; seconds: number }] }>(
    `select count(*) as count,
       coalesce(ceil(extract(epoch from min(created_at) + interval '1 hour' - clock_timestamp())), 0)::integer as seconds
     from notices where recipient_id = ? and code = ? and created_at > clock_timestamp() - interval '1 hour'`,
    [recipientId, code],
  )
  return rows[0]
}

// The attempts are those of the moment before: one that is handed over in the same instant stays so, and nothing follows it.
const READ_ALL: Prepared = {
  name: 'read-inbox',
  text: `with bound as (
      select created_at, id from notices where id = $2::uuid and recipient_id = $1::uuid),
    unread as materialized (
      select n.id, $2::uuid is null or (n.created_at, n.id) <= (select b.created_at, b.id from bound b) as is_meant
      from notices n where n.recipient_id = $1::uuid and n.read_at is null and n.withdrawn_at is null),
    marked as (
      update notices n set read_at = clock_timestamp(), send_after = null
      from unread u where n.id = u.id and u.is_meant and n.read_at is null returning n.id),
    settled as (
      update notice_attempts a set state = 'read', told_at = clock_timestamp()
      from marked m where a.notice_id = m.id and a.state in ('handed_over', 'unknown')),
    stopped as (${stopQueued('marked')}),
    told_sockets as (
      insert into feed (id, type, user_id, ref)
      select feed_id((row_number() over ())::integer), 'notice.changed', $1::uuid, id from marked limit ${TOLD_AT_MOST})
    select $2::uuid is null or exists (select 1 from bound) as found,
      (select count(*) from marked)::integer as read, (select count(*) from unread)::integer as unread`,
}

/**
 * Notes that somebody has read their inbox, up to a notice of theirs or all of it, and has nothing more sent of what they have read.
 * Answers how many were read by it and how many are left; undefined when `upTo` is not theirs.
 */
export async function markInboxRead(
  db: Database,
  recipientId: string,
  upTo: string | null,
): Promise<{ read: number; left: number } | undefined> {
  const [done] = await runPrepared<{ found: boolean; read: number; unread: number }>(db, READ_ALL, [recipientId, upTo])
  return done?.found ? { read: done.read, left: done.unread - done.read } : undefined
}

const READ_ONE: Prepared = {
  name: 'read-notice',
  text: `with marked as (
      update notices set read_at = coalesce(read_at, clock_timestamp()), send_after = null
      where id = $1 and recipient_id = $2 and withdrawn_at is null returning id),
    settled as (
      update notice_attempts a set state = 'read', told_at = clock_timestamp()
      from marked m where a.notice_id = m.id and a.state in ('handed_over', 'unknown')),
    stopped as (${stopQueued('marked')}),
    told_sockets as (
      insert into feed (id, type, user_id, ref) select feed_id(1), 'notice.changed', $2, id from marked)
    select id from marked`,
}
// An app may be faster than the note of the hand-over: that one leaves what is known already. What goes by all channels at once goes on.
const RECEIVE_ONE: Prepared = {
  name: 'receive-notice',
  text: `with marked as (
      update notices set send_after = case when code = any($3::text[]) then null else send_after end
      where id = $1 and recipient_id = $2 and withdrawn_at is null returning id, code),
    arrived as (select id from marked where code = any($3::text[])),
    stopped as (${stopQueued('arrived')} and a.channel <> 'push'),
    settled as (
      update notice_attempts a set state = 'delivered', told_at = clock_timestamp(), leased_until = null
      from marked m where a.notice_id = m.id and a.channel = 'push' and ${rankOf('a.state')} < ${rankOf("'delivered'")}
        and a.state <> 'withdrawn')
    select id from marked`,
}

/** Notes that its recipient has read a notice, or that the push of it arrived; answers whether they have such a notice. */
export async function markNotice(
  db: Database,
  { noticeId, recipientId }: { noticeId: string; recipientId: string },
  as: 'delivered' | 'read',
): Promise<boolean> {
  const [statement, more] = as === 'read' ? [READ_ONE, []] : [RECEIVE_ONE, [LADDER_CODES]]
  return (await runPrepared(db, statement, [noticeId, recipientId, ...more])).length > 0
}
