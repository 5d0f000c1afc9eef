import { z } from 'zod'
import { idField, timeField } from '../fields'

const typeField = z.enum(['ios', 'android', 'web'])

export const deviceSchema = z
  .object({
    id: idField,
    device_type: typeField,
    token_ending: z.string().describe('The last characters of the token, by which an app knows its own'),
    created_at: timeField,
    registered_at: timeField.describe('When the app last said that it is there'),
  })
  .meta({ id: 'Device' })

export const deviceBody = z.strictObject({
  registration_token: z
    .string()
    .min(16)
    .max(4_096)
    .regex(/^[\x21-\x7e]+$/, 'Must be a token as the device gave it'),
  device_type: typeField,
})
