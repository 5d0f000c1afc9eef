import { startDrill } from '../../acts/drills/start-drill'
import { idParams } from '../fields'
import { listOf, pageOf, windowOf } from '../lists'
import { defineRoute, type RequestFacts, type Route } from '../route'
import type { ApiDeps } from '../deps'
import { readDrill, readDrills } from './drills.reads'
import { drillBody, drillDetailSchema, drillSchema, drillsQuery } from './drills.schemas'

const tags = ['Dispatch']

const start = defineRoute({
  method: 'post',
  path: '/api/dispatch/drills/',
  permission: 'dispatch:act',
  summary: 'Start a communication drill',
  description:
    'Sends a neutral notice to everybody on duty by each of the channels at once, to see whom it reaches. People answer by reading it. Their own preferences count. One drill in ten minutes.',
  tags,
  body: drillBody,
  status: 201,
  response: drillDetailSchema,
  errors: ['DRILL_RUNNING'],
  idempotent: true,
  example: { body: { channels: ['push', 'sms'] } },
  async handler({ body, actor, by, request }, { acts }) {
    return firstPage(await startDrill(acts, { ...body, startedBy: actor.id }, by), request, acts)
  },
  replay: ({ request }, id, { acts }) => firstPage(id, request, acts),
})

const list = defineRoute({
  method: 'get',
  path: '/api/dispatch/drills/',
  permission: 'dispatch:read',
  summary: 'The drills so far',
  tags,
  query: drillsQuery,
  response: listOf(drillSchema),
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, request }, { acts }) {
    return pageOf(await readDrills(acts, windowOf(query)), query, request)
  },
})

const one = defineRoute({
  method: 'get',
  path: '/api/dispatch/drills/:id/',
  permission: 'dispatch:read',
  summary: 'Whom a drill has reached, and by which channel',
  description: 'Those who were called are paged.',
  tags,
  params: idParams,
  query: drillsQuery,
  response: drillDetailSchema,
  errors: ['DRILL_NOT_FOUND', 'PAGE_NOT_FOUND'],
  handler: async ({ params, query, request }, { acts }) => readDrill(acts, params.id, query, request),
})

/** A drill just begun; the next page of its people is under its own address. */
const firstPage = (id: string, { url }: Pick<RequestFacts, 'url'>, acts: ApiDeps['acts']) =>
  readDrill(acts, id, drillsQuery.parse({}), { url: new URL(`${id}/`, url).href })

/** Communication drills: does a call reach those who are on duty? */
export const drillRoutes: readonly Route[] = [start, list, one]
