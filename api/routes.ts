import { accountRoutes } from './accounts/accounts.routes'
import { administrationRoutes } from './accounts/administration.routes'
import { deviceRoutes } from './accounts/devices.routes'
import { passkeyRoutes } from './accounts/passkeys.routes'
import { passwordRoutes } from './accounts/passwords.routes'
import { totpRoutes } from './accounts/totp.routes'
import { wsTicketRoutes } from './accounts/ws-ticket.routes'
import { apiKeyRoutes } from './api-keys/api-keys.routes'
import { analyticsRoutes } from './dispatch/analytics.routes'
import { dispatchRoutes } from './dispatch/dispatch.routes'
import { drillRoutes } from './dispatch/drills.routes'
import { policyRoutes } from './dispatch/policies.routes'
import { healthRoutes } from './health/health.routes'
import { incidentActRoutes } from './incidents/incident-acts.routes'
import { incidentNoticeRoutes } from './incidents/incident-notices.routes'
import { incidentSafetyRoutes } from './incidents/incident-safety.routes'
import { incidentStoryRoutes } from './incidents/incident-story.routes'
import { incidentRoutes } from './incidents/incidents.routes'
import { attachmentRoutes } from './messages/attachments.routes'
import { messageRoutes } from './messages/messages.routes'
import { noticeRoutes } from './notices/notices.routes'
import { preferenceRoutes } from './notices/preferences.routes'
import { providerRoutes } from './providers/providers.routes'
import { receiptRoutes } from './receipts/receipts.routes'
import type { Route } from './route'
import { webhookRoutes } from './webhooks/webhooks.routes'

/** Every route of the API. A new noun is one line here. */
export const ROUTES: readonly Route[] = [
  ...accountRoutes,
  ...passwordRoutes,
  ...totpRoutes,
  ...passkeyRoutes,
  ...deviceRoutes,
  ...wsTicketRoutes,
  ...administrationRoutes,
  ...incidentRoutes,
  ...incidentActRoutes,
  ...incidentStoryRoutes,
  ...incidentSafetyRoutes,
  ...incidentNoticeRoutes,
  ...providerRoutes,
  ...dispatchRoutes,
  ...analyticsRoutes,
  ...policyRoutes,
  ...drillRoutes,
  ...messageRoutes,
  ...attachmentRoutes,
  ...noticeRoutes,
  ...preferenceRoutes,
  ...receiptRoutes,
  ...webhookRoutes,
  ...apiKeyRoutes,
  ...healthRoutes,
]
