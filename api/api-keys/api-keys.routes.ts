import { endApiKey, issueApiKey, rotateApiKey } from '../../acts/api-keys/manage-api-key'
import { idParams } from '../fields'
import { pageOf, windowOf } from '../lists'
import { defineRoute, type Route } from '../route'
import { readApiKey, readApiKeys, readKeyUsage } from './api-keys.reads'
import {
  apiKeyList,
  apiKeySchema,
  apiKeysQuery,
  issuedKeySchema,
  newApiKeyBody,
  rotateBody,
  usageList,
  usageQuery,
} from './api-keys.schemas'

const tags = ['API keys']
const permission = 'api_key:manage'

const issue = defineRoute({
  method: 'post',
  path: '/api/api-keys/',
  permission,
  summary: 'Issue a key for another system',
  description:
    'Sent as `X-API-Key`, it acts in the name of an account within its scopes; what that account does stands in the record under its name. The key is shown this once: only a digest of it is kept.',
  tags,
  body: newApiKeyBody,
  status: 201,
  response: issuedKeySchema,
  errors: ['API_KEY_NOT_FOUND'],
  idempotent: true,
  example: { body: { name: 'hospital-desk', scopes: ['incident:list', 'incident:read'] } },
  async handler({ body, by, actor }, { acts }) {
    const words = {
      name: body.name,
      scopes: body.scopes,
      userId: body.user_id ?? actor.id,
      expiresAt: body.expires_at === undefined ? undefined : new Date(body.expires_at),
    }
    const { id, key } = await issueApiKey(acts, words, by)
    return { ...(await readApiKey(acts, id)), key }
  },
})

const list = defineRoute({
  method: 'get',
  path: '/api/api-keys/',
  permission,
  summary: 'All keys, also those that are over',
  tags,
  query: apiKeysQuery,
  response: apiKeyList,
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, request }, { acts }) {
    return pageOf(await readApiKeys(acts, windowOf(query)), query, request)
  },
})

const one = defineRoute({
  method: 'get',
  path: '/api/api-keys/:id/',
  permission,
  summary: 'A key',
  tags,
  params: idParams,
  response: apiKeySchema,
  errors: ['API_KEY_NOT_FOUND'],
  handler: async ({ params }, { acts }) => readApiKey(acts, params.id),
})

const rotate = defineRoute({
  method: 'post',
  path: '/api/api-keys/:id/rotate/',
  permission,
  summary: 'Issue a key in the place of another',
  description: 'With the same name, account, scopes and length of life. The old one lives until the grace is over.',
  tags,
  params: idParams,
  body: rotateBody,
  status: 201,
  response: issuedKeySchema,
  errors: ['API_KEY_NOT_FOUND', 'API_KEY_ENDED'],
  idempotent: true,
  example: { body: { grace_seconds: 3_600 } },
  async handler({ params, body, by }, { acts }) {
    const { id, key } = await rotateApiKey(acts, { id: params.id, graceSeconds: body.grace_seconds }, by)
    return { ...(await readApiKey(acts, id)), key }
  },
})

const revoke = defineRoute({
  method: 'delete',
  path: '/api/api-keys/:id/',
  permission,
  summary: 'Revoke a key at once',
  description: 'It stays in the list with its usage.',
  tags,
  params: idParams,
  errors: ['API_KEY_NOT_FOUND'],
  async handler({ params, by }, { acts }) {
    await endApiKey(acts, params.id, by)
  },
})

const usage = defineRoute({
  method: 'get',
  path: '/api/api-keys/:id/usage/',
  permission,
  summary: 'How often a key was used, by day and route',
  description:
    'Requests that were let through, the newest day first. Counts are gathered in memory and written every 5 seconds: a process that is killed loses those of its last seconds.',
  tags,
  params: idParams,
  query: usageQuery,
  response: usageList,
  errors: ['API_KEY_NOT_FOUND', 'PAGE_NOT_FOUND'],
  async handler({ params, query, request }, { acts }) {
    const which = { keyId: params.id, from: query.from, to: query.to }
    return pageOf(await readKeyUsage(acts, which, windowOf(query)), query, request)
  },
})

/** Keys by which other systems call the API. */
export const apiKeyRoutes: readonly Route[] = [issue, list, one, rotate, revoke, usage]
