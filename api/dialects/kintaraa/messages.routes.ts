import { registerDevice } from '../../../acts/accounts/devices'
import { markConversationRead, markMessageRead } from '../../../acts/messages/read-messages'
import { sendMessage } from '../../../acts/messages/send-message'
import { idParams } from '../../fields'
import { listOf } from '../../lists'
import type { Route } from '../../route'
import { defineFor, REPEATED, REPEATED_SOON } from './define'
import type { Found } from './lists'
import { readAppConversations, readAppMessages, readSent } from './messages.reads'
import {
  conversationSchema,
  conversationsQuery,
  messageParams,
  messageSchema,
  pushTokenBody,
  readSchema,
  sendBody,
} from './messages.schemas'

const tags = ['Messages']
const UNKNOWN = ['CONVERSATION_NOT_FOUND', 'ACCESS_ENDED'] as const
const DONE = { success: true as const }

/** The app reads the first page of these lists and follows no other. */
const onePage = <T>({ count, results }: Found<T>) => ({ count, next: null, previous: null, results: [...results] })

const conversations = defineFor({
  method: 'get',
  path: '/api/messaging/conversations/',
  permission: 'message:use',
  summary: 'Your conversations',
  description: 'Empty for a case that no provider has started, until somebody writes.',
  tags,
  query: conversationsQuery,
  response: listOf(conversationSchema),
  errors: [],
  handler: async ({ query, actor }, { acts }) => onePage(await readAppConversations(acts, actor, query)),
})

const messages = defineFor({
  method: 'get',
  path: '/api/messaging/conversations/:id/messages/',
  permission: 'message:use',
  summary: 'The newest messages of a conversation',
  description: 'At most 200, the oldest of them first.',
  tags,
  params: idParams,
  response: listOf(messageSchema),
  errors: [...UNKNOWN],
  handler: async ({ params, actor }, { acts }) => onePage(await readAppMessages(acts, actor, params.id)),
})

const sendAt = (path: string): Route =>
  defineFor({
    method: 'post',
    path,
    permission: 'message:use',
    summary: 'Send a message',
    description: 'The same words again within a minute are the same message, sent again by the app.',
    tags,
    params: idParams,
    body: sendBody,
    status: 201,
    response: messageSchema,
    errors: [...UNKNOWN, 'CONVERSATION_CLOSED', 'RULE_BROKEN', 'MESSAGE_NOT_FOUND'],
    countsAs: '/api/messages/',
    ...REPEATED_SOON,
    async handler({ params: { id: conversationId }, body: { content }, actor, by }, { acts }) {
      const draft = { target: { conversationId }, message_type: 'text' as const, content }
      const { messageId } = await sendMessage(acts, draft, by)
      return readSent(acts, actor, messageId)
    },
    replay: ({ actor }, messageId, { acts }) => readSent(acts, actor, messageId),
  })

const readAll = defineFor({
  method: 'post',
  path: '/api/messaging/conversations/:id/mark-all-read/',
  permission: 'message:use',
  summary: 'Note that you have read a conversation',
  tags,
  params: idParams,
  response: readSchema,
  errors: [...UNKNOWN],
  async handler({ params, by }, { acts }) {
    await markConversationRead(acts, params.id, by)
    return DONE
  },
})

const readOne = defineFor({
  method: ['post', 'patch'],
  path: '/api/messaging/conversations/:id/messages/:message_id/read/',
  permission: 'message:use',
  summary: 'Note that you have read a message',
  tags,
  params: messageParams,
  response: readSchema,
  errors: ['MESSAGE_NOT_FOUND', 'ACCESS_ENDED'],
  async handler({ params, by }, { acts }) {
    await markMessageRead(acts, params.message_id, by)
    return DONE
  },
})

const pushToken = defineFor({
  method: 'post',
  path: '/api/messaging/push-token/',
  permission: 'account:self',
  summary: 'Register this phone for push notices',
  description:
    'An Expo token. A notice says neither a name nor what happened; its one field leads to the conversation.',
  tags,
  body: pushTokenBody,
  response: readSchema,
  errors: ['USER_NOT_FOUND'],
  ...REPEATED,
  async handler({ body: { token, platform }, actor, by }, { accounts }) {
    await registerDevice(accounts, { userId: actor.id, address: token, deviceType: platform }, by)
    return DONE
  },
  replay: async () => DONE,
})

/** Conversations about cases, and the phones that are told of them, as the app calls them. */
export const messageRoutes: readonly Route[] = [
  conversations,
  messages,
  sendAt('/api/messaging/conversations/:id/send_message/'),
  sendAt('/api/messaging/conversations/:id/messages/'),
  readAll,
  readOne,
  pushToken,
]
