import type { z } from 'zod'
import { ROLE_NAMES, type Role } from '../../../domain/actors'
import type {
  conversationSchema as coreConversation,
  messageSchema as coreMessage,
} from '../../messages/messages.schemas'
import type { conversationSchema, messageSchema } from './messages.schemas'
import { audienceOf, serviceName, serviceWord, STATUS_NAMES, statusWord, SURVIVOR, typeName, typeWord } from './words'

type CoreMessage = z.input<typeof coreMessage>
type CoreConversation = z.input<typeof coreConversation>
type AppMessage = z.input<typeof messageSchema>

interface Reader {
  readonly id: string
  readonly role: Role
}

/** The app shows text alone; whatever else was sent stands as a word for it. */
const A_FILE = 'A file was sent.'

/** A message as the app draws it; a survivor is named to themselves alone. */
export function messageView(
  message: Pick<CoreMessage, 'id' | 'conversation_id' | 'sender' | 'content' | 'message_type' | 'created_at'>,
  reader: Reader,
): AppMessage {
  const { sender, content, message_type } = message
  return {
    id: message.id,
    conversation: message.conversation_id,
    sender: { ...personOf(sender, reader), email: '' },
    content: content || (message_type === 'text' ? '' : A_FILE),
    message_type: 'user_message',
    created_at: message.created_at,
    is_edited: false,
    edited_at: null,
    is_deleted: false,
  }
}

function personOf(
  person: {
    readonly id: string
    readonly name: string | null
    readonly role: Role
    readonly provider_type?: string | null
  },
  reader: Reader,
) {
  const isHidden = person.role === 'survivor' && person.id !== reader.id
  const unnamed = person.role === 'survivor' ? SURVIVOR : ROLE_NAMES[person.role]
  const service = person.provider_type
  return {
    id: person.id,
    full_name: (isHidden ? null : person.name) ?? (service ? serviceName(service) : unnamed),
    role: person.role,
    ...(service && { provider_type: serviceWord(service), provider_type_display: serviceName(service) }),
  }
}

/** A conversation as the app's list and its header show it. */
export function conversationView(core: CoreConversation, reader: Reader): z.input<typeof conversationSchema> {
  const { incident, last_message: last } = core
  const status = statusWord(audienceOf(reader.role), incident.status)
  const senderName = core.participants.find(({ id }) => id === last?.sender.id)?.name ?? null
  return {
    id: core.id,
    incident: {
      id: incident.id,
      case_number: incident.code,
      type: typeWord(incident.incident_type),
      type_display: typeName(incident.incident_type),
      status,
      status_display: STATUS_NAMES[status],
      urgency_level: incident.urgency_word,
    },
    participants: core.participants.map(person => ({ ...personOf(person, reader), is_online: false })),
    last_message:
      last && messageView({ ...last, conversation_id: core.id, sender: { ...last.sender, name: senderName } }, reader),
    unread_count: core.unread_count,
    created_at: core.created_at,
    last_message_at: last?.created_at ?? null,
    is_active: core.is_active,
  }
}
