import { acknowledgeNotice } from '../../acts/notices/read-notice'
import { readInboxUpTo } from '../../acts/notices/read-inbox'
import { sendTestNotice } from '../../acts/notices/test-notice'
import { idParams } from '../fields'
import { pageOf, windowOf } from '../lists'
import { defineRoute, type Route } from '../route'
import { readInbox, readNotice, readTest } from './notices.reads'
import {
  inboxQuery,
  inboxSchema,
  noticeDetailSchema,
  readAllBody,
  readAllSchema,
  testBody,
  testSchema,
} from './notices.schemas'

const tags = ['Notices']

const inbox = defineRoute({
  method: 'get',
  path: '/api/notices/',
  permission: 'notice:own',
  summary: 'Your inbox',
  description:
    'Newest first. A notice says that there is something to read, never what; one about a state that is over is gone.',
  tags,
  query: inboxQuery,
  response: inboxSchema,
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, actor, request }, { acts }) {
    const window = { ...windowOf(query), unreadOnly: query.unread === true }
    const { unread, ...found } = await readInbox(acts, actor.id, window)
    return { ...pageOf(found, query, request), unread_count: unread }
  },
})

const one = defineRoute({
  method: 'get',
  path: '/api/notices/:id/',
  permission: 'notice:own',
  summary: 'One notice, and how it was sent',
  tags,
  params: idParams,
  response: noticeDetailSchema,
  errors: ['NOTICE_NOT_FOUND'],
  handler: async ({ params, actor }, { acts }) => readNotice(acts, actor.id, params.id),
})

const acknowledgement = (how: 'read' | 'received', summary: string, description: string): Route =>
  defineRoute({
    method: 'post',
    path: `/api/notices/:id/${how}/`,
    permission: 'notice:own',
    summary,
    description,
    tags,
    params: idParams,
    response: noticeDetailSchema,
    errors: ['NOTICE_NOT_FOUND'],
    async handler({ params, actor, by }, { acts }) {
      await acknowledgeNotice(acts, params.id, by, how === 'read' ? 'read' : 'delivered')
      return readNotice(acts, actor.id, params.id)
    },
  })

const read = acknowledgement(
  'read',
  'Note that you have read a notice',
  'The first reading counts. It is not sent by any further channel.',
)
const received = acknowledgement(
  'received',
  'Note that a push has arrived',
  'For apps, when a push comes in and before anybody has looked at it: no further channel is then tried. Does not mark the notice as read.',
)

const readAll = defineRoute({
  method: 'post',
  path: '/api/notices/read/',
  permission: 'notice:own',
  summary: 'Note that you have read your inbox',
  tags,
  body: readAllBody,
  response: readAllSchema,
  errors: ['NOTICE_NOT_FOUND'],
  async handler({ body, actor }, { acts }) {
    const { read: marked, left } = await readInboxUpTo(acts, actor.id, body.up_to)
    return { read: marked, unread_count: left }
  },
})

const test = defineRoute({
  method: 'post',
  path: '/api/notices/test/',
  permission: 'notice:own',
  summary: 'Send yourself a test',
  description:
    'By the channels you name, under your own preferences; at most five an hour. The answer says which of them can reach you at all; `GET /api/notices/{id}/` says what became of it.',
  tags,
  body: testBody,
  status: 202,
  response: testSchema,
  errors: ['NOTICE_NOT_FOUND', 'RATE_LIMITED'],
  idempotent: true,
  example: { body: { channels: ['push', 'sms'] } },
  async handler({ body, actor, by }, { acts }) {
    const id = await sendTestNotice(acts, { userId: actor.id, channels: body.channels }, by)
    return readTest(acts, actor, id)
  },
  replay: ({ actor }, id, { acts }) => readTest(acts, actor, id),
})

/** Everybody's own inbox. */
export const noticeRoutes: readonly Route[] = [inbox, one, read, received, readAll, test]
