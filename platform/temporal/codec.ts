import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { ValueError, type Payload, type PayloadCodec } from '@temporalio/common'
import { temporal } from '@temporalio/proto'
import type { KeyRing } from '../keyring'

const ENCODING = Buffer.from('binary/encrypted')
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts every payload that Temporal stores (AES-256-GCM, the newest key of the ring) and decrypts with whichever key
 * made it, named in the metadata and bound to the text. A payload that is not encrypted is passed on as it is, so that
 * histories from before the codec stay readable.
 */
export function createPayloadCodec(keys: KeyRing): PayloadCodec {
  return {
    encode: async payloads => payloads.map(payload => encrypt(keys, payload)),
    decode: async payloads => payloads.map(payload => decrypt(keys, payload)),
  }
}

function encrypt(keys: KeyRing, payload: Payload): Payload {
  const { id, secret } = keys.newest
  const keyId = Buffer.from(id)
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', secret, iv)
  cipher.setAAD(keyId)
  const plain = temporal.api.common.v1.Payload.encode(payload).finish()
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
  return {
    metadata: { encoding: ENCODING, 'encryption-key-id': keyId },
    data: Buffer.concat([iv, cipher.getAuthTag(), sealed]),
  }
}

function decrypt(keys: KeyRing, payload: Payload): Payload {
  const { encoding, 'encryption-key-id': keyId } = payload.metadata ?? {}
  if (encoding == null || !ENCODING.equals(encoding)) return payload
  const key = keyId == null ? undefined : keys.find(Buffer.from(keyId).toString())
  if (keyId == null || key === undefined)
    throw new ValueError('a payload was encrypted with a key the ring does not hold')
  const data = Buffer.from(payload.data ?? [])
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.secret, data.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(keyId)
    decipher.setAuthTag(data.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
    const plain = Buffer.concat([decipher.update(data.subarray(IV_BYTES + TAG_BYTES)), decipher.final()])
    return temporal.api.common.v1.Payload.decode(plain)
  } catch {
    throw new ValueError('an encrypted payload does not open: it was changed since')
  }
}
