import { createDecipheriv, createECDH, hkdfSync, randomBytes, type ECDH } from 'node:crypto'
import { makeCertificate } from './certificate'
import { startFake, type FakeVendor, type Got } from './vendor'

export interface FakeWebPush extends FakeVendor {
  /** What the browser would register. */
  readonly subscription: string
  /** Whom to trust. */
  readonly ca: string
  /** What the browser reads in a push. */
  open(got: Got | undefined): unknown
}

/** A browser and its push service over TLS. */
export async function startFakeWebPush(): Promise<FakeWebPush> {
  const tls = makeCertificate('push.example.org')
  const browser = createECDH('prime256v1')
  browser.generateKeys()
  const fake = await startFake((_request, mood) => {
    if (mood === 'device gone') return { status: 410 }
    if (mood === 'number refused') return { status: 403 }
    return mood === 'accepts' ? { status: 201, headers: { location: '/message/1' } } : undefined
  }, tls)
  const auth = randomBytes(16)
  const keys = { p256dh: browser.getPublicKey('base64url'), auth: auth.toString('base64url') }
  return Object.assign(fake, {
    subscription: JSON.stringify({ endpoint: `${fake.url}/send/device-1`, expirationTime: null, keys }),
    ca: tls.cert,
    open: (got: Got | undefined) => JSON.parse(opened(got?.body ?? Buffer.alloc(0), browser, auth)) as unknown,
  })
}

/** RFC 8188 and 8291: a header of salt, record size and the sender's key, and one record behind it. */
function opened(message: Buffer, browser: ECDH, auth: Buffer): string {
  const salt = message.subarray(0, 16)
  const keyEnd = 21 + message.readUInt8(20)
  const sender = message.subarray(21, keyEnd)
  const derive = (secret: Uint8Array, by: Buffer, info: Buffer, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, by, info, length))
  const both = Buffer.concat([Buffer.from('WebPush: info\0'), browser.getPublicKey(), sender])
  const secret = derive(browser.computeSecret(sender), auth, both, 32)
  const key = derive(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
  const nonce = derive(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12)
  const cipher = createDecipheriv('aes-128-gcm', key, nonce)
  cipher.setAuthTag(message.subarray(-16))
  const padded = Buffer.concat([cipher.update(message.subarray(keyEnd, -16)), cipher.final()])
  return padded.subarray(0, padded.lastIndexOf(2)).toString()
}
