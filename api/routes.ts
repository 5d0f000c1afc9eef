import { accountRoutes } from './accounts/accounts.routes'
import { administrationRoutes } from './accounts/administration.routes'
import { dispatchRoutes } from './dispatch/dispatch.routes'
import { policyRoutes } from './dispatch/policies.routes'
import { healthRoutes } from './health/health.routes'
import { incidentActRoutes } from './incidents/incident-acts.routes'
import { incidentStoryRoutes } from './incidents/incident-story.routes'
import { incidentRoutes } from './incidents/incidents.routes'
import { noticeRoutes } from './notices/notices.routes'
import { providerRoutes } from './providers/providers.routes'
import type { Route } from './route'

/** Every route of the API. A new noun is one line here. */
export const ROUTES: readonly Route[] = [
  ...accountRoutes,
  ...administrationRoutes,
  ...incidentRoutes,
  ...incidentActRoutes,
  ...incidentStoryRoutes,
  ...providerRoutes,
  ...dispatchRoutes,
  ...policyRoutes,
  ...noticeRoutes,
  ...healthRoutes,
]
