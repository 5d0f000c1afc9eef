import type { Client } from '../mount-client'
import { accountRoutes } from './accounts.routes'
import { PREFIX } from './define'
import { dispatchRoutes } from './dispatch.routes'
import { incidentRoutes } from './incidents.routes'
import { messageRoutes } from './messages.routes'
import { providerRoutes } from './providers.routes'
import { dialect } from './refusals'
import { appSockets } from './sockets'

/** The shipped Kintaraa app: the same acts and rules as everywhere, in the form that it was written for. */
export const kintaraa: Client = {
  prefix: PREFIX,
  routes: [...accountRoutes, ...incidentRoutes, ...providerRoutes, ...dispatchRoutes, ...messageRoutes],
  dialect,
  sockets: appSockets,
}
