import { accountRoutes } from './accounts/accounts.routes'
import { administrationRoutes } from './accounts/administration.routes'
import { healthRoutes } from './health.routes'
import type { Route } from './route'

/** Every route of the API. A new noun is one line here. */
export const ROUTES: readonly Route[] = [...accountRoutes, ...administrationRoutes, ...healthRoutes]
