import type { Role } from '../domain/actors'
import type { NoticeCode } from '../domain/notices'
import type { Urgency } from '../domain/statuses'
import { newId } from '../platform/ids'
import type { Database } from './database'
import { messageColumns, type MessageRow } from './messages.repository'
import { runPrepared, type Prepared } from './prepared'

/** A message, and who is to be told of it. */
export interface MessageQuery {
  readonly messageId: string
  readonly readerId: string
}
/** A message as one reader finds it, with its number in the conversation. */
export type MessageFor = MessageRow & { readonly seq: number; readonly reader_id: string }

const MESSAGES: Prepared = {
  name: 'socket-messages',
  text: `
    select n.reader_id, ${messageColumns('n.reader_id')}
    from unnest($1::uuid[], $2::uuid[]) as n (message_id, reader_id)
    join messages m on m.id = n.message_id join conversations c on c.id = m.conversation_id`,
}

/** Messages for those who are to be told of them. Whether they may know is for the caller to have found out. */
export async function readMessagesFor(db: Database, asked: readonly MessageQuery[]): Promise<MessageFor[]> {
  const values = [asked.map(each => each.messageId), asked.map(each => each.readerId)]
  return runPrepared<MessageFor>(db, MESSAGES, values)
}

const POSITIONS: Prepared = {
  name: 'socket-positions',
  text: 'select id, seq from messages where id = any($1::uuid[])',
}

/** The numbers of these messages in their conversations. */
export async function readPositions(db: Database, messageIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await runPrepared<{ id: string; seq: number }>(db, POSITIONS, [[...messageIds]])
  return new Map(rows.map(row => [row.id, row.seq]))
}

/** A notice as its recipient's own socket tells of it. */
export interface NoticeNews {
  readonly id: string
  readonly recipient_id: string
  readonly code: NoticeCode
  readonly is_read: boolean
  /** Does it speak of a state that is over, so that the inbox no longer shows it? */
  readonly is_withdrawn: boolean
}

const NOTICES: Prepared = {
  name: 'socket-notices',
  text: `select id, recipient_id, code, read_at is not null as is_read, withdrawn_at is not null as is_withdrawn
    from notices where id = any($1::uuid[])`,
}

/** These notices as they are now. */
export async function readNoticeNews(
  db: Database,
  noticeIds: readonly string[],
): Promise<ReadonlyMap<string, NoticeNews>> {
  const rows = await runPrepared<NoticeNews>(db, NOTICES, [[...noticeIds]])
  return new Map(rows.map(row => [row.id, row]))
}

/** What a board shows of an incident beside its state. */
export interface IncidentNews {
  readonly id: string
  readonly code: string
  readonly urgency: Urgency
  readonly case_type: string
  readonly is_deleted: boolean
}

const INCIDENTS: Prepared = {
  name: 'socket-incidents',
  text: `select id, code, urgency, case_type, deleted_at is not null as is_deleted
    from incidents where id = any($1::uuid[])`,
}

/** These incidents as they are now, for a board. */
export async function readIncidentNews(
  db: Database,
  incidentIds: readonly string[],
): Promise<ReadonlyMap<string, IncidentNews>> {
  const rows = await runPrepared<IncidentNews>(db, INCIDENTS, [[...incidentIds]])
  return new Map(rows.map(row => [row.id, row]))
}

const OFFERED: Prepared = {
  name: 'socket-offers',
  text: `select o.id, o.provider_id from offers o
    join incidents i on i.id = o.incident_id and i.deleted_at is null where o.id = any($1::uuid[])`,
}

/** To whom these offers were made; those of deleted incidents are not there. */
export async function readOffered(db: Database, offerIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await runPrepared<{ id: string; provider_id: string }>(db, OFFERED, [[...offerIds]])
  return new Map(rows.map(row => [row.id, row.provider_id]))
}

const LOG_FOLLOWING: Prepared = {
  name: 'log-following',
  text: `insert into access_log (id, incident_id, actor_id, actor_role, what)
    values ($1, $2, $3, $4, 'conversation.followed')`,
}

/** Notes that somebody of dispatch follows a conversation from now on: one line for all that comes while they do (S5). */
export async function logFollowing(
  db: Database,
  {
    incidentId,
    reader,
  }: { readonly incidentId: string; readonly reader: { readonly id: string; readonly role: Role } },
): Promise<void> {
  await runPrepared(db, LOG_FOLLOWING, [newId(), incidentId, reader.id, reader.role])
}
