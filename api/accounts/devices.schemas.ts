import { z } from 'zod'
import { idField, timeField } from '../fields'

const typeField = z.enum(['ios', 'android', 'web'])

export const deviceSchema = z
  .object({
    id: idField,
    device_type: typeField,
    token_ending: z
      .string()
      .describe('The last characters of the token, or of the subscription’s endpoint, by which an app knows its own'),
    created_at: timeField,
    registered_at: timeField.describe('When the app last said that it is there'),
  })
  .meta({ id: 'Device' })

/** A token of FCM or Expo. */
export const registrationTokenField = z
  .string()
  .min(16)
  .max(4_096)
  .regex(/^[\x21-\x7e]+$/, 'Must be a token as the device gave it')
  .meta({ examples: ['ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]'] })

function isPlainHttps(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return protocol === 'https:' && username === '' && password === '' && hash === ''
}

// 65 and 16 bytes (RFC 8291).
const PUBLIC_KEY_FORM = /^[A-Za-z0-9_-]{87}=?$/
const SECRET_FORM = /^[A-Za-z0-9_-]{22}(==)?$/

const subscriptionField = z
  .strictObject({
    endpoint: z
      .string()
      .max(2_048)
      .refine(isPlainHttps, {
        params: { code: 'invalid_endpoint' },
        message: 'Must be an https address without a password',
      })
      .meta({ format: 'uri', examples: ['https://push.example.org/send/f2a6c1'] }),
    expirationTime: z.number().nullable().optional().describe('As the browser gives it; not used'),
    keys: z.strictObject({
      p256dh: z.string().regex(PUBLIC_KEY_FORM, 'Must be a public key as the browser gave it'),
      auth: z.string().regex(SECRET_FORM, 'Must be a secret as the browser gave it'),
    }),
  })
  .describe('What `PushManager.subscribe()` gave, as JSON')

const when = ({ value }: { value: unknown }): boolean => typeof value === 'object' && value !== null
const rule = (path: string, code: string, message: string) => ({ path: [path], params: { code }, message, when })

export const deviceBody = z
  .strictObject({
    registration_token: registrationTokenField.optional(),
    subscription: subscriptionField.optional(),
    device_type: typeField.optional().describe('A browser’s subscription is always `web`'),
  })
  .refine(
    ({ registration_token, subscription }) => (registration_token === undefined) !== (subscription === undefined),
    rule('registration_token', 'required', 'Give a token, or a browser’s subscription'),
  )
  .refine(
    ({ registration_token, device_type }) => registration_token === undefined || device_type !== undefined,
    rule('device_type', 'required', 'A token needs its kind of device'),
  )
  .refine(
    ({ subscription, device_type = 'web' }) => subscription === undefined || device_type === 'web',
    rule('device_type', 'not_allowed', 'A browser’s subscription is of the kind `web`'),
  )

export const webPushKeySchema = z.object({
  public_key: z.string().describe('The `applicationServerKey` for `PushManager.subscribe()`'),
})
