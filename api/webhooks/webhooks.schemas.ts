import { z } from 'zod'
import { CASE_TYPES } from '../../domain/case-types'
import { EVENTS, type EventType } from '../../domain/events'
import { DELIVERY_STATES, TEST_TYPE, WEBHOOK_STATUSES } from '../../domain/webhooks'
import { givenTimeField, idField, textField, timeField } from '../fields'
import { listOf, pageFields } from '../lists'

const EVENT_TYPES = Object.keys(EVENTS) as EventType[]
const CASE_TYPE_CODES = Object.keys(CASE_TYPES)

const urlField = z
  .string()
  .min(1)
  .max(2_000)
  .describe('https, without user, password or fragment; a public address. Plain http only outside production')
const eventTypesField = z
  .array(z.enum(EVENT_TYPES))
  .max(EVENT_TYPES.length)
  .describe('The types that it is told of; empty for all')
const caseTypesField = z.array(z.enum(CASE_TYPE_CODES)).max(CASE_TYPE_CODES.length).describe('Empty for all')
const descriptionField = textField(500)

export const newWebhookBody = z.strictObject({
  url: urlField,
  event_types: eventTypesField.default([]),
  case_types: caseTypesField.default([]),
  description: descriptionField.optional(),
})

export const editWebhookBody = z.strictObject({
  url: urlField.optional(),
  event_types: eventTypesField.optional(),
  case_types: caseTypesField.optional(),
  description: descriptionField.nullable().optional(),
  status: z.enum(WEBHOOK_STATUSES).optional().describe('Disabling cancels what still waits'),
  version: z
    .number()
    .int()
    .min(1)
    .max(2_147_483_647)
    .optional()
    .describe('The version you saw, unless If-Match says it'),
})

const webhook = {
  id: idField,
  url: z.string(),
  description: z.string().nullable(),
  event_types: z.array(z.string()),
  case_types: z.array(z.string()),
  status: z.enum(WEBHOOK_STATUSES),
  disabled_reason: z
    .enum(['by_admin', 'gone', 'failing'])
    .nullable()
    .describe('`gone`: the receiver answered 410. `failing`: nothing could be delivered for three days'),
  failing_since: timeField.nullable().describe('The first failure since the last success'),
  version: z.number().int(),
  created_by: idField.nullable(),
  created_at: timeField,
  updated_at: timeField,
}

export const webhookSchema = z.object(webhook).meta({ id: 'Webhook' })

export const addedWebhookSchema = z
  .object({ ...webhook, secret: z.string().describe('By which you verify signatures; shown this once') })
  .meta({ id: 'AddedWebhook' })

export const newSecretSchema = z
  .object({ secret: z.string().describe('Shown this once'), old_secret_signs_until: timeField })
  .meta({ id: 'WebhookSecret' })

export const webhooksQuery = z.strictObject(pageFields)
export const webhookList = listOf(webhookSchema)

export const deliveriesQuery = z.strictObject({ ...pageFields, state: z.enum(DELIVERY_STATES).optional() })
export const deliveryParams = z.strictObject({ id: idField, did: idField })

export const deliverySchema = z
  .object({
    id: idField.describe('Sent as `webhook-id`'),
    event: idField.nullable().describe('Null for a test'),
    type: z.string().describe(`A type of event, or \`${TEST_TYPE}\``),
    incident: idField.nullable(),
    state: z.enum(DELIVERY_STATES),
    attempts: z.number().int().describe('Since it was first sent, or last replayed'),
    last_status: z.number().int().nullable(),
    last_failure: z
      .string()
      .nullable()
      .describe('A code, such as `REFUSED`, `REDIRECTED`, `TIMED_OUT`, `ADDRESS_REFUSED`'),
    next_at: timeField.nullable().describe('When it is tried next'),
    created_at: timeField,
    delivered_at: timeField.nullable(),
  })
  .meta({ id: 'WebhookDelivery' })
export const deliveryList = listOf(deliverySchema)

export const replayBody = z.strictObject({ since: givenTimeField })

export const replayedSchema = z
  .object({ replayed: z.number().int(), left: z.number().int().describe('Not yet: ask again for these') })
  .meta({ id: 'Replayed' })
