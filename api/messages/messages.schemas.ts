import { z } from 'zod'
import { ROLES } from '../../domain/actors'
import { MESSAGE_CHARACTERS, MESSAGE_TYPES } from '../../domain/conversations'
import { FILE_KINDS } from '../../domain/file-types'
import { STATUSES, URGENCIES, URGENCY_WORDS } from '../../domain/statuses'
import { idField, textField, timeField } from '../fields'
import { pageFields } from '../lists'

const messageTypeField = z.enum(MESSAGE_TYPES)
const writtenField = textField(MESSAGE_CHARACTERS)
const contentField = z
  .string()
  .trim()
  .max(MESSAGE_CHARACTERS)
  .refine(text => text === '' || writtenField.safeParse(text.slice(0, MESSAGE_CHARACTERS)).success, {
    message: 'Must not contain control characters',
  })
  .describe('May be empty beside an attachment only')

const isObject = ({ value }: { value: unknown }): boolean => typeof value === 'object' && value !== null

export const sendBody = z
  .strictObject({
    incident: idField.optional().describe('Either this or `conversation_id`'),
    conversation_id: idField.optional(),
    receiver: idField.optional().describe('Somebody of the conversation for whom it is meant; all others see it too'),
    content: contentField.default(''),
    message_type: messageTypeField.default('text'),
    attachment: idField.optional().describe('An upload of your own; a text has none, the other types need one'),
    client_id: textField(100).optional().describe('Your own id for this message: repeated, it answers the first'),
  })
  .refine(({ incident, conversation_id }) => (incident === undefined) !== (conversation_id === undefined), {
    path: ['conversation_id'],
    params: { code: 'one_of' },
    message: 'Say either the conversation or the incident',
    when: isObject,
  })
  .refine(({ content, attachment }) => attachment !== undefined || (content ?? '') !== '', {
    path: ['content'],
    params: { code: 'required' },
    message: 'Write something, or attach a file',
    when: isObject,
  })
  .refine(({ message_type, attachment }) => ((message_type ?? 'text') === 'text') === (attachment === undefined), {
    path: ['attachment'],
    params: { code: 'not_of_this_type' },
    message: 'A text has no attachment, and every other type has one',
    when: isObject,
  })

export const messagesQuery = z.strictObject({
  ...pageFields,
  conversation_id: idField,
  after: idField.optional().describe('A message of the conversation: only later ones are listed'),
})

export const conversationsQuery = z.strictObject({ ...pageFields, incident: idField.optional() })

const personSchema = z.object({ id: idField, name: z.string().nullable(), role: z.enum(ROLES) })

const fileFields = {
  id: idField,
  file_name: z.string(),
  content_type: z.string(),
  kind: z.enum(FILE_KINDS),
  size: z.number().int().min(1),
  sha256: z.string().describe('Of the content, in hexadecimal'),
}

export const uploadSchema = z.object({ ...fileFields, created_at: timeField }).meta({ id: 'Upload' })

export const messageSchema = z
  .object({
    id: idField,
    conversation_id: idField,
    incident: idField,
    sender: personSchema,
    receiver: personSchema.nullable(),
    content: z.string().nullable().describe('Null once the incident was erased'),
    message_type: messageTypeField,
    attachment: z.object({ ...fileFields, file_name: z.string().nullable() }).nullable(),
    client_id: z.string().nullable(),
    is_read: z.boolean(),
    read_at: timeField.nullable().describe('Of your own message: when somebody else read it first'),
    created_at: timeField,
  })
  .meta({ id: 'Message' })

export const conversationSchema = z
  .object({
    id: idField,
    incident: z.object({
      id: idField,
      code: z.string(),
      status: z.enum(STATUSES),
      incident_type: z.string().nullable(),
      urgency: z.enum(URGENCIES),
      urgency_word: z.enum(URGENCY_WORDS),
    }),
    participants: z.array(
      z.object({
        ...personSchema.shape,
        provider_type: z.string().nullable(),
      }),
    ),
    last_message: z
      .object({
        id: idField,
        sender: z.object({ id: idField, role: z.enum(ROLES) }),
        content: z.string().nullable(),
        message_type: messageTypeField,
        created_at: timeField,
      })
      .nullable(),
    unread_count: z.number().int().min(0),
    is_active: z.boolean().describe('False once the incident is over: it can be read, and nothing be written'),
    earlier_shared: z.boolean().describe('May the present responder read what was written before they came?'),
    created_at: timeField,
  })
  .meta({ id: 'Conversation' })

export const conversationReadSchema = z.object({ conversation_id: idField, marked: z.number().int().min(0) })

export const sharedSchema = z.object({ conversation_id: idField, provider: idField, shared_at: timeField })
