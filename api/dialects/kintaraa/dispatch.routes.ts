import { z } from 'zod'
import { idParams } from '../../fields'
import type { Route } from '../../route'
import { defineFor, REPEATED_SOON } from './define'
import { giveCase } from './dispatch.acts'
import { readBoard, readCase, readCases, readNetwork, readRecommended } from './dispatch.reads'
import { boardSchema, casesQuery, networkQuery, reassignBody } from './dispatch.schemas'
import { assignmentSchema, caseSchema, giveBody } from './incidents.schemas'
import { assignmentView } from './incidents.views'
import { arrayOf } from './lists'
import { networkSchema } from './providers.schemas'

const tags = ['Dispatch']
const UNKNOWN = ['INCIDENT_NOT_FOUND', 'ACCESS_ENDED'] as const
const GIVING = [
  ...UNKNOWN,
  ...(['TRANSITION_NOT_ALLOWED', 'INCIDENT_CLOSED', 'RULE_BROKEN'] as const),
  ...(['PROVIDER_NOT_FOUND', 'PROVIDER_AT_CAPACITY', 'PROVIDER_EXCLUDED'] as const),
] as const

const board = defineFor({
  method: 'get',
  path: '/api/dispatch/dashboard/',
  permission: 'dispatch:read',
  summary: 'The figures of the board',
  tags,
  response: boardSchema,
  errors: ['PAGE_NOT_FOUND'],
  handler: async ({ actor, request }, { acts }) => readBoard(acts, actor, request),
})

const cases = defineFor({
  method: 'get',
  path: '/api/dispatch/cases/',
  permission: 'dispatch:read',
  summary: 'All cases',
  description:
    'Newest first, at most 200, each by its code; a `Link` header leads to more. A word that is not known finds nothing.',
  tags,
  query: casesQuery,
  response: z.array(caseSchema),
  errors: [],
  handler: async ({ query, actor, request }, { acts }) =>
    arrayOf(await readCases(acts, actor, query), query.page, request),
})

const oneCase = defineFor({
  method: 'get',
  path: '/api/dispatch/cases/:id/',
  permission: 'dispatch:read',
  summary: 'One case',
  description: 'With what was told; the reading is logged.',
  tags,
  params: idParams,
  response: caseSchema,
  errors: [...UNKNOWN],
  handler: async ({ params, actor }, { acts }) => readCase(acts, actor, params.id),
})

const assign = defineFor({
  method: 'post',
  path: '/api/dispatch/cases/:id/assign/',
  permission: 'dispatch:act',
  summary: 'Give a case to a provider',
  description: 'The provider still says yes, by starting. Never beyond capacity, and never to somebody who is barred.',
  tags,
  params: idParams,
  body: giveBody,
  response: assignmentSchema,
  errors: [...GIVING],
  ...REPEATED_SOON,
  async handler({ params, body: { provider_id, notes }, by }, { acts, accounts }) {
    await giveCase(acts, { act: 'assign', incidentId: params.id, provider: provider_id, reason: notes }, by)
    return assignmentView('pending', {
      incidentId: params.id,
      providerId: provider_id,
      at: accounts.now(),
      words: notes,
    })
  },
})

const reassign = defineFor({
  method: 'post',
  path: '/api/dispatch/cases/:id/reassign/',
  permission: 'dispatch:act',
  summary: 'Give a case to another provider',
  tags,
  params: idParams,
  body: reassignBody,
  response: assignmentSchema,
  errors: [...GIVING],
  ...REPEATED_SOON,
  async handler({ params, body: { new_provider_id: provider, reason }, by }, { acts, accounts }) {
    await giveCase(acts, { act: 'reassign', incidentId: params.id, provider, reason }, by)
    return assignmentView('pending', { incidentId: params.id, providerId: provider, at: accounts.now(), words: reason })
  },
})

const recommendations = defineFor({
  method: 'get',
  path: '/api/dispatch/cases/:id/recommendations/',
  permission: 'dispatch:read',
  summary: 'Whom to give a case',
  description: 'By the engine’s own rules, the best first. The look is logged.',
  tags,
  params: idParams,
  response: z.array(networkSchema),
  errors: [...UNKNOWN],
  handler: async ({ params, actor }, { acts }) => readRecommended(acts, actor, params.id),
})

const network = defineFor({
  method: 'get',
  path: '/api/dispatch/providers/',
  permission: 'provider:list',
  summary: 'The verified providers',
  tags,
  query: networkQuery,
  response: z.array(networkSchema),
  errors: [],
  async handler({ query: { provider_type, available_only, page }, request }, { acts }) {
    return arrayOf(await readNetwork(acts, { provider_type, free: available_only === 'true', page }), page, request)
  },
})

/** The dispatcher's board, as the app calls it. */
export const dispatchRoutes: readonly Route[] = [board, cases, oneCase, assign, reassign, recommendations, network]
