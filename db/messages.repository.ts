import type { Role } from '../domain/actors'
import type { MessageType } from '../domain/conversations'
import type { FileKind } from '../domain/file-types'
import type { NoticeCode } from '../domain/notices'
import type { Channel } from '../domain/policy'
import { newId } from '../platform/ids'
import { personJson, type Participant } from './conversations.repository'
import type { Database, Transaction } from './database'
import { stopQueued } from './notices.repository'
import { runPrepared, type Prepared } from './prepared'

/** A message as it is written: words sealed already. */
export interface MessageToWrite {
  readonly id: string
  readonly conversation_id: string
  /** The next of its conversation, whose lock is held. */
  readonly seq: number
  readonly sender_id: string
  readonly sender_role: Role
  readonly receiver_id: string | null
  readonly message_type: MessageType
  readonly content: string | null
  readonly client_id: string | null
  readonly client_digest: string | null
  readonly created_at: Date
}

/** Whom a message is announced to; a person who has an unread notice of this conversation gets no second. */
export interface MessageNotice {
  readonly code: NoticeCode
  readonly recipients: readonly string[]
  readonly channels: readonly Channel[]
  /** Is there a vendor for any of the channels? */
  readonly send: boolean
}

const WRITE: Prepared = {
  name: 'write-message',
  text: `with written as (
      insert into messages select n.* from jsonb_populate_record(null::messages, $1::jsonb) as n),
    moved as (
      update conversations c set last_seq = n.seq, last_message_at = n.created_at
      from jsonb_populate_record(null::messages, $1::jsonb) as n where c.id = n.conversation_id),
    noticed as (
      insert into notices (id, recipient_id, conversation_id, code, channels, created_at, send_after)
      select r.id, r.recipient_id, m.conversation_id, $4, $5::text[], m.created_at,
        case when $6::boolean then m.created_at end
      from unnest($2::uuid[], $3::uuid[]) as r (id, recipient_id),
        jsonb_populate_record(null::messages, $1::jsonb) as m
      on conflict (conversation_id, recipient_id)
        where conversation_id is not null and read_at is null and withdrawn_at is null do nothing
      returning id, recipient_id),
    told_sockets as (
      insert into feed (id, type, conversation_id, user_id, ref, actor_id, event)
      select feed_id(1), 'message.created', m.conversation_id, null, m.id, m.sender_id, null
        from jsonb_populate_record(null::messages, $1::jsonb) as m
      union all
      select feed_id(1 + (row_number() over ())::integer), 'notice.changed', null, n.recipient_id, n.id, null, $4
        from noticed n)
    select id from noticed`,
}

/** Writes a message and announces it; answers the ids of the notices that were made. */
export async function writeMessage(
  trx: Transaction,
  message: MessageToWrite,
  { code, recipients, channels, send }: MessageNotice,
): Promise<string[]> {
  const ids = recipients.map(newId)
  const values = [JSON.stringify(message), ids, [...recipients], code, [...channels], send]
  return (await runPrepared<{ id: string }>(trx, WRITE, values)).map(notice => notice.id)
}

const FIND_BY_CLIENT_ID: Prepared = {
  name: 'find-message-by-client-id',
  text: 'select id from messages where conversation_id = $1 and sender_id = $2 and client_digest = $3',
}

/** The message that this sender wrote in the conversation under the same client id. */
export async function findMessageByClientId(
  trx: Transaction,
  message: Pick<MessageToWrite, 'conversation_id' | 'sender_id' | 'client_digest'>,
): Promise<string | undefined> {
  const values = [message.conversation_id, message.sender_id, message.client_digest]
  return (await runPrepared<{ id: string }>(trx, FIND_BY_CLIENT_ID, values))[0]?.id
}

/** Has this person, who belongs to dispatch, written in the conversation? */
export async function hasDispatchWritten(trx: Transaction, conversationId: string, personId: string): Promise<boolean> {
  const found = await trx('messages')
    .where({ conversation_id: conversationId, sender_id: personId })
    .whereIn('sender_role', ['dispatcher', 'admin'])
    .first<{ id: string } | undefined>('id')
  return found !== undefined
}

/** A sealed file with what is known of it. */
export interface AttachmentFacts {
  readonly id: string
  readonly kind: FileKind
  readonly media_type: string
  readonly size: number
  readonly sha256: string
  readonly file_name: string
}

/** A message with all that its view needs. */
export interface MessageRow {
  readonly id: string
  readonly conversation_id: string
  readonly incident_id: string
  readonly sender: Participant
  /** The role in which it was written. */
  readonly sender_role: Role
  readonly receiver: Participant | null
  readonly message_type: MessageType
  readonly content: string | null
  readonly client_id: string | null
  readonly attachment: AttachmentFacts | null
  /** Of a message that the reader wrote: when somebody else read it first. Of every other: when the reader did. */
  readonly read_at: Date | null
  readonly created_at: Date
  readonly wrapped: string | null
}

