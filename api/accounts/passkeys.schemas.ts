import { z } from 'zod'
import { idField, timeField } from '../fields'

// What browsers give and take as JSON, by WebAuthn level 3: its names are in camel case.
const bytesField = z.base64url().min(1).max(16_384)
const transportsField = z.array(z.string().min(1).max(40)).max(10)

const credentialFields = {
  id: bytesField,
  rawId: bytesField,
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).nullish(),
  clientExtensionResults: z.unknown().describe('What the browser says of extensions; it is not looked at'),
}

/** What `navigator.credentials.create()` gave, by `toJSON()`. */
export const newPasskeyBody = z.strictObject({
  ...credentialFields,
  response: z.strictObject({
    clientDataJSON: bytesField,
    attestationObject: bytesField,
    authenticatorData: bytesField.optional(),
    transports: transportsField.optional(),
    publicKey: bytesField.nullish(),
    publicKeyAlgorithm: z.number().int().optional(),
  }),
})

/** What `navigator.credentials.get()` gave, by `toJSON()`. */
export const passkeyLoginBody = z.strictObject({
  ...credentialFields,
  response: z.strictObject({
    clientDataJSON: bytesField,
    authenticatorData: bytesField,
    signature: bytesField,
    userHandle: bytesField.nullish(),
  }),
})

const descriptorSchema = z.object({
  id: z.string(),
  type: z.string(),
  transports: z.array(z.string()).optional(),
})

/** For `PublicKeyCredential.parseCreationOptionsFromJSON()`. */
export const creationOptionsSchema = z
  .object({
    rp: z.object({ id: z.string().optional(), name: z.string() }),
    user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
    challenge: z.string(),
    pubKeyCredParams: z.array(z.object({ alg: z.number(), type: z.literal('public-key') })),
    timeout: z.number().optional(),
    excludeCredentials: z.array(descriptorSchema).optional(),
    authenticatorSelection: z
      .object({
        residentKey: z.string().optional(),
        requireResidentKey: z.boolean().optional(),
        userVerification: z.string().optional(),
      })
      .optional(),
    attestation: z.string().optional(),
    extensions: z.object({ credProps: z.boolean().optional() }).optional(),
  })
  .meta({ id: 'PasskeyCreationOptions' })

/** For `PublicKeyCredential.parseRequestOptionsFromJSON()`. */
export const requestOptionsSchema = z
  .object({
    challenge: z.string(),
    timeout: z.number().optional(),
    rpId: z.string().optional(),
    allowCredentials: z.array(descriptorSchema).optional(),
    userVerification: z.string().optional(),
  })
  .meta({ id: 'PasskeyRequestOptions' })

export const passkeySchema = z
  .object({
    id: idField,
    device: z.string().describe('Where it was made, in a coarse word'),
    created_at: timeField,
    last_used_at: timeField.nullable(),
  })
  .meta({ id: 'Passkey' })
