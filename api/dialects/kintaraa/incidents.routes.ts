import { deleteIncident } from '../../../acts/delete-incident'
import { reportIncident } from '../../../acts/report-incident'
import { completeIncident, startWork } from '../../../acts/work-incident'
import { Refusal } from '../../../domain/refusals'
import type { ApiDeps } from '../../deps'
import { idParams } from '../../fields'
import { readAfterAct } from '../../incidents/incidents.reads'
import type { Route, SignedIn } from '../../route'
import { z } from 'zod'
import { acceptAndStart, rejectOrHandBack } from './answers'
import { defineFor, REPEATED, REPEATED_SOON } from './define'
import { giveCase } from './dispatch.acts'
import { editLast } from './edits'
import { readFigures, readIncidentList, readOne } from './incidents.reads'
import {
  acceptBody,
  assignmentSchema,
  editBody,
  giveBody,
  incidentSchema,
  incidentsQuery,
  rejectBody,
  reportBody,
  statsSchema,
  statusBody,
  voiceBody,
  voiceSchema,
} from './incidents.schemas'
import { assignmentView, incidentView } from './incidents.views'
import { reportOf, saidTime } from './intake'
import { arrayOf } from './lists'
import { audienceOf } from './words'

const tags = ['Incidents']
const UNKNOWN = ['INCIDENT_NOT_FOUND', 'ACCESS_ENDED'] as const
const NO_OFFER = ['OFFER_EXPIRED', 'OFFER_TAKEN', 'OFFER_WITHDRAWN', 'OFFER_NOT_YOURS'] as const
const STATE = ['INCIDENT_CLOSED', 'TRANSITION_NOT_ALLOWED', 'RULE_BROKEN'] as const

/** The incident after somebody's act, as the app shows it. */
async function shown({ actor }: { readonly actor: SignedIn }, incidentId: string, { acts }: ApiDeps) {
  return incidentView(await readAfterAct(acts, actor, incidentId), audienceOf(actor.role))
}

const report = defineFor({
  method: 'post',
  path: '/api/incidents/',
  permission: 'incident:create',
  summary: 'Report an incident',
  description:
    'The place that the app puts where none was given, and the clock that it sends where no time was, count as not known. A provider’s report is on behalf of somebody, and routine.',
  tags,
  body: reportBody,
  status: 201,
  response: incidentSchema,
  errors: [],
  ...REPEATED,
  async handler(context, deps) {
    const { body, actor, by } = context
    const report = reportOf(body, actor.role, deps.accounts.now())
    const { incidentId } = await reportIncident(deps.acts, report, by)
    return shown(context, incidentId, deps)
  },
  replay: shown,
  // The app reads its clock anew each time that it sends the report.
  repeatsAs: ({ body }, { accounts }) => ({ ...body, incident_time: saidTime(body.incident_time, accounts.now()) }),
})

const list = defineFor({
  method: 'get',
  path: '/api/incidents/',
  permission: 'incident:list',
  summary: 'Incidents that you may see',
  description: 'Newest first, at most 200; a `Link` header leads to more. A word that is not known finds nothing.',
  tags,
  query: incidentsQuery,
  response: z.array(incidentSchema),
  errors: [],
  handler: async ({ query, actor, request }, { acts }) =>
    arrayOf(await readIncidentList(acts, actor, query), query.page, request),
})

const stats = defineFor({
  method: 'get',
  path: '/api/incidents/stats/',
  permission: 'incident:stats',
  summary: 'Figures of the incidents that you may see',
  tags,
  response: statsSchema,
  errors: [],
  handler: async ({ actor }, { acts }) => readFigures(acts, actor),
})

const read = defineFor({
  method: 'get',
  path: '/api/incidents/:id/',
  permission: 'incident:read',
  summary: 'One incident',
  description: 'A provider with an open offer gets nothing that was told. The reading is logged.',
  tags,
  params: idParams,
  response: incidentSchema,
  errors: [...UNKNOWN],
  handler: async ({ params, actor }, { acts }) => readOne(acts, actor, params.id),
})

const edit = defineFor({
  method: 'patch',
  path: '/api/incidents/:id/',
  permission: 'incident:edit',
  summary: 'Edit an incident',
  description: 'These three fields alone, without a version: the last to write wins.',
  tags,
  params: idParams,
  body: editBody,
  response: incidentSchema,
  errors: [...UNKNOWN, ...STATE, 'VERSION_CONFLICT'],
  ...REPEATED_SOON,
  async handler(context, deps) {
    const { id: incidentId } = context.params
    await editLast(deps.acts, { incidentId, edit: context.body }, context)
    return shown(context, incidentId, deps)
  },
  replay: shown,
})

