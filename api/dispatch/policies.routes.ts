import { activatePolicyVersion, addPolicy } from '../../acts/policies'
import { idParams } from '../fields'
import { listOf, pageOf, windowOf } from '../lists'
import { defineRoute, type Route } from '../route'
import { readPolicies, readPolicy } from './dispatch.reads'
import { policiesQuery, policyBody, policySchema } from './policies.schemas'

const tags = ['Policies']

const list = defineRoute({
  method: 'get',
  path: '/api/dispatch/policies/',
  permission: 'policy:read',
  summary: 'All policy versions',
  tags,
  query: policiesQuery,
  response: listOf(policySchema),
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, request }, { acts }) {
    return pageOf(await readPolicies(acts, windowOf(query)), query, request)
  },
})

const add = defineRoute({
  method: 'post',
  path: '/api/dispatch/policies/',
  permission: 'policy:edit',
  summary: 'Store the next version of a policy',
  description:
    'Versions are never edited, and an incident keeps the one it was reported under. A policy that could leave an incident without a timer or an owner is refused, with every fault at once.',
  tags,
  body: policyBody,
  status: 201,
  response: policySchema,
  errors: [],
  idempotent: true,
  async handler({ body, by }, { acts }) {
    const { activate, ...rules } = body
    return readPolicy(acts, await addPolicy(acts, { rules, activate }, by))
  },
  replay: async (_context, policyId, { acts }) => readPolicy(acts, policyId),
})

const activate = defineRoute({
  method: 'post',
  path: '/api/dispatch/policies/:id/activate/',
  permission: 'policy:edit',
  summary: 'Make a version the one that new incidents get',
  tags,
  params: idParams,
  response: policySchema,
  errors: ['POLICY_NOT_FOUND'],
  idempotent: true,
  async handler({ params, by }, { acts }) {
    await activatePolicyVersion(acts, params.id, by)
    return readPolicy(acts, params.id)
  },
  replay: async (_context, policyId, { acts }) => readPolicy(acts, policyId),
})

/** The rules of the engine, in versions. */
export const policyRoutes: readonly Route[] = [list, add, activate]
