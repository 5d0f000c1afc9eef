import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import type { SealedFiles } from '../../adapters/files/sealed-files'
import { findAttachment, findUpload, openFile } from '../../db/attachments.repository'
import {
  ensureConversations,
  findConversation,
  findConversationOf,
  listConversations,
} from '../../db/conversations.repository'
import { findPosition, readMessage, readMessages } from '../../db/messages.repository'
import { requireReading } from '../../domain/conversations'
import { Refusal } from '../../domain/refusals'
import { Download } from '../download'
import type { SignedIn } from '../route'
import type { conversationSchema, messageSchema, uploadSchema } from './messages.schemas'
import { conversationView, messageView, uploadView } from './messages.views'

type Reads = Pick<ActDeps, 'db' | 'vault'>
type MessageView = z.input<typeof messageSchema>
interface Window {
  readonly limit: number
  readonly offset: number
}

/** A page of a conversation, oldest first; each look of dispatch at it is logged. */
export async function readConversation(
  { db, vault }: Reads,
  reader: SignedIn,
  { conversationId, after, limit, offset }: Window & { conversationId: string; after?: string | undefined },
): Promise<{ count: number; results: MessageView[] }> {
  const seen = await findConversation(db, conversationId, reader.id)
  const access = requireReading(reader.role, seen, 'CONVERSATION_NOT_FOUND')
  const position = after === undefined ? 0 : await findPosition(db, after, conversationId)
  if (!seen || position === undefined) throw new Refusal('MESSAGE_NOT_FOUND')
  const start = Math.max(access.after, position)
  const rows = await readMessages(db, {
    conversationId,
    reader,
    after: start + offset,
    limit,
    isLogged: access.isLogged,
  })
  return { count: Math.max(0, seen.last_seq - start), results: rows.map(row => messageView(vault, row)) }
}

/** The newest messages of a conversation, oldest of them first, and how many the reader may read; each look of dispatch is logged. */
export async function readNewest(
  { db, vault }: Reads,
  reader: SignedIn,
  { conversationId, limit }: { readonly conversationId: string; readonly limit: number },
): Promise<{ count: number; results: MessageView[] }> {
  const seen = await findConversation(db, conversationId, reader.id)
  const access = requireReading(reader.role, seen, 'CONVERSATION_NOT_FOUND')
  const last = seen?.last_seq ?? 0
  const after = Math.max(access.after, last - limit)
  const rows = await readMessages(db, { conversationId, reader, after, limit, isLogged: access.isLogged })
  return { count: Math.max(0, last - access.after), results: rows.map(row => messageView(vault, row)) }
}

/** A message after somebody's act, which gave or left them the right to see it. */
export async function readAfterAct({ db, vault }: Reads, reader: SignedIn, messageId: string): Promise<MessageView> {
  const row = await readMessage(db, messageId, reader.id)
  if (!row) throw new Refusal('MESSAGE_NOT_FOUND')
  return messageView(vault, row)
}

/** A page of the reader's conversations; one that was only possible so far comes to be. */
export async function readConversations(
  { db, vault }: Reads,
  reader: SignedIn,
  { incident, ...window }: Window & { incident?: string | undefined },
): Promise<{ count: number; results: z.input<typeof conversationSchema>[] }> {
  const { count, results } = await listConversations(db, { reader, incidentId: incident, ...window })
  const missing = results.filter(row => row.id === null).map(row => row.incident_id)
  const made = missing.length > 0 ? await ensureConversations(db, missing) : new Map<string, string>()
  const views = results.map(row => {
    const id = row.id ?? made.get(row.incident_id)
    if (!id) throw new Error('a conversation that was made is not there')
    return conversationView(vault, { ...row, id }, reader)
  })
  return { count, results: views }
}

/** An upload that its owner has not sent yet. */
export async function readUpload(
  { db, vault }: Reads,
  reader: SignedIn,
  id: string,
): Promise<z.input<typeof uploadSchema>> {
  const row = await findUpload(db, id, reader.id)
  if (!row) throw new Refusal('ATTACHMENT_NOT_FOUND')
  return uploadView(row, openFile(vault.keyOf(reader.id, row.wrapped), row).name)
}

/** The file of a message, opened while it streams, for whoever may read the message; each look of dispatch at it is logged. */
export async function readAttachment(
  { db, vault, files }: Reads & { readonly files: SealedFiles },
  reader: SignedIn,
  messageId: string,
): Promise<Download> {
  const seen = await findConversationOf(db, messageId, reader.id)
  const access = requireReading(reader.role, seen, 'MESSAGE_NOT_FOUND')
  if (!seen || seen.seq <= access.after) throw new Refusal('MESSAGE_NOT_FOUND')
  const row = await findAttachment(db, messageId, access.isLogged ? reader : undefined)
  if (!row || seen.wrapped === null) throw new Refusal('ATTACHMENT_NOT_FOUND')
  const { key, name } = openFile(vault.keyOf(seen.incident_id, seen.wrapped), row)
  return new Download(await files.get(row.id, key), { name, mediaType: row.media_type, size: row.size })
}
