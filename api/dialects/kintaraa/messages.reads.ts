import type { z } from 'zod'
import type { ActDeps } from '../../../acts/deps'
import { findConversation } from '../../../db/conversations.repository'
import { findNoticeSubject } from '../../../db/inbox.repository'
import { readMessages } from '../../../db/messages.repository'
import { requireReading } from '../../../domain/conversations'
import type { Status } from '../../../domain/statuses'
import { isUuid } from '../../../platform/ids'
import { readAfterAct, readConversations, readNewest } from '../../messages/messages.reads'
import type { messageSchema as coreMessage } from '../../messages/messages.schemas'
import { messageView as coreView } from '../../messages/messages.views'
import type { SignedIn } from '../../route'
import { LIST_AT_MOST, windowOf, type Found } from './lists'
import type { conversationSchema, messageSchema } from './messages.schemas'
import { conversationView, messageView } from './messages.views'

type Reads = Pick<ActDeps, 'db' | 'vault'>

/** The app asks for the conversation of a case until there is one, and takes it for a sign that a provider said yes. */
const STARTED: readonly Status[] = ['in_progress', 'completed', 'closed']

/**
 * Somebody's conversations, or that of one case, named by its id or by the reference of a notice of theirs. One that nobody has written
 * in begins for the app when the work does.
 */
export async function readAppConversations(
  deps: Reads,
  reader: SignedIn,
  { incident_id, page }: { readonly incident_id?: string | undefined; readonly page: number },
): Promise<Found<z.input<typeof conversationSchema>>> {
  const nothing = { count: 0, results: [] }
  if (incident_id !== undefined && !isUuid(incident_id)) return nothing
  const notice = incident_id && (await findNoticeSubject(deps.db, { id: incident_id, recipientId: reader.id }))
  const incident = notice || incident_id
  const found = await readConversations(deps, reader, { incident, ...windowOf(page) })
  const begun = found.results.filter(row => row.last_message !== null || STARTED.includes(row.incident.status))
  return {
    count: found.count - (found.results.length - begun.length),
    results: begun.map(row => conversationView(row, reader)),
  }
}

/** The newest messages of a conversation, oldest of them first: the app reads one page, and no other. */
export async function readAppMessages(
  deps: Reads,
  reader: SignedIn,
  conversationId: string,
): Promise<Found<z.input<typeof messageSchema>>> {
  const { count, results } = await readNewest(deps, reader, { conversationId, limit: LIST_AT_MOST })
  return { count, results: results.map(message => messageView(message, reader)) }
}

/** The messages with numbers after `after` that somebody may read, in their order; where nothing came, nobody has looked. */
export async function readSince(
  { db, vault }: Reads,
  reader: SignedIn,
  { conversationId, after }: { readonly conversationId: string; readonly after: number },
): Promise<z.input<typeof coreMessage>[]> {
  const seen = await findConversation(db, conversationId, reader.id)
  const access = requireReading(reader.role, seen, 'CONVERSATION_NOT_FOUND')
  const from = Math.max(access.after, after)
  const last = seen?.last_seq ?? 0
  if (last <= from) return []
  const { isLogged } = access
  const rows = await readMessages(db, { conversationId, reader, after: from, limit: last - from, isLogged })
  return rows.map(row => coreView(vault, row))
}

/** A message after somebody's act. */
export const readSent = async (deps: Reads, reader: SignedIn, messageId: string) =>
  messageView(await readAfterAct(deps, reader, messageId), reader)
