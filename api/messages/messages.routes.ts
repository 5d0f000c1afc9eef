import type { z } from 'zod'
import { markConversationRead, markMessageRead } from '../../acts/messages/read-messages'
import { sendMessage, type Draft } from '../../acts/messages/send-message'
import { shareConversation } from '../../acts/messages/share-conversation'
import { idParams } from '../fields'
import { listOf, pageOf, windowOf } from '../lists'
import { answer, defineRoute, type Route } from '../route'
import { readAfterAct, readConversation, readConversations } from './messages.reads'
import {
  conversationReadSchema,
  conversationSchema,
  conversationsQuery,
  messageSchema,
  messagesQuery,
  sendBody,
  sharedSchema,
} from './messages.schemas'

const tags = ['Messages']

const send = defineRoute({
  method: 'post',
  path: '/api/messages/',
  permission: 'message:use',
  summary: 'Send a message',
  description:
    "To an incident's conversation: its reporter, the responder who is assigned now, and dispatch. Messages keep the order in which they came. A client_id that you have used in the conversation before answers the message it made, with 200.",
  tags,
  body: sendBody,
  status: 201,
  otherStatuses: { 200: 'You have sent this before, under the same client_id' },
  response: messageSchema,
  errors: [
    ...(['INCIDENT_NOT_FOUND', 'CONVERSATION_NOT_FOUND', 'ATTACHMENT_NOT_FOUND', 'ACCESS_ENDED'] as const),
    ...(['CONVERSATION_CLOSED', 'RULE_BROKEN'] as const),
  ],
  idempotent: true,
  example: { body: { incident: '0190a8e2-7a1c-7c3e-8b60-3d4a51f0c9aa', content: 'I am on my way.' } },
  async handler({ body, actor, by }, { acts }) {
    const { messageId, created } = await sendMessage(acts, draftOf(body), by)
    return answer(await readAfterAct(acts, actor, messageId), { status: created ? 201 : 200 })
  },
  replay: ({ actor }, messageId, { acts }) => readAfterAct(acts, actor, messageId),
})

function draftOf({ incident, conversation_id, ...draft }: z.output<typeof sendBody>): Draft {
  if (conversation_id !== undefined) return { ...draft, target: { conversationId: conversation_id } }
  if (incident !== undefined) return { ...draft, target: { incidentId: incident } }
  throw new Error('a body without a conversation has passed its schema')
}

const list = defineRoute({
  method: 'get',
  path: '/api/messages/',
  permission: 'message:use',
  summary: 'The messages of a conversation',
  description:
    'Oldest first; `after` lists what came since. A responder reads what was written since their assignment, and what was before it when the reporter shares it. Each look of dispatch is logged.',
  tags,
  query: messagesQuery,
  response: listOf(messageSchema),
  errors: ['CONVERSATION_NOT_FOUND', 'MESSAGE_NOT_FOUND', 'ACCESS_ENDED', 'PAGE_NOT_FOUND'],
  async handler({ query, actor, request }, { acts }) {
    const { conversation_id: conversationId, after } = query
    return pageOf(await readConversation(acts, actor, { conversationId, after, ...windowOf(query) }), query, request)
  },
})

const conversations = defineRoute({
  method: 'get',
  path: '/api/messages/conversations/',
  permission: 'message:use',
  summary: 'Your conversations',
  description:
    'The one that moved last comes first. Reporters and responders find one for each incident that is theirs now; dispatch those in which something was written, by the code and without a word of it.',
  tags,
  query: conversationsQuery,
  response: listOf(conversationSchema),
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, actor, request }, { acts }) {
    const { incident } = query
    return pageOf(await readConversations(acts, actor, { incident, ...windowOf(query) }), query, request)
  },
})

const readOne = defineRoute({
  method: ['patch', 'post'],
  path: '/api/messages/:id/read/',
  permission: 'message:use',
  summary: 'Note that you have read a message',
  description: 'The first time counts. Your own messages are read by others.',
  tags,
  params: idParams,
  response: messageSchema,
  errors: ['MESSAGE_NOT_FOUND', 'ACCESS_ENDED'],
  async handler({ params, actor, by }, { acts }) {
    await markMessageRead(acts, params.id, by)
    return readAfterAct(acts, actor, params.id)
  },
})

const readAll = defineRoute({
  method: 'post',
  path: '/api/messages/conversations/:id/read/',
  permission: 'message:use',
  summary: 'Note that you have read a conversation',
  description: 'Everything that is there now and that you may read; `marked` is how many were unread.',
  tags,
  params: idParams,
  response: conversationReadSchema,
  errors: ['CONVERSATION_NOT_FOUND', 'ACCESS_ENDED'],
  handler: async ({ params, by }, { acts }) => ({
    conversation_id: params.id,
    marked: await markConversationRead(acts, params.id, by),
  }),
})

const share = defineRoute({
  method: 'post',
  path: '/api/messages/conversations/:id/share/',
  permission: 'message:use',
  summary: 'Let the present responder read what was written before',
  description: 'For the reporter alone. It holds for the responder who is assigned now, not for the next.',
  tags,
  params: idParams,
  response: sharedSchema,
  errors: ['CONVERSATION_NOT_FOUND', 'ACCESS_ENDED', 'CONVERSATION_CLOSED', 'NOBODY_ASSIGNED'],
  async handler({ params, by }, { acts }) {
    const { providerId, sharedAt } = await shareConversation(acts, params.id, by)
    return { conversation_id: params.id, provider: providerId, shared_at: sharedAt.toISOString() }
  },
})

/** Conversations about incidents. */
export const messageRoutes: readonly Route[] = [send, list, conversations, readOne, readAll, share]
