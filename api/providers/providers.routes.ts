import { z } from 'zod'
import { editProvider } from '../../acts/edit-provider'
import { idParams } from '../fields'
import { readIncidents } from '../incidents/incidents.reads'
import { incidentRowSchema } from '../incidents/incidents.schemas'
import { listOf, pageOf, windowOf } from '../lists'
import { defineRoute, type Route } from '../route'
import { readMetrics, readOffersTo, readProfile, readProvider, readProviders } from './providers.reads'
import {
  assignedCasesQuery,
  editMeBody,
  METRICS_ARE,
  metricsSchema,
  offeredSchema,
  profileSchema,
  providerSchema,
  providersQuery,
} from './providers.schemas'

const tags = ['Providers']

const me = defineRoute({
  method: 'get',
  path: '/api/providers/me/',
  permission: 'provider:self',
  summary: 'Your profile as a provider',
  tags,
  response: profileSchema,
  errors: ['PROVIDER_NOT_FOUND'],
  handler: async ({ actor }, { acts }) => readProfile(acts, actor.id),
})

const editMe = defineRoute({
  method: 'patch',
  path: '/api/providers/me/',
  permission: 'provider:self',
  summary: 'Change your profile, or say whether you are available',
  description:
    '`available` ends every cooldown and wakes incidents that wait for somebody. `off_duty` gives open offers back; cases under way stay yours.',
  tags,
  body: editMeBody,
  response: profileSchema,
  errors: ['PROVIDER_NOT_FOUND'],
  idempotent: true,
  example: { body: { availability: 'available', capacity: 2, position: { lat: -1.3, lng: 36.8 } } },
  async handler({ body, actor, by }, { acts }) {
    await editProvider(acts, actor.id, body, by)
    return readProfile(acts, actor.id)
  },
  replay: async ({ actor }, _profileId, { acts }) => readProfile(acts, actor.id),
})

const offers = defineRoute({
  method: 'get',
  path: '/api/providers/offers/',
  permission: 'provider:self',
  summary: 'What you are offered now',
  tags,
  response: z.array(offeredSchema),
  errors: [],
  handler: async ({ actor }, { acts }) => readOffersTo(acts, actor.id),
})

const assignedCases = defineRoute({
  method: 'get',
  path: '/api/providers/assigned-cases/',
  permission: 'provider:self',
  summary: 'The incidents that you work on',
  tags,
  query: assignedCasesQuery,
  response: listOf(incidentRowSchema),
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, actor, request }, { acts }) {
    const window = { ...windowOf(query), ...query.ordering }
    const found = await readIncidents(acts, actor, { statuses: query.status, assigned_only: true }, window)
    return pageOf(found, query, request)
  },
})

const metricsAt = (path: string): Route =>
  defineRoute({
    method: 'get',
    path,
    permission: 'provider:self',
    summary: 'Your figures',
    description: METRICS_ARE,
    tags,
    response: metricsSchema,
    errors: ['PROVIDER_NOT_FOUND'],
    handler: async ({ actor }, { acts }) => readMetrics(acts, actor.id),
  })

const list = defineRoute({
  method: 'get',
  path: '/api/providers/',
  permission: 'provider:list',
  summary: 'All providers',
  description:
    'Names may come from memory for up to 5 minutes, yet a change made on any server shows at once. Availability and load are of this moment.',
  tags,
  query: providersQuery,
  response: listOf(providerSchema),
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, request }, { acts }) {
    const { page, page_size, ...filter } = query
    const found = await readProviders(acts, filter, windowOf({ page, page_size }))
    return pageOf(found, query, request)
  },
})

const read = defineRoute({
  method: 'get',
  path: '/api/providers/:id/',
  permission: 'provider:list',
  summary: 'One provider',
  tags,
  params: idParams,
  response: providerSchema,
  errors: ['PROVIDER_NOT_FOUND'],
  handler: async ({ params }, { acts }) => readProvider(acts, params.id),
})

/** What providers do for themselves, and the directory that dispatch reads. */
export const providerRoutes: readonly Route[] = [
  me,
  editMe,
  offers,
  assignedCases,
  metricsAt('/api/providers/metrics/'),
  metricsAt('/api/providers/stats/'),
  list,
  read,
]