const remove = defineFor({
  method: 'delete',
  path: '/api/incidents/:id/',
  permission: 'incident:delete',
  summary: 'Take an incident off the lists',
  tags,
  params: idParams,
  errors: [...UNKNOWN],
  async handler({ params, by }, { acts }) {
    await deleteIncident(acts, params.id, by)
  },
})

const accept = defineFor({
  method: ['patch', 'post'],
  path: '/api/incidents/:id/accept/',
  permission: 'incident:answer',
  summary: 'Accept, and start',
  description: 'An offer, or a case that dispatch gave. The app shows success whatever the answer is.',
  tags,
  params: idParams,
  body: acceptBody,
  response: assignmentSchema,
  errors: [...UNKNOWN, ...NO_OFFER, ...STATE],
  ...REPEATED_SOON,
  async handler({ params, body, actor, by }, { acts, accounts }) {
    await acceptAndStart(acts, params.id, body.notes, by)
    return assignmentView('accepted', {
      incidentId: params.id,
      providerId: actor.id,
      at: accounts.now(),
      words: body.notes,
    })
  },
  replay: async ({ params, body, actor }, _incidentId, { accounts }) =>
    assignmentView('accepted', { incidentId: params.id, providerId: actor.id, at: accounts.now(), words: body.notes }),
})

const reject = defineFor({
  method: ['patch', 'post'],
  path: '/api/incidents/:id/reject/',
  permission: 'incident:answer',
  summary: 'Refuse an offer, or give a case back',
  tags,
  params: idParams,
  body: rejectBody,
  response: assignmentSchema,
  errors: [...UNKNOWN, ...NO_OFFER, ...STATE],
  ...REPEATED_SOON,
  async handler({ params, body, actor, by }, { acts, accounts }) {
    await rejectOrHandBack(acts, params.id, body.reason, by)
    return assignmentView('rejected', {
      incidentId: params.id,
      providerId: actor.id,
      at: accounts.now(),
      words: body.reason,
    })
  },
  replay: async ({ params, body, actor }, _incidentId, { accounts }) =>
    assignmentView('rejected', { incidentId: params.id, providerId: actor.id, at: accounts.now(), words: body.reason }),
})

const workAt = (path: string): Route =>
  defineFor({
    method: ['patch', 'post'],
    path,
    permission: 'incident:work',
    summary: 'Start or complete the work',
    description: 'The app has no field for what came of it: a completion is kept as `not_stated`, and dispatch asks.',
    tags,
    params: idParams,
    body: statusBody,
    response: incidentSchema,
    errors: [...UNKNOWN, ...STATE],
    ...REPEATED_SOON,
    async handler(context, deps) {
      const { params, body, by } = context
      if (body.status === 'in_progress') await startWork(deps.acts, params.id, by, body.notes)
      else await completeIncident(deps.acts, params.id, 'not_stated', by, body.notes)
      return shown(context, params.id, deps)
    },
    replay: shown,
  })

const assign = defineFor({
  method: 'post',
  path: '/api/incidents/:id/assign/',
  permission: 'dispatch:act',
  summary: 'Give a case to a provider',
  description: 'Not for those who report: whom a case goes to is for the engine and dispatch.',
  tags,
  params: idParams,
  body: giveBody,
  response: assignmentSchema,
  errors: [...UNKNOWN, ...STATE, 'PROVIDER_NOT_FOUND', 'PROVIDER_AT_CAPACITY', 'PROVIDER_EXCLUDED'],
  ...REPEATED_SOON,
  async handler({ params, body: { provider_id, notes }, by }, { acts, accounts }) {
    await giveCase(acts, { act: 'assign', incidentId: params.id, provider: provider_id, reason: notes }, by)
    return assignmentView('pending', {
      incidentId: params.id,
      providerId: provider_id,
      at: accounts.now(),
      words: notes,
    })
  },
})

const VOICE_BYTES = 50 * 1024 * 1024

const uploadVoice = defineFor({
  method: 'post',
  path: '/api/incidents/upload-voice/',
  permission: 'incident:create',
  summary: 'Upload a voice recording',
  description:
    'Recordings are not taken by this installation yet, and nothing of one is kept: 503. No screen of the app sends any.',
  tags,
  upload: { maxBytes: VOICE_BYTES, kinds: ['audio'], boundary: 'sniffed' },
  body: voiceBody,
  status: 202,
  response: voiceSchema,
  errors: [],
  async handler() {
    throw new Refusal('ENGINE_UNAVAILABLE', {
      detail: 'Voice recordings are not taken here yet. Please write what happened instead.',
    })
  },
})

/** Reports and what people do with them, as the app calls them. */
export const incidentRoutes: readonly Route[] = [
  report,
  list,
  stats,
  read,
  edit,
  remove,
  accept,
  reject,
  workAt('/api/incidents/:id/status/'),
  workAt('/api/providers/cases/:id/status/'),
  assign,
  uploadVoice,
]
