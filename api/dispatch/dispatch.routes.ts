import { z } from 'zod'
import { dispatchIncident, type Decision } from '../../acts/dispatch-incident'
import { Refusal } from '../../domain/refusals'
import type { ApiDeps } from '../deps'
import type { IfMatch } from '../if-match'
import { readAfterAct } from '../incidents/incidents.reads'
import { incidentSchema } from '../incidents/incidents.schemas'
import { listOf, pageOf, windowOf } from '../lists'
import { providerSchema } from '../providers/providers.schemas'
import { defineRoute, type Route, type SignedIn } from '../route'
import { readAvailable, readDashboard, readRecommendations } from './dispatch.reads'
import {
  acknowledgeBody,
  assignBody,
  availableQuery,
  dashboardQuery,
  dashboardSchema,
  overrideBody,
  recommendationSchema,
  recommendationsQuery,
} from './dispatch.schemas'

const tags = ['Dispatch']
const STATE = ['INCIDENT_NOT_FOUND', 'CHANGED', 'TRANSITION_NOT_ALLOWED', 'INCIDENT_CLOSED', 'RULE_BROKEN'] as const
const PROVIDER = ['PROVIDER_NOT_FOUND', 'PROVIDER_AT_CAPACITY', 'PROVIDER_EXCLUDED'] as const

const dashboard = defineRoute({
  method: 'get',
  path: '/api/dispatch/dashboard/',
  permission: 'dispatch:read',
  summary: 'The dispatch board',
  description:
    'Figures, the queue of what waits for a person (paged), running escalations, and what nobody attends to.',
  tags,
  query: dashboardQuery,
  response: dashboardSchema,
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, actor, request }, { acts }) {
    const { status: statuses, urgency, case_type } = query
    return readDashboard(acts, actor, { statuses, urgency, case_type }, query, request)
  },
})

const recommendations = defineRoute({
  method: 'get',
  path: '/api/dispatch/recommendations/',
  permission: 'dispatch:read',
  summary: 'Whom to give an incident, and why',
  description:
    "By the engine's own rules on the state of this moment; those who cannot be asked come last, with every reason. At most 300, eligible ones first. The look is logged.",
  tags,
  query: recommendationsQuery,
  response: z.array(recommendationSchema),
  errors: ['INCIDENT_NOT_FOUND'],
  handler: async ({ query, actor }, { acts }) => readRecommendations(acts, actor, query),
})

const available = defineRoute({
  method: 'get',
  path: '/api/dispatch/available-providers/',
  permission: 'dispatch:read',
  summary: 'Providers with a free slot',
  tags,
  query: availableQuery,
  response: listOf(providerSchema),
  errors: ['INCIDENT_NOT_FOUND', 'PAGE_NOT_FOUND'],
  async handler({ query, actor, request }, { acts }) {
    return pageOf(await readAvailable(acts, actor, query, windowOf(query)), query, request)
  },
})

const replay = ({ actor }: { readonly actor: SignedIn }, incidentId: string, { acts }: ApiDeps) =>
  readAfterAct(acts, actor, incidentId)

const assignment = (act: 'assign' | 'reassign', summary: string, description: string): Route =>
  defineRoute({
    method: 'post',
    path: `/api/dispatch/${act}/`,
    permission: 'dispatch:act',
    summary,
    description,
    tags,
    body: assignBody,
    ifMatch: true,
    response: incidentSchema,
    errors: [...STATE, ...PROVIDER],
    idempotent: true,
    async handler({ body, actor, by, headers }, { acts }) {
      const { incident, provider, reason, force } = body
      const decision = { incidentId: incident, rev: revOf(headers.ifMatch, body.rev), act, provider, reason, force }
      await dispatchIncident(acts, decision, by)
      return readAfterAct(acts, actor, incident)
    },
    replay,
  })

const assign = assignment(
  'assign',
  'Give an unassigned incident to a provider',
  'Open offers are withdrawn. Beyond capacity or exclusion only with `force` and a reason.',
)
const reassign = assignment(
  'reassign',
  'Give an assigned incident to another provider',
  'The one before is told and loses access. Beyond capacity or exclusion only with `force` and a reason.',
)

const override = defineRoute({
  method: 'post',
  path: '/api/dispatch/override/',
  permission: 'dispatch:act',
  summary: 'Decide over the engine',
  description:
    'A fact when the answer leaves: whatever was open is superseded. With a `rev` (or If-Match "rev:<n>") nothing is done when the incident has moved on since.',
  tags,
  body: overrideBody,
  ifMatch: true,
  response: incidentSchema,
  errors: [...STATE, ...PROVIDER],
  idempotent: true,
  async handler({ body, actor, by, headers }, { acts }) {
    if (body.reason === undefined) throw reasonMissing()
    const { incident: incidentId, rev, ...decided } = body
    const decision: Decision = { ...decided, incidentId, rev: revOf(headers.ifMatch, rev) }
    await dispatchIncident(acts, decision, by)
    return readAfterAct(acts, actor, incidentId)
  },
  replay,
})

const acknowledge = defineRoute({
  method: 'post',
  path: '/api/dispatch/acknowledge/',
  permission: 'dispatch:act',
  summary: 'Take notice of an escalation and own it',
  description: 'The ladder stops. An owner who then does nothing for a while loses it again.',
  tags,
  body: acknowledgeBody,
  ifMatch: true,
  response: incidentSchema,
  errors: [...STATE],
  idempotent: true,
  async handler({ body, actor, by, headers }, { acts }) {
    const { incident: incidentId } = body
    await dispatchIncident(acts, { incidentId, rev: revOf(headers.ifMatch, body.rev), act: 'acknowledge' }, by)
    return readAfterAct(acts, actor, incidentId)
  },
  replay,
})

const revOf = (ifMatch: IfMatch, given: number | undefined): number | undefined => ifMatch.rev ?? given

function reasonMissing(): Refusal {
  const message = 'Say why: a code, or in your own words'
  return new Refusal('RULE_BROKEN', { detail: message, errors: [{ path: 'body.reason', code: 'required', message }] })
}

/** What dispatchers see and decide. */
export const dispatchRoutes: readonly Route[] = [
  dashboard,
  recommendations,
  available,
  assign,
  reassign,
  override,
  acknowledge,
]
