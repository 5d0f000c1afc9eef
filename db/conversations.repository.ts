import type { Role } from '../domain/actors'
import type { MessageType, Part } from '../domain/conversations'
import type { Status, Urgency, UrgencyWord } from '../domain/statuses'
import { newId } from '../platform/ids'
import type { Database, Transaction } from './database'
import type { SealedName } from './person-names'
import { runPrepared, type Prepared } from './prepared'

/** Which conversation is meant: by its own id or by its incident's. */
export type ConversationTarget = { readonly conversationId: string } | { readonly incidentId: string }

const LOCK = 'for no key update'
const LOCK_BY_ID: Prepared = {
  name: 'lock-conversation',
  text: `select id from conversations where id = $1 ${LOCK}`,
}
const LOCK_BY_INCIDENT: Prepared = {
  name: 'lock-conversation-of-incident',
  text: `select id from conversations where incident_id = $1 ${LOCK}`,
}
const MAKE: Prepared = {
  name: 'make-conversations',
  text: `insert into conversations (id, incident_id)
    select n.id, i.id from unnest($1::uuid[], $2::uuid[]) as n (id, incident_id) join incidents i on i.id = n.incident_id
    on conflict (incident_id) do nothing`,
}

/**
 * First statement of whatever writes to a conversation: takes its row lock and answers its id; an incident's conversation is made when
 * it is first needed. Undefined when there is no such conversation, or no such incident. Only writers of the same conversation wait
 * here: the incident's own lock, which the engine holds, is not asked for but to make the row.
 */
export async function lockConversation(trx: Transaction, target: ConversationTarget): Promise<string | undefined> {
  if ('conversationId' in target)
    return (await runPrepared<{ id: string }>(trx, LOCK_BY_ID, [target.conversationId]))[0]?.id
  const lock = async () => (await runPrepared<{ id: string }>(trx, LOCK_BY_INCIDENT, [target.incidentId]))[0]?.id
  const known = await lock()
  if (known) return known
  await makeConversations(trx, [target.incidentId])
  return lock()
}

/** Makes the conversations of these incidents where there are none. */
export async function makeConversations(db: Database | Transaction, incidentIds: readonly string[]): Promise<void> {
  await runPrepared(db, MAKE, [incidentIds.map(newId), [...incidentIds]])
}

/** A conversation as one person finds it. */
export interface ConversationSeen extends Part {
  readonly id: string
  readonly incident_id: string
  readonly last_seq: number
  readonly reporter_id: string | null
  readonly owner_id: string | null
  /** By an assignment that lives. */
  readonly assignee_id: string | null
  readonly assignment_id: string | null
  /** Null once the incident was erased: nothing can be opened or sealed. */
  readonly wrapped: string | null
  /** The message that was asked for, when one was. */
  readonly seq: number | null
  /** Milliseconds by the database's clock, never before the last message. */
  readonly at: number
}

/** How many of the conversation's messages an assignment's responder may not read; `c` and `a` stand in the statement around it. */
const HIDDEN = `case when exists (select 1 from conversation_shares s where s.assignment_id = a.id) then 0
  else coalesce((select m.seq from messages m where m.conversation_id = c.id and m.created_at < a.assigned_at
    order by m.seq desc limit 1), 0) end`

/** The assignment that lives, of the incident `i`. */
const ASSIGNMENT = `left join assignments a on a.incident_id = i.id and a.service = 'response' and a.ended_at is null
  and a.provider_id = i.assignee_id and i.status not in ('closed', 'cancelled')`

/** What a reader is to the conversation `c` of the incident `i`: the columns of `Part`. */
const part = (reader: string): string => `i.status,
    coalesce(i.reporter_id = ${reader}, false) as is_reporter,
    coalesce(a.provider_id = ${reader}, false) as is_assignee,
    exists (select 1 from assignments w where w.incident_id = i.id and w.provider_id = ${reader}) as was_assigned,
    case when a.provider_id = ${reader} then ${HIDDEN} else 0 end as hidden`

// $1 what is asked for, $2 who asks.
const seen = (seq: string, from: string): string => `
  select c.id, c.incident_id, c.last_seq, i.reporter_id, i.owner_id, a.provider_id as assignee_id,
    a.id as assignment_id, ${seq} as seq,
    (select k.wrapped from incident_keys k where k.incident_id = i.id) as wrapped,
    ${part('$2::uuid')},
    floor(extract(epoch from greatest(clock_timestamp(), c.last_message_at)) * 1000)::double precision as at
  from ${from} join incidents i on i.id = c.incident_id and i.deleted_at is null ${ASSIGNMENT}`

const SEE: Prepared = {
  name: 'see-conversation',
  text: `${seen('null::integer', 'conversations c')} where c.id = $1::uuid`,
}
const SEE_BY_MESSAGE: Prepared = {
  name: 'see-conversation-of-message',
  text: `${seen('asked.seq', 'messages asked join conversations c on c.id = asked.conversation_id')} where asked.id = $1::uuid`,
}

