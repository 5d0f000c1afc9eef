import { z } from 'zod'
import { ROLES } from '../../../domain/actors'
import { MESSAGE_CHARACTERS } from '../../../domain/conversations'
import { URGENCY_WORDS } from '../../../domain/statuses'
import { registrationTokenField } from '../../accounts/devices.schemas'
import { idField, textField, timeField } from '../../fields'
import { pageField } from './lists'
import { APP_STATUSES } from './words'

/** The second id of a path names a message of the conversation. */
export const messageParams = z.strictObject({ id: idField, message_id: idField })

export const conversationsQuery = z.object({
  incident_id: z.string().max(100).optional().describe('An incident, or the reference that a push notice carried'),
  page: pageField,
})

export const sendBody = z.object({ content: textField(MESSAGE_CHARACTERS) })

export const pushTokenBody = z.object({
  token: registrationTokenField,
  platform: z.enum(['ios', 'android', 'web']),
})

const personFields = {
  id: idField,
  full_name: z.string(),
  role: z.enum(ROLES),
  provider_type: z.string().optional(),
  provider_type_display: z.string().optional(),
}

export const messageSchema = z
  .object({
    id: idField,
    conversation: idField,
    sender: z.object({ ...personFields, email: z.literal('') }),
    content: z.string(),
    message_type: z.enum(['user_message', 'system_event', 'status_update']),
    created_at: timeField,
    is_edited: z.literal(false),
    edited_at: z.null(),
    is_deleted: z.literal(false),
  })
  .meta({ id: 'AppMessage' })

export const conversationSchema = z
  .object({
    id: idField,
    incident: z.object({
      id: idField,
      case_number: z.string(),
      type: z.string(),
      type_display: z.string(),
      status: z.enum(APP_STATUSES),
      status_display: z.string(),
      urgency_level: z.enum(URGENCY_WORDS),
    }),
    participants: z.array(z.object({ ...personFields, is_online: z.boolean() })),
    last_message: messageSchema.nullable(),
    unread_count: z.number().int().min(0),
    created_at: timeField,
    last_message_at: timeField.nullable(),
    is_active: z.boolean(),
  })
  .meta({ id: 'AppConversation' })

export const readSchema = z.object({ success: z.literal(true) })
