import { addWebhook, editWebhook, removeWebhook, rotateSecret } from '../../acts/webhooks/manage-webhook'
import { replayDelivery, replaySince, testWebhook } from '../../acts/webhooks/send-again'
import { Refusal } from '../../domain/refusals'
import { idParams } from '../fields'
import { etagOf } from '../if-match'
import { pageOf, windowOf } from '../lists'
import { answer, defineRoute, type Route } from '../route'
import { readDeliveries, readDelivery, readWebhook, readWebhooks } from './webhooks.reads'
import {
  addedWebhookSchema,
  deliveriesQuery,
  deliveryList,
  deliveryParams,
  deliverySchema,
  editWebhookBody,
  newSecretSchema,
  newWebhookBody,
  replayBody,
  replayedSchema,
  webhookList,
  webhookSchema,
  webhooksQuery,
} from './webhooks.schemas'

const tags = ['Webhooks']
const permission = 'webhook:manage'

const add = defineRoute({
  method: 'post',
  path: '/api/webhooks/',
  permission,
  summary: 'Have another system told of events',
  description:
    'From now on every event that it wants is sent to it by POST, signed as Standard Webhooks has it: ids and codes, nothing that anybody wrote. The secret is shown this once.',
  tags,
  body: newWebhookBody,
  status: 201,
  response: addedWebhookSchema,
  errors: [],
  idempotent: true,
  example: {
    body: {
      url: 'https://hooks.example.org/kesi',
      event_types: ['incident.reported', 'incident.closed'],
      case_types: ['gbv'],
    },
  },
  async handler({ body, by }, { acts, outbound }) {
    const words = { ...body, description: body.description ?? null }
    const { id, secret } = await addWebhook(acts, { words, rules: outbound }, by)
    const view = await readWebhook(acts, id)
    return answer({ ...view, secret }, { status: 201, headers: etagOf(view.version) })
  },
})

const list = defineRoute({
  method: 'get',
  path: '/api/webhooks/',
  permission,
  summary: 'All webhooks',
  tags,
  query: webhooksQuery,
  response: webhookList,
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, request }, { acts }) {
    return pageOf(await readWebhooks(acts, windowOf(query)), query, request)
  },
})

const one = defineRoute({
  method: 'get',
  path: '/api/webhooks/:id/',
  permission,
  summary: 'A webhook',
  tags,
  params: idParams,
  response: webhookSchema,
  errors: ['WEBHOOK_NOT_FOUND'],
  async handler({ params }, { acts }) {
    const view = await readWebhook(acts, params.id)
    return answer(view, { headers: etagOf(view.version) })
  },
})

const edit = defineRoute({
  method: 'patch',
  path: '/api/webhooks/:id/',
  permission,
  summary: 'Change a webhook, switch it off or on again',
  description:
    'On the version that you saw, by If-Match or `version`. Absent fields stay. What was cancelled while it was off comes back only by a replay.',
  tags,
  params: idParams,
  body: editWebhookBody,
  response: webhookSchema,
  errors: ['WEBHOOK_NOT_FOUND', 'VERSION_REQUIRED', 'VERSION_CONFLICT'],
  ifMatch: true,
  idempotent: true,
  example: { body: { status: 'active', version: 1 } },
  async handler({ params, body: { version: said, ...fields }, headers, by }, { acts, outbound }) {
    const version = headers.ifMatch.version ?? said
    if (version === undefined)
      throw new Refusal('VERSION_REQUIRED', { detail: 'Say by If-Match or `version` which version you edit' })
    await editWebhook(acts, { id: params.id, edit: fields, version, rules: outbound }, by)
    const view = await readWebhook(acts, params.id)
    return answer(view, { headers: etagOf(view.version) })
  },
  replay: async ({ params }, _effect, { acts }) => readWebhook(acts, params.id),
})

