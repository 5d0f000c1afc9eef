import { accountRoutes } from './accounts/accounts.routes'
import { administrationRoutes } from './accounts/administration.routes'
import { deviceRoutes } from './accounts/devices.routes'
import { passkeyRoutes } from './accounts/passkeys.routes'
import { passwordRoutes } from './accounts/passwords.routes'
import { totpRoutes } from './accounts/totp.routes'
import { analyticsRoutes } from './dispatch/analytics.routes'
import { dispatchRoutes } from './dispatch/dispatch.routes'
import { policyRoutes } from './dispatch/policies.routes'
import { healthRoutes } from './health/health.routes'
import { incidentActRoutes } from './incidents/incident-acts.routes'
import { incidentSafetyRoutes } from './incidents/incident-safety.routes'
import { incidentStoryRoutes } from './incidents/incident-story.routes'
import { incidentRoutes } from './incidents/incidents.routes'
import { attachmentRoutes } from './messages/attachments.routes'
import { messageRoutes } from './messages/messages.routes'
import { noticeRoutes } from './notices/notices.routes'
import { providerRoutes } from './providers/providers.routes'
import type { Route } from './route'

/** Every route of the API. A new noun is one line here. */
export const ROUTES: readonly Route[] = [
  ...accountRoutes,
  ...passwordRoutes,
  ...totpRoutes,
  ...passkeyRoutes,
  ...deviceRoutes,
  ...administrationRoutes,
  ...incidentRoutes,
  ...incidentActRoutes,
  ...incidentStoryRoutes,
  ...incidentSafetyRoutes,
  ...providerRoutes,
  ...dispatchRoutes,
  ...analyticsRoutes,
  ...policyRoutes,
  ...messageRoutes,
  ...attachmentRoutes,
  ...noticeRoutes,
  ...healthRoutes,
]
