import { deleteIncident } from '../../acts/delete-incident'
import { editIncident } from '../../acts/edit-incident'
import { reportIncident } from '../../acts/report-incident'
import { restoreIncident } from '../../acts/restore-incident'
import { idParams } from '../fields'
import { etagOf } from '../if-match'
import { listOf, pageOf, windowOf } from '../lists'
import { answer, defineRoute, type Route } from '../route'
import { explainConflict, readEdit, readEdited, readEditedAgain, safetyOf } from './incident-edits.reads'
import { readStats, STAFF_DAYS } from './incident-stats.reads'
import { COUNT_AT_MOST, readAfterAct, readIncident, readIncidents } from './incidents.reads'
import {
  editBody,
  editedSchema,
  incidentRowSchema,
  incidentSchema,
  incidentsQuery,
  reportBody,
  seenSchema,
  statsSchema,
} from './incidents.schemas'

const tags = ['Incidents']

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
  description: `Reporters get their own, providers those they work on or reported, dispatchers all. A row holds no text, exact place or name; the title only in its reporter’s own list, never in dispatch’s. The count is exact up to ${COUNT_AT_MOST} and stays there beyond it, and so do the pages: filter for what you look for.`,
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

const stats = defineRoute({
  method: 'get',
  path: '/api/incidents/stats/',
  permission: 'incident:stats',
  summary: 'Figures of the incidents that you may see',
  description: `Reporters and providers get those of all that their list has. Dispatchers get those that are open or were reported in the last ${STAFF_DAYS} days; small counts are not held back from them, for they can open every one of these incidents. Figures for others come from the analytics.`,
  tags,
  response: statsSchema,
  errors: [],
  handler: async ({ actor }, { acts }) => readStats(acts, actor),
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
  description:
    'On the version that you saw, by If-Match or `version`; another one answers 412 with both versions in full. Absent fields stay, null clears. With `base_version` instead, the edit is merged with what has come since: `merge` names the fields that are now as you want them, and those that somebody else has changed too. Nothing is written to the latter but that whoever is excluded by either side stays excluded; when no other field is left, the answer is 412 with the same conflicts. The same merge sent twice changes nothing.',
  tags,
  params: idParams,
  body: editBody,
  ifMatch: true,
  response: editedSchema,
  errors: [
    ...(['INCIDENT_NOT_FOUND', 'ACCESS_ENDED', 'VERSION_REQUIRED', 'VERSION_CONFLICT'] as const),
    ...(['INCIDENT_CLOSED', 'TRANSITION_NOT_ALLOWED', 'RULE_BROKEN'] as const),
  ],
  idempotent: true,
  example: { body: { base_version: 1, base: { title: 'Help needed' }, title: 'Help needed at the market' } },
  async handler({ params: { id }, body, actor, by, headers }, { acts }) {
    const { edit: fields, on } = readEdit(body, headers.ifMatch.version)
    const outcome = await editIncident(acts, { incidentId: id, edit: fields, on }, by).catch(async (error: unknown) => {
      throw await explainConflict(acts, actor, id, { body, error })
    })
    const view = await readEdited(acts, actor, id, { body, outcome })
    return answer(view, { headers: etagOf(view.version) })
  },
  replay: async ({ actor, body }, incidentId, { acts }) => readEditedAgain(acts, actor, incidentId, body),
})

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

const restore = defineRoute({
  method: 'post',
  path: '/api/incidents/:id/restore/',
  permission: 'incident:restore',
  summary: 'Put a deleted incident back on the lists',
  description: 'It stays ended as it was; reopening it is another act. Nobody is told.',
  tags,
  params: idParams,
  response: incidentSchema,
  errors: ['INCIDENT_NOT_FOUND', 'TRANSITION_NOT_ALLOWED'],
  idempotent: true,
  async handler({ params, actor, by }, { acts }) {
    await restoreIncident(acts, params.id, by)
    return readAfterAct(acts, actor, params.id)
  },
  replay: async ({ actor }, incidentId, { acts }) => readAfterAct(acts, actor, incidentId),
})

/** Reporting, listing, reading, editing, deleting and restoring incidents. */
export const incidentRoutes: readonly Route[] = [report, list, stats, read, edit, remove, restore]
