import { z } from 'zod'
import { readNotice } from '../../acts/read-notice'
import { idField, idParams, timeField } from '../fields'
import { listOf, pageFields, pageOf, windowOf } from '../lists'
import { defineRoute, type Route } from '../route'
import { noticeView, readInbox } from './notices.reads'

const tags = ['Notices']

const noticeSchema = z
  .object({
    id: idField,
    kind: z.string(),
    reference: idField.nullable().describe('The incident it is about'),
    created_at: timeField,
    read_at: timeField.nullable(),
  })
  .meta({ id: 'Notice' })

const inbox = defineRoute({
  method: 'get',
  path: '/api/notices/',
  permission: 'notice:own',
  summary: 'Your inbox',
  description:
    'Newest first. A notice says that there is something to read, never what; one about a state that is over is gone.',
  tags,
  query: z.strictObject(pageFields),
  response: listOf(noticeSchema),
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, actor, request }, { acts }) {
    return pageOf(await readInbox(acts, actor.id, windowOf(query)), query, request)
  },
})

const read = defineRoute({
  method: 'post',
  path: '/api/notices/:id/read/',
  permission: 'notice:own',
  summary: 'Note that you have read a notice',
  tags,
  params: idParams,
  response: noticeSchema,
  errors: ['NOTICE_NOT_FOUND'],
  handler: async ({ params, by }, { acts }) => noticeView(await readNotice(acts, params.id, by)),
})

/** Everybody's own inbox. */
export const noticeRoutes: readonly Route[] = [inbox, read]
