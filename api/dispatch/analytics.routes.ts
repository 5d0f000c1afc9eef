import { defineRoute, type Route } from '../route'
import { readAnalyticsFor } from './analytics.reads'
import { analyticsQuery, analyticsSchema } from './analytics.schemas'

const analytics = defineRoute({
  method: 'get',
  path: '/api/dispatch/analytics/',
  permission: 'dispatch:analytics',
  summary: 'How the incidents of a time fared',
  description:
    'The phases from report to completion beside their targets, outcomes and escalations, by day, incident type, area or type of the responder. Acceptance, start and completion are those of the assignment that holds. Small counts are suppressed, and others with them where they could be computed from the rest.',
  tags: ['Dispatch'],
  query: analyticsQuery,
  response: analyticsSchema,
  errors: [],
  handler: async ({ query }, { acts, accounts }) => readAnalyticsFor(acts, query, accounts.now()),
})

/** The figures that managers look at. */
export const analyticsRoutes: readonly Route[] = [analytics]