/** A conversation, with what this person is to it; undefined when there is none, or its incident was deleted. */
export async function findConversation(
  db: Database | Transaction,
  conversationId: string,
  personId: string,
): Promise<ConversationSeen | undefined> {
  return (await runPrepared<ConversationSeen>(db, SEE, [conversationId, personId]))[0]
}

/** The conversation that a message stands in, with what this person is to it; `seq` is the message's. */
export async function findConversationOf(
  db: Database | Transaction,
  messageId: string,
  personId: string,
): Promise<(ConversationSeen & { readonly seq: number }) | undefined> {
  const [row] = await runPrepared<ConversationSeen & { readonly seq: number }>(db, SEE_BY_MESSAGE, [
    messageId,
    personId,
  ])
  return row
}

/** A conversation, and who asks what they are to it. */
export interface PartQuery {
  readonly conversationId: string
  readonly readerId: string
}
export type PartSeen = Part & { readonly incident_id: string }

const PARTS: Prepared = {
  name: 'conversation-parts',
  text: `select n.place::integer as place, c.incident_id, ${part('n.reader_id')}
    from unnest($1::uuid[], $2::uuid[]) with ordinality as n (conversation_id, reader_id, place)
    join conversations c on c.id = n.conversation_id
    join incidents i on i.id = c.incident_id and i.deleted_at is null ${ASSIGNMENT}`,
}

/** What each reader is to their conversation, in the order asked; undefined where there is none. */
export async function findParts(db: Database, asked: readonly PartQuery[]): Promise<(PartSeen | undefined)[]> {
  const values = [asked.map(each => each.conversationId), asked.map(each => each.readerId)]
  const rows = await runPrepared<PartSeen & { place: number }>(db, PARTS, values)
  const byPlace = new Map(rows.map(row => [row.place, row]))
  return asked.map((_, index) => byPlace.get(index + 1))
}

/** Of the incident `i`: how many messages the reader `$2`, whose role is `$3`, may read. */
export const MESSAGE_COUNT = `coalesce((
  select c.last_seq - case when a.id is null then 0 else ${HIDDEN} end
  from conversations c
  left join assignments a on $3::text = 'provider' and i.reporter_id is distinct from $2::uuid
    and a.incident_id = i.id and a.service = 'response' and a.ended_at is null and a.provider_id = $2::uuid
  where c.incident_id = i.id), 0)`

/** Somebody who takes part, as a name is stored. */
export interface Participant extends SealedName {
  readonly role: Role
  readonly provider_type: string | null
}

/** A person as JSON, by the column that holds their id; null when it is null. */
export const personJson = (column: string): string => `
  (select json_build_object('id', u.id, 'role', u.role, 'first_name', u.first_name, 'last_name', u.last_name,
      'username', u.username, 'is_anonymous', u.is_anonymous,
      'provider_type', (select p.provider_type from provider_profiles p where p.user_id = u.id),
      'wrapped', (select k.wrapped from account_keys k where k.user_id = u.id))
    from users u where u.id = ${column})`

/** A conversation in somebody's list. */
export interface ConversationRow {
  /** Null while it was not made yet. */
  readonly id: string | null
  readonly incident_id: string
  readonly code: string
  readonly status: Status
  readonly incident_type: string | null
  readonly urgency: Urgency
  readonly urgency_word: UrgencyWord | null
  readonly wrapped: string | null
  readonly reporter: Participant | null
  readonly assignee: Participant | null
  readonly earlier_shared: boolean
  readonly unread: number
  readonly last_id: string | null
  readonly last_sender_id: string | null
  readonly last_sender_role: Role | null
  readonly last_type: MessageType | null
  readonly last_content: string | null
  readonly last_at: Date | null
  readonly created_at: Date
}

export interface ConversationQuery {
  readonly reader: { readonly id: string; readonly role: Role }
  /** Only this incident's. */
  readonly incidentId?: string | undefined
  readonly limit: number
  readonly offset: number
}

// $1 the reader, $2 their role, $3 the incident. Of their own incidents somebody finds the conversation before its first message.
const OWN = `
  select i.id as incident_id, coalesce(c.last_message_at, i.created_at) as moved_at
  from incidents i left join conversations c on c.incident_id = i.id
  where i.deleted_at is null
    and i.id in (select r.id from incidents r where r.reporter_id = $1::uuid
      union select w.incident_id from assignments w
        where w.provider_id = $1::uuid and w.ended_at is null and w.service = 'response' and $2::text = 'provider')
    and (i.reporter_id = $1::uuid or (i.assignee_id = $1::uuid and i.status not in ('closed', 'cancelled')))
    and ($3::uuid is null or i.id = $3::uuid)`
const DISPATCH = `
  select c.incident_id, c.last_message_at as moved_at
  from conversations c join incidents i on i.id = c.incident_id and i.deleted_at is null
  where c.last_seq > 0 and $1::uuid is not null and $2::text is not null and $3::uuid is null`
