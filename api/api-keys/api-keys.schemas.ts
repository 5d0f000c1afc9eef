import { z } from 'zod'
import { DELEGABLE_PERMISSIONS } from '../../domain/api-scopes'
import { givenTimeField, idField, timeField } from '../fields'
import { listOf, pageFields } from '../lists'

const DAY_SECONDS = 86_400
const GRACE_DAYS_AT_MOST = 30

const nameField = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'Must be up to 60 small letters, digits and hyphens')
  .describe('A code such as `hospital-desk`, so that it may stand in lists and logs')
const scopesField = z
  .array(z.enum(DELEGABLE_PERMISSIONS))
  .min(1)
  .max(DELEGABLE_PERMISSIONS.length)
  .transform(scopes => [...new Set(scopes)])
  .describe('What it may do, as far as the account’s role may')

export const newApiKeyBody = z.strictObject({
  name: nameField,
  scopes: scopesField,
  user_id: idField
    .optional()
    .describe('In whose name it acts: a provider, dispatcher or administrator. Absent: yourself'),
  expires_at: givenTimeField.optional().describe('Within two years. Absent: in a year'),
})

export const rotateBody = z.strictObject({
  grace_seconds: z
    .number()
    .int()
    .min(0)
    .max(GRACE_DAYS_AT_MOST * DAY_SECONDS)
    .default(DAY_SECONDS)
    .describe('For how long the old key goes on'),
})

const apiKey = {
  id: idField,
  name: z.string(),
  prefix: z.string().describe('How the key begins'),
  user_id: idField,
  scopes: z.array(z.string()),
  expires_at: timeField,
  last_used_at: timeField.nullable().describe('To within some seconds'),
  revoked_at: timeField.nullable(),
  replaced_by: idField.nullable(),
  created_by: idField.nullable(),
  created_at: timeField,
}

export const apiKeySchema = z.object(apiKey).meta({ id: 'ApiKey' })

export const issuedKeySchema = z
  .object({ ...apiKey, key: z.string().describe('To be sent as `X-API-Key`; shown this once') })
  .meta({ id: 'IssuedApiKey' })

export const apiKeysQuery = z.strictObject(pageFields)
export const apiKeyList = listOf(apiKeySchema)

/** PostgreSQL knows no year 0; nobody had a key before 2000. */
const dayField = z.iso.date().refine(day => day >= '2000-01-01', { message: 'Must be a day from 2000 on' })

export const usageQuery = z.strictObject({
  ...pageFields,
  from: dayField.optional().describe('A day in UTC. Absent: 30 days before `to`'),
  to: dayField.optional().describe('Included. Absent: today'),
})

export const usageList = listOf(
  z.object({
    day: z.string().describe('In UTC'),
    route: z.string().describe('As it is declared, such as `GET /api/incidents/:id/`'),
    count: z.number().int(),
  }),
)
