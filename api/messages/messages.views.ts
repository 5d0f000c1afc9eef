import type { z } from 'zod'
import { openFileName, type AttachmentRow } from '../../db/attachments.repository'
import type { ConversationRow, Participant } from '../../db/conversations.repository'
import type { MessageRow } from '../../db/messages.repository'
import { openName } from '../../db/person-names'
import { openText, type Vault } from '../../db/vault'
import { isOpen, wordOf } from '../../domain/statuses'
import type { DataKey } from '../../platform/envelope'
import type { SignedIn } from '../route'
import type { conversationSchema, messageSchema, uploadSchema } from './messages.schemas'

const keyOf = (vault: Vault, incidentId: string, wrapped: string | null): DataKey | null =>
  wrapped === null ? null : vault.keyOf(incidentId, wrapped)

/** What was written, an empty text where only a file was sent; null when its key is gone. */
const contentOf = (key: DataKey | null, id: string, content: string | null): string | null =>
  key && (openText(key, 'messages', id, 'content', content) ?? '')

/** A message for somebody who may read it. */
export function messageView(vault: Vault, row: MessageRow): z.input<typeof messageSchema> {
  const key = keyOf(vault, row.incident_id, row.wrapped)
  const person = (one: Participant, role = one.role) => ({ id: one.id, name: openName(vault, one), role })
  return {
    id: row.id,
    conversation_id: row.conversation_id,
    incident: row.incident_id,
    sender: person(row.sender, row.sender_role),
    receiver: row.receiver && person(row.receiver),
    content: contentOf(key, row.id, row.content),
    message_type: row.message_type,
    attachment: row.attachment && {
      ...fileView(row.attachment),
      file_name: key && openFileName(key, row.attachment),
    },
    client_id: key && openText(key, 'messages', row.id, 'client_id', row.client_id),
    is_read: row.read_at !== null,
    read_at: row.read_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  }
}

const fileView = ({
  id,
  kind,
  media_type,
  size,
  sha256,
}: Omit<AttachmentRow, 'file_key' | 'uploader_id' | 'created_at' | 'file_name'>) => ({
  id,
  kind,
  content_type: media_type,
  size,
  sha256,
})

/** An upload for its owner. */
export const uploadView = (row: AttachmentRow, fileName: string): z.input<typeof uploadSchema> => ({
  ...fileView(row),
  file_name: fileName,
  created_at: row.created_at.toISOString(),
})

/**
 * A conversation in a list. Reporters see who works for them; everybody else sees the incident's code and no name (S4), and dispatch no
 * word of it before opening it, which is logged.
 */
export function conversationView(
  vault: Vault,
  row: ConversationRow & { readonly id: string },
  reader: SignedIn,
): z.input<typeof conversationSchema> {
  const isStaff = reader.role === 'dispatcher' || reader.role === 'admin'
  const isReporter = !isStaff && row.reporter?.id === reader.id
  const takesPart = isReporter || row.assignee?.id === reader.id
  const key = takesPart ? keyOf(vault, row.incident_id, row.wrapped) : null
  return {
    id: row.id,
    incident: {
      id: row.incident_id,
      code: row.code,
      status: row.status,
      incident_type: row.incident_type,
      urgency: row.urgency,
      urgency_word: wordOf(row),
    },
    participants: [row.reporter, row.assignee]
      .filter(person => person !== null)
      .map(person => ({
        id: person.id,
        name: isReporter ? openName(vault, person) : null,
        role: person.role,
        provider_type: person.provider_type,
      })),
    last_message: lastMessage(row, key),
    unread_count: row.unread,
    is_active: isOpen(row.status),
    earlier_shared: row.earlier_shared,
    created_at: row.created_at.toISOString(),
  }
}

function lastMessage(row: ConversationRow, key: DataKey | null): z.input<typeof conversationSchema>['last_message'] {
  const { last_id, last_sender_id, last_sender_role, last_type, last_content, last_at } = row
  if (!last_id || !last_sender_id || !last_sender_role || !last_type || !last_at) return null
  return {
    id: last_id,
    sender: { id: last_sender_id, role: last_sender_role },
    content: contentOf(key, last_id, last_content),
    message_type: last_type,
    created_at: last_at.toISOString(),
  }
}
