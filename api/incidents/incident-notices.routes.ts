import { z } from 'zod'
import { idParams } from '../fields'
import { listOf, pageFields, pageOf, windowOf } from '../lists'
import { defineRoute, type Route } from '../route'
import { readIncidentNotices } from './incident-notices.reads'
import { incidentNoticeSchema } from './incident-notices.schemas'

const list = defineRoute({
  method: 'get',
  path: '/api/incidents/:id/notices/',
  permission: 'dispatch:read',
  summary: 'Who was told of the incident, and by which way',
  description:
    'Newest first, withdrawn ones too; announcements of messages are not among them. The look is logged, as every other is.',
  tags: ['Incidents'],
  params: idParams,
  query: z.strictObject(pageFields),
  response: listOf(incidentNoticeSchema),
  errors: ['INCIDENT_NOT_FOUND', 'PAGE_NOT_FOUND'],
  async handler({ params, query, actor, request }, { acts }) {
    const found = await readIncidentNotices(acts, actor, params.id, windowOf(query))
    return pageOf(found, query, request)
  },
})

/** Whom an incident's notices went to. */
export const incidentNoticeRoutes: readonly Route[] = [list]