/** The columns of a message row as this reader finds it; `m` and `c` stand in the statement around it. */
export const messageColumns = (reader: string): string => `
  m.id, m.seq, m.conversation_id, c.incident_id, m.sender_role, m.message_type, m.content, m.client_id, m.created_at,
    ${personJson('m.sender_id')} as sender, ${personJson('m.receiver_id')} as receiver,
    (select json_build_object('id', f.id, 'kind', f.kind, 'media_type', f.media_type, 'size', f.size, 'sha256', f.sha256,
        'file_name', f.file_name) from attachments f where f.message_id = m.id) as attachment,
    (select min(r.read_at) from message_receipts r
      where r.message_id = m.id and (r.reader_id = ${reader}) = (m.sender_id <> ${reader})) as read_at,
    (select k.wrapped from incident_keys k where k.incident_id = c.incident_id) as wrapped`

const ROW = `select ${messageColumns('$1::uuid')}
  from messages m join conversations c on c.id = m.conversation_id`

const PAGE = `${ROW} where m.conversation_id = $2 and m.seq > $3 and m.seq <= $4`

// The entry is written by the statement that reads (S5): there is no answer without it. Looking for news and finding none shows
// nothing of anybody, and leaves none.
const LOGGED_PAGE = `with page as materialized (${PAGE}),
  logged as (insert into access_log (id, incident_id, actor_id, actor_role, what)
    select $5::uuid, incident_id, $1::uuid, $6, 'conversation.read' from page limit 1)
  select * from page`

const READ_PAGE: Prepared = { name: 'read-messages', text: `${PAGE} order by m.seq` }
const READ_LOGGED_PAGE: Prepared = { name: 'read-messages-logged', text: `${LOGGED_PAGE} order by seq` }
const READ_ONE: Prepared = { name: 'read-message', text: `${ROW} where m.id = $2` }

/** Which messages of a conversation: those whose numbers come after `after`, at most `limit` of them. */
export interface MessageQuery {
  readonly conversationId: string
  readonly reader: { readonly id: string; readonly role: Role }
  readonly after: number
  readonly limit: number
  readonly isLogged: boolean
}

/** Messages of a conversation in their order; by numbers without a gap, so that a page far behind costs no more than the first. */
export async function readMessages(
  db: Database,
  { conversationId, reader, after, limit, isLogged }: MessageQuery,
): Promise<MessageRow[]> {
  const values = [reader.id, conversationId, after, after + limit]
  if (!isLogged) return runPrepared<MessageRow>(db, READ_PAGE, values)
  return runPrepared<MessageRow>(db, READ_LOGGED_PAGE, [...values, newId(), reader.role])
}

/** One message, as this person finds it. Whether they may is for the caller to have found out. */
export async function readMessage(db: Database, messageId: string, readerId: string): Promise<MessageRow | undefined> {
  return (await runPrepared<MessageRow>(db, READ_ONE, [readerId, messageId]))[0]
}

const FIND_POSITION: Prepared = {
  name: 'find-message-position',
  text: 'select seq from messages where id = $1 and conversation_id = $2',
}

/** The number of a message in its conversation; undefined when it is not of this conversation. */
export async function findPosition(
  db: Database,
  messageId: string,
  conversationId: string,
): Promise<number | undefined> {
  return (await runPrepared<{ seq: number }>(db, FIND_POSITION, [messageId, conversationId]))[0]?.seq
}

const MARK: Prepared = {
  name: 'mark-messages-read',
  text: `with marked as (
      insert into message_receipts (message_id, reader_id)
      select m.id, $2::uuid from messages m
      where m.conversation_id = $1::uuid and m.seq > $3 and m.seq <= $4 and m.sender_id <> $2::uuid
        and not exists (select 1 from message_receipts r where r.message_id = m.id and r.reader_id = $2::uuid)
      on conflict do nothing returning message_id),
    noticed as (
      update notices set read_at = clock_timestamp(), send_after = null
      where conversation_id = $1::uuid and recipient_id = $2::uuid and read_at is null and withdrawn_at is null
      returning id),
    settled as (
      update notice_attempts a set state = 'read', told_at = clock_timestamp()
      from noticed n where a.notice_id = n.id and a.state in ('handed_over', 'unknown')),
    stopped as (${stopQueued('noticed')}),
    told_sockets as (
      insert into feed (id, type, conversation_id, user_id, ref, actor_id)
      select feed_id(1), 'message.read', $1::uuid, null, read.message_id, $2::uuid
        from (select k.message_id from marked k join messages m on m.id = k.message_id order by m.seq desc limit 1) as read
      union all
      select feed_id(1 + (row_number() over ())::integer), 'notice.changed', null, $2::uuid, n.id, null from noticed n)
    select count(*)::integer as count from marked`,
}

/**
 * Notes that somebody has read the messages with numbers after `after` up to `upTo`, their own left out, and with them the notice of
 * the conversation and what has left of it; the first reading counts. Answers how many were unread.
 */
export async function markMessagesRead(
  trx: Transaction,
  { conversationId, readerId, after, upTo }: { conversationId: string; readerId: string; after: number; upTo: number },
): Promise<number> {
  const [marked] = await runPrepared<{ count: number }>(trx, MARK, [conversationId, readerId, after, upTo])
  return marked?.count ?? 0
}
