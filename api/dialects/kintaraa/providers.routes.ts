import { z } from 'zod'
import type { Route } from '../../route'
import { assignedSchema } from './incidents.schemas'
import { defineFor } from './define'
import { readNetwork } from './dispatch.reads'
import { pageField, arrayOf } from './lists'
import { showPresence } from './presence'
import { readAccepted, readPending } from './providers.reads'
import { availableSchema } from './providers.schemas'

const tags = ['Providers']

const assignedCases = defineFor({
  method: 'get',
  path: '/api/providers/assigned-cases/',
  permission: 'provider:self',
  summary: 'What you are asked for and work on',
  description:
    'Pending: offers, and cases that dispatch gave and you have not started; of neither is told what anybody wrote. Accepted: those in progress and completed. Refused ones are gone.',
  tags,
  query: z.object({ status: z.string().max(100).optional(), page: pageField }),
  response: z.array(assignedSchema),
  errors: ['PROVIDER_NOT_FOUND'],
  async handler({ query: { status, page }, actor, request }, { acts }) {
    await showPresence({ acts }, actor)
    const isAsked = (word: string): boolean => !status || status === word
    const pending = isAsked('pending') && page === 1 ? await readPending(acts, actor) : []
    const accepted = isAsked('accepted') ? await readAccepted(acts, actor, page) : { count: 0, results: [] }
    return arrayOf({ count: accepted.count, results: [...pending, ...accepted.results] }, page, request)
  },
})

const available = defineFor({
  method: 'get',
  path: '/api/providers/available/',
  permission: 'provider:list',
  summary: 'Providers with a free slot',
  description: 'For dispatch alone: who responds is nobody else’s to look up.',
  tags,
  query: z.object({ provider_type: z.string().max(100).optional(), page: pageField }),
  response: z.array(availableSchema),
  errors: [],
  async handler({ query: { provider_type, page }, request }, { acts }) {
    return arrayOf(await readNetwork(acts, { provider_type, free: true, page }), page, request)
  },
})

/** What providers find in the app. */
export const providerRoutes: readonly Route[] = [assignedCases, available]
