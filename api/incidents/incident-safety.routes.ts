import { z } from 'zod'
import { barProviders, liftExclusion } from '../../acts/edit-exclusions'
import { idParams } from '../fields'
import { listOf, pageFields, pageOf, windowOf } from '../lists'
import { defineRoute, type Route } from '../route'
import { readAccesses, readExclusions } from './incident-safety.reads'
import { accessSchema, exclusionParams, exclusionsBody, exclusionSchema } from './incident-safety.schemas'

const tags = ['Incidents']

const exclusions = defineRoute({
  method: 'get',
  path: '/api/incidents/:id/exclusions/',
  permission: 'incident:exclude',
  summary: 'Who is never offered the incident',
  description: 'For its reporter and dispatch alone; whoever is excluded is never told.',
  tags,
  params: idParams,
  response: z.array(exclusionSchema),
  errors: ['INCIDENT_NOT_FOUND'],
  handler: async ({ params, actor }, { acts }) => readExclusions(acts, actor, params.id),
})

const exclude = defineRoute({
  method: 'post',
  path: '/api/incidents/:id/exclusions/',
  permission: 'incident:exclude',
  summary: 'Exclude providers',
  description:
    'Adds to the list, at any time, and answers all of it; ids that are no provider’s are passed over. An open offer to one of them is withdrawn at once and the next is asked. About one who is already working on the incident dispatch is called, and decides.',
  tags,
  params: idParams,
  body: exclusionsBody,
  response: z.array(exclusionSchema),
  errors: ['INCIDENT_NOT_FOUND', 'ACCESS_ENDED', 'RULE_BROKEN'],
  idempotent: true,
  example: { body: { providers: ['019a8c3e-2b1f-7c64-9d55-0f3a7e6b8c21'] } },
  async handler({ params, body, actor, by }, { acts }) {
    await barProviders(acts, { incidentId: params.id, providers: body.providers }, by)
    return readExclusions(acts, actor, params.id)
  },
  replay: async ({ actor }, incidentId, { acts }) => readExclusions(acts, actor, incidentId),
})

const lift = defineRoute({
  method: 'delete',
  path: '/api/incidents/:id/exclusions/:provider/',
  permission: 'incident:exclude',
  summary: 'Let an excluded provider in again',
  description: 'Whom the reporter has excluded, only the reporter lets in again.',
  tags,
  params: exclusionParams,
  errors: ['INCIDENT_NOT_FOUND', 'ACCESS_ENDED', 'EXCLUSION_NOT_FOUND', 'RULE_BROKEN'],
  async handler({ params, by }, { acts }) {
    await liftExclusion(acts, { incidentId: params.id, provider: params.provider }, by)
  },
})

const accesses = defineRoute({
  method: 'get',
  path: '/api/incidents/:id/access-log/',
  permission: 'incident:access_log',
  summary: 'Who has read the incident',
  description:
    'Every reading by somebody other than its reporter, the newest first: when, in which role, and what of it. Who they are is not part of it.',
  tags,
  params: idParams,
  query: z.strictObject(pageFields),
  response: listOf(accessSchema),
  errors: ['INCIDENT_NOT_FOUND', 'PAGE_NOT_FOUND'],
  async handler({ params, query, actor, request }, { acts }) {
    const found = await readAccesses(acts, actor, params.id, windowOf(query))
    return pageOf(found, query, request)
  },
})

/** Whom an incident is kept from, and who has looked at it. */
export const incidentSafetyRoutes: readonly Route[] = [exclusions, exclude, lift, accesses]