const remove = defineRoute({
  method: 'delete',
  path: '/api/webhooks/:id/',
  permission,
  summary: 'Delete a webhook and what is known of its deliveries',
  tags,
  params: idParams,
  errors: ['WEBHOOK_NOT_FOUND'],
  async handler({ params, by }, { acts }) {
    await removeWebhook(acts, params.id, by)
  },
})

const rotate = defineRoute({
  method: 'post',
  path: '/api/webhooks/:id/rotate-secret/',
  permission,
  summary: 'Draw a new secret',
  description: 'The secret before it signs too for 24 hours: `webhook-signature` then holds both signatures.',
  tags,
  params: idParams,
  response: newSecretSchema,
  errors: ['WEBHOOK_NOT_FOUND'],
  idempotent: true,
  async handler({ params, by }, { acts }) {
    const { secret, oldSignsUntil } = await rotateSecret(acts, params.id, by)
    return { secret, old_secret_signs_until: oldSignsUntil.toISOString() }
  },
})

const test = defineRoute({
  method: 'post',
  path: '/api/webhooks/:id/test/',
  permission,
  summary: 'Send a test',
  description:
    'A delivery of the type `webhook.test` with empty data, on the way that all others go. What became of it stands among the deliveries.',
  tags,
  params: idParams,
  status: 202,
  response: deliverySchema,
  errors: ['WEBHOOK_NOT_FOUND', 'DELIVERY_NOT_FOUND', 'WEBHOOK_DISABLED'],
  idempotent: true,
  async handler({ params, by }, { acts }) {
    return readDelivery(acts, { id: await testWebhook(acts, params.id, by), webhookId: params.id })
  },
  replay: async ({ params }, id, { acts }) => readDelivery(acts, { id, webhookId: params.id }),
})

const deliveries = defineRoute({
  method: 'get',
  path: '/api/webhooks/:id/deliveries/',
  permission,
  summary: 'What was sent, and what became of it',
  tags,
  params: idParams,
  query: deliveriesQuery,
  response: deliveryList,
  errors: ['WEBHOOK_NOT_FOUND', 'PAGE_NOT_FOUND'],
  async handler({ params, query, request }, { acts }) {
    const which = { webhookId: params.id, state: query.state }
    return pageOf(await readDeliveries(acts, which, windowOf(query)), query, request)
  },
})

const replayOne = defineRoute({
  method: 'post',
  path: '/api/webhooks/:id/deliveries/:did/replay/',
  permission,
  summary: 'Send a delivery once more',
  description: 'At once, under its old `webhook-id`, and with all attempts before it again.',
  tags,
  params: deliveryParams,
  status: 202,
  response: deliverySchema,
  errors: ['WEBHOOK_NOT_FOUND', 'DELIVERY_NOT_FOUND', 'WEBHOOK_DISABLED'],
  idempotent: true,
  async handler({ params, by }, { acts }) {
    const delivery = { id: params.did, webhookId: params.id }
    await replayDelivery(acts, delivery, by)
    return readDelivery(acts, delivery)
  },
  replay: async ({ params }, id, { acts }) => readDelivery(acts, { id, webhookId: params.id }),
})

const replayAll = defineRoute({
  method: 'post',
  path: '/api/webhooks/:id/replay/',
  permission,
  summary: 'Send everything once more that did not arrive since a moment',
  description: 'What failed or was cancelled, the oldest first, at most 1,000 at once.',
  tags,
  params: idParams,
  body: replayBody,
  status: 202,
  response: replayedSchema,
  errors: ['WEBHOOK_NOT_FOUND', 'WEBHOOK_DISABLED'],
  idempotent: true,
  example: { body: { since: '2026-11-20T06:00:00Z' } },
  handler: async ({ params, body, by }, { acts }) =>
    replaySince(acts, { webhookId: params.id, since: new Date(body.since) }, by),
})

/** Telling other systems of events. */
export const webhookRoutes: readonly Route[] = [
  add,
  list,
  one,
  edit,
  remove,
  rotate,
  test,
  deliveries,
  replayOne,
  replayAll,
]
