import type { z } from 'zod'
import { deleteIncident } from '../../acts/delete-incident'
import { editIncident, type IncidentEdit } from '../../acts/edit-incident'
import { reportIncident, type Report } from '../../acts/report-incident'
import { Refusal } from '../../domain/refusals'
import { idParams } from '../fields'
import { etagOf } from '../if-match'
import { listOf, pageOf, windowOf } from '../lists'
import { answer, defineRoute, type Route } from '../route'
import { readAfterAct, readIncident, readIncidents } from './incidents.reads'
import {
  editBody,
  incidentRowSchema,
  incidentSchema,
  incidentsQuery,
  reportBody,
  seenSchema,
} from './incidents.schemas'

const tags = ['Incidents']

/** What a reporter says beside the story, split as it is kept: who is barred is known to the engine, the rest is sealed. */
function safetyOf(
  given: z.output<typeof reportBody>['contact_safety'],
): Pick<Report, 'contact_safety' | 'excluded_providers'> {
  if (!given) return {}
  const { excluded_providers, ...contact_safety } = given
  return { contact_safety, excluded_providers }
}

const report = defineRoute({
  method: 'post',
  path: '/api/incidents/',
  permission: 'incident:create',
  summary: 'Report an incident',
  description:
    'Only the urgency is needed. An urgent report has an open offer, or has called dispatch, when its answer leaves. A client_id that you have used before answers the report it made, with 200.',
  tags,
  body: reportBody,
  status: 201,
  otherStatuses: { 200: 'You have reported this before, under the same client_id' },
  response: incidentSchema,
  errors: [],
  idempotent: true,
  example: { body: { urgency: 'urgent', incident_type: 'physical', location: { lat: -1.28, lng: 36.82 } } },
  async handler({ body, actor, by }, { acts }) {
    const { location, contact_safety, ...rest } = body
    const { incidentId, created } = await reportIncident(
      acts,
      { ...rest, place: location, ...safetyOf(contact_safety) },
      by,
    )
    const view = await readAfterAct(acts, actor, incidentId)
    return answer(view, { status: created ? 201 : 200, headers: etagOf(view.version) })
  },
  replay: async ({ actor }, incidentId, { acts }) => readAfterAct(acts, actor, incidentId),
})

const list = defineRoute({
  method: 'get',
  path: '/api/incidents/',
  permission: 'incident:list',
  summary: 'Incidents that you may see',
  description:
    'Reporters get their own, providers those they work on or reported, dispatchers all. A row holds no text, exact place or name.',
  tags,
  query: incidentsQuery,
  response: listOf(incidentRowSchema),
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, actor, request }, { acts }) {
    const { status, ordering, page: _page, page_size: _size, ...filter } = query
    const found = await readIncidents(acts, actor, { ...filter, statuses: status }, { ...windowOf(query), ...ordering })
    return pageOf(found, query, request)
  },
})

const read = defineRoute({
  method: 'get',
  path: '/api/incidents/:id/',
  permission: 'incident:read',
  summary: 'One incident',
  description:
    'A provider with an open offer gets the preview. Whoever had access and lost it gets 403, everybody else 404. The reading is logged.',
  tags,
  params: idParams,
  response: seenSchema,
  errors: ['INCIDENT_NOT_FOUND', 'ACCESS_ENDED'],
  async handler({ params, actor }, { acts }) {
    const { view, version } = await readIncident(acts, actor, params.id)
    return version === null ? view : answer(view, { headers: etagOf(version) })
  },
})

const edit = defineRoute({
  method: 'patch',
  path: '/api/incidents/:id/',
  permission: 'incident:edit',
  summary: 'Edit an incident',
  description: 'On the version that you saw, by If-Match or `version`. Absent fields stay, null clears.',
  tags,
  params: idParams,
  body: editBody,
  ifMatch: true,
  response: incidentSchema,
  errors: [
    ...(['INCIDENT_NOT_FOUND', 'ACCESS_ENDED', 'VERSION_REQUIRED', 'VERSION_CONFLICT'] as const),
    ...(['INCIDENT_CLOSED', 'TRANSITION_NOT_ALLOWED', 'RULE_BROKEN'] as const),
  ],
  idempotent: true,
  async handler({ params, body, actor, by, headers }, { acts }) {
    const version = headers.ifMatch.version ?? body.version
    if (version === undefined)
      throw new Refusal('VERSION_REQUIRED', { detail: 'Say by If-Match or `version` which version you edit' })
    await editIncident(acts, { incidentId: params.id, version, edit: editOf(body) }, by)
    const view = await readAfterAct(acts, actor, params.id)
    return answer(view, { headers: etagOf(view.version) })
  },
  replay: async ({ actor }, incidentId, { acts }) => readAfterAct(acts, actor, incidentId),
})

function editOf({ version: _version, location, contact_safety, ...rest }: z.output<typeof editBody>): IncidentEdit {
  return {
    ...rest,
    place: location,
    ...(contact_safety === null ? { contact_safety: null, excluded_providers: [] } : safetyOf(contact_safety)),
  }
}

const remove = defineRoute({
  method: 'delete',
  path: '/api/incidents/:id/',
  permission: 'incident:delete',
  summary: 'Take an incident off the lists',
  description: 'For its reporter and for dispatch. An open one is cancelled first; the record of what happened stays.',
  tags,
  params: idParams,
  errors: ['INCIDENT_NOT_FOUND', 'ACCESS_ENDED'],
  async handler({ params, by }, { acts }) {
    await deleteIncident(acts, params.id, by)
  },
})

/** Reporting, reading, editing and deleting incidents. */
export const incidentRoutes: readonly Route[] = [report, list, read, edit, remove]
