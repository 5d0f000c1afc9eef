import { createHash } from 'node:crypto'
import { attach, lockUpload, openFile, sealFile } from '../../db/attachments.repository'
import type { ConversationSeen, ConversationTarget } from '../../db/conversations.repository'
import type { Transaction } from '../../db/database'
import { markEffect } from '../../db/idempotency.repository'
import { findMessageByClientId, hasDispatchWritten, writeMessage } from '../../db/messages.repository'
import { nudge } from '../../db/nudge'
import { findLadderAudience } from '../../db/staff.repository'
import { inTransaction } from '../../db/unit-of-work'
import { sealColumns } from '../../db/vault'
import { hearersOf, type MessageType } from '../../domain/conversations'
import { carries } from '../../domain/file-types'
import { NOTICES } from '../../domain/notices'
import { Refusal } from '../../domain/refusals'
import type { DataKey } from '../../platform/envelope'
import { newId } from '../../platform/ids'
import type { ActDeps, By } from '../deps'
import { openConversation, requirePerson, type Person } from './open-conversation'

/** A message as somebody sends it. */
export interface Draft {
  readonly target: ConversationTarget
  readonly message_type: MessageType
  /** Empty only beside an attachment. */
  readonly content: string
  readonly attachment?: string | undefined
  readonly receiver?: string | undefined
  /** The sender's own id for the message: repeated in the conversation, it answers the first. */
  readonly client_id?: string | undefined
}

const NOTICE = 'message.received'

/**
 * Writes a message, in the order in which messages come to their conversation, and announces it to the others. A `client_id` that this
 * sender has used here before answers the message it made, with `created` false. Throws `CONVERSATION_CLOSED` when the incident is over.
 */
export async function sendMessage(
  deps: ActDeps,
  draft: Draft,
  by: By,
): Promise<{ messageId: string; created: boolean }> {
  const person = requirePerson(by)
  const { messageId, incidentId, notices } = await inTransaction(deps.db, async trx => {
    const { seen, access } = await openConversation(trx, draft.target, person)
    const message = { conversation_id: seen.id, sender_id: person.id, client_digest: digestOf(draft.client_id) }
    const known = message.client_digest === null ? undefined : await findMessageByClientId(trx, message)
    if (!known && !access.mayWrite) throw new Refusal('CONVERSATION_CLOSED')
    const written = known ? { messageId: known, notices: null } : await write(deps, trx, { draft, person, seen })
    await markEffect(trx, by.requestId, written.messageId)
    return { ...written, incidentId: seen.incident_id }
  })
  if (notices) nudge(deps.db)
  for (const notice of notices ?? []) deps.logger.info({ incident: incidentId, notice, code: NOTICE }, 'notice')
  return { messageId, created: notices !== null }
}

/** What is kept in the clear of a `client_id`: that two are the same. Somebody may have written words there. */
const digestOf = (clientId: string | undefined): string | null =>
  clientId === undefined ? null : createHash('sha256').update(clientId).digest('base64url')

interface Writing {
  readonly draft: Draft
  readonly person: Person
  readonly seen: ConversationSeen
}

async function write(
  deps: ActDeps,
  trx: Transaction,
  writing: Writing,
): Promise<{ messageId: string; notices: string[] }> {
  const { draft, person, seen } = writing
  if (seen.wrapped === null)
    throw new Refusal('RULE_BROKEN', { detail: 'The incident was erased: nothing can be written to it' })
  const incidentKey = deps.vault.keyOf(seen.incident_id, seen.wrapped)
  const id = newId()
  await requireReceiver(trx, writing)
  const sealed = sealColumns(incidentKey, 'messages', id, {
    content: draft.content === '' ? null : draft.content,
    client_id: draft.client_id,
  })
  const message = {
    id,
    conversation_id: seen.id,
    seq: seen.last_seq + 1,
    sender_id: person.id,
    sender_role: person.role,
    receiver_id: draft.receiver ?? null,
    message_type: draft.message_type,
    content: sealed['content'] ?? null,
    client_id: sealed['client_id'] ?? null,
    client_digest: digestOf(draft.client_id),
    created_at: new Date(seen.at),
  }
  const { channels } = NOTICES[NOTICE]
  const notices = await writeMessage(trx, message, {
    code: NOTICE,
    recipients: await recipientsOf(trx, writing),
    channels,
    send: channels.some(channel => deps.configuredChannels.has(channel)),
  })
  if (draft.attachment !== undefined) await giveAttachment(deps, trx, { ...writing, messageId: id, incidentKey })
  return { messageId: id, notices }
}

/** A message is meant for somebody of its conversation: so nobody learns here which ids are people's. */
async function requireReceiver(trx: Transaction, { draft: { receiver }, person, seen }: Writing): Promise<void> {
  if (receiver === undefined) return
  const takesPart =
    receiver !== person.id &&
    (receiver === seen.reporter_id ||
      receiver === seen.assignee_id ||
      (await hasDispatchWritten(trx, seen.id, receiver)))
  if (takesPart) return
  throw new Refusal('VALIDATION_FAILED', {
    errors: [{ path: 'body.receiver', code: 'not_in_conversation', message: 'Must be somebody of the conversation' }],
  })
}

async function recipientsOf(trx: Transaction, { draft, person, seen }: Writing): Promise<readonly string[]> {
  const hearers = hearersOf({
    senderId: person.id,
    receiverId: draft.receiver ?? null,
    reporterId: seen.reporter_id,
    assigneeId: seen.assignee_id,
  })
  if (hearers !== 'dispatch') return hearers
  const dispatch = seen.owner_id ? [seen.owner_id] : await findLadderAudience(trx, 'dispatchers_on_duty')
  return dispatch.filter(id => id !== person.id)
}

async function giveAttachment(
  { vault }: ActDeps,
  trx: Transaction,
  { draft, person, messageId, incidentKey }: Writing & { readonly messageId: string; readonly incidentKey: DataKey },
): Promise<void> {
  const upload = draft.attachment && (await lockUpload(trx, draft.attachment, person.id))
  if (!upload) throw new Refusal('ATTACHMENT_NOT_FOUND')
  if (!carries(draft.message_type, upload.kind))
    throw new Refusal('VALIDATION_FAILED', {
      errors: [
        { path: 'body.message_type', code: 'invalid_value', message: `Does not carry a file that is ${upload.kind}` },
      ],
    })
  const secrets = openFile(vault.keyOf(person.id, upload.wrapped), upload)
  await attach(trx, upload.id, { message_id: messageId, ...sealFile(incidentKey, upload.id, secrets) })
}