const DISPATCH_ONE = `
  select i.id as incident_id, i.created_at as moved_at from incidents i
  where i.deleted_at is null and $1::uuid is not null and $2::text is not null and i.id = $3::uuid`

const count = (matching: string): string => `select count(*) as count from (${matching}) as matching`

// The page is cut before anything is joined to it; each lateral reads by (conversation_id, seq).
const page = (matching: string): string => `
  with page as materialized (
    select * from (${matching}) as matching order by moved_at desc, incident_id desc limit $4 offset $5)
  select c.id, i.id as incident_id, i.code, i.status, i.incident_type, i.urgency, i.urgency_word, coalesce(c.created_at, i.created_at) as created_at,
    (select k.wrapped from incident_keys k where k.incident_id = i.id) as wrapped,
    ${personJson('i.reporter_id')} as reporter, ${personJson('a.provider_id')} as assignee,
    exists (select 1 from conversation_shares s where s.assignment_id = a.id) as earlier_shared,
    unread.count as unread, last.id as last_id, last.sender_id as last_sender_id, last.sender_role as last_sender_role,
    last.message_type as last_type, last.content as last_content, last.created_at as last_at
  from page join incidents i on i.id = page.incident_id
  left join conversations c on c.incident_id = i.id
  ${ASSIGNMENT}
  cross join lateral (select case when $2::text = 'provider' and i.reporter_id is distinct from $1::uuid then ${HIDDEN}
    else 0 end as after) as hidden
  left join lateral (select m.* from messages m where m.conversation_id = c.id and m.seq > hidden.after
    order by m.seq desc limit 1) as last on true
  cross join lateral (select count(*)::integer as count from messages m
    where m.conversation_id = c.id and m.seq > hidden.after and m.sender_id <> $1::uuid
      and not exists (select 1 from message_receipts r where r.message_id = m.id and r.reader_id = $1::uuid)) as unread
  order by page.moved_at desc, page.incident_id desc`

// Few incidents are deleted: to count those and take them away reads one index, a join would read both tables.
const DISPATCH_COUNT = `
  select (select count(*) from conversations where last_seq > 0)
    - (select count(*) from incidents i join conversations c on c.incident_id = i.id and c.last_seq > 0
        where i.deleted_at is not null) as count
  where $1::uuid is not null and $2::text is not null and $3::uuid is null`

const LISTS = { own: OWN, dispatch: DISPATCH, dispatch_one: DISPATCH_ONE }
const COUNTS = prepareEach('count-conversations', list => (list === DISPATCH ? DISPATCH_COUNT : count(list)))
const PAGES = prepareEach('list-conversations', page)

function prepareEach(name: string, around: (matching: string) => string): Record<keyof typeof LISTS, Prepared> {
  const prepare = (kind: keyof typeof LISTS): Prepared => ({ name: `${name}-${kind}`, text: around(LISTS[kind]) })
  return { own: prepare('own'), dispatch: prepare('dispatch'), dispatch_one: prepare('dispatch_one') }
}

/**
 * A page of somebody's conversations, the one that moved last first, and how many there are: of their own incidents every one, for
 * dispatch those in which something was written, or one by its incident.
 */
export async function listConversations(
  db: Database,
  { reader, incidentId, limit, offset }: ConversationQuery,
): Promise<{ count: number; results: ConversationRow[] }> {
  const isStaff = reader.role === 'dispatcher' || reader.role === 'admin'
  const staffList = incidentId === undefined ? 'dispatch' : 'dispatch_one'
  const list = isStaff ? staffList : 'own'
  const scope = [reader.id, reader.role, incidentId ?? null]
  const [counted] = await runPrepared<{ count: number }>(db, COUNTS[list], scope)
  const results = await runPrepared<ConversationRow>(db, PAGES[list], [...scope, limit, offset])
  return { count: counted?.count ?? 0, results }
}

/** The ids of these incidents' conversations, by incident; those that were not there are made. */
export async function ensureConversations(
  db: Database,
  incidentIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  await makeConversations(db, incidentIds)
  const rows = await db<{ id: string; incident_id: string }>('conversations')
    .whereIn('incident_id', [...incidentIds])
    .select('id', 'incident_id')
  return new Map(rows.map(row => [row.incident_id, row.id]))
}

/** Opens what was written before an assignment to its responder; answers when that was done first. */
export async function shareWith(
  trx: Transaction,
  { assignmentId, sharedBy }: { assignmentId: string; sharedBy: string },
): Promise<Date> {
  await trx('conversation_shares')
    .insert({ assignment_id: assignmentId, shared_by: sharedBy })
    .onConflict('assignment_id')
    .ignore()
  const [row] = await trx<{ assignment_id: string; shared_at: Date }>('conversation_shares')
    .where({ assignment_id: assignmentId })
    .select('shared_at')
  if (!row) throw new Error('a share that was written is not there')
  return row.shared_at
}
