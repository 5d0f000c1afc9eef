import { createHash, createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'

/** CBOR, as much of it as an authenticator writes: numbers, bytes, texts and maps. */
type Cbor = number | string | Buffer | ReadonlyMap<number | string, Cbor>

function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  return Buffer.concat([head(5, value.size), ...[...value].flat().map(cbor)])
}

function head(major: number, length: number): Buffer {
  const type = major << 5
  if (length < 24) return Buffer.from([type | length])
  if (length < 256) return Buffer.from([type | 24, length])
  return Buffer.from([type | 25, length >> 8, length & 0xff])
}

const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest()
const encode = (data: Buffer | string): string => Buffer.from(data).toString('base64url')

const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const HAS_CREDENTIAL = 0x40

/** How a device misbehaves, or what it is told wrongly. */
export interface Facets {
  readonly origin?: string
  readonly rpId?: string
  readonly userVerified?: boolean
  readonly counter?: number
  readonly type?: string
  /** A maker's certificate, which nobody asked for. */
  readonly attested?: boolean
}

/** A device that makes one passkey (ES256) and signs with it, after checking its user, as WebAuthn says. */
export class SoftwareAuthenticator {
  readonly credentialId = randomBytes(32)
  readonly #key: KeyObject
  readonly #public: { x: Buffer; y: Buffer }
  #counter = 0
  #userHandle = encode('nobody')

  constructor(private readonly origin: string) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    this.#key = privateKey
    this.#public = { x: Buffer.from(x, 'base64url'), y: Buffer.from(y, 'base64url') }
  }

  /** What `navigator.credentials.create()` gives for these options, by `toJSON()`. */
  create(options: { challenge: string; rp: { id?: string }; user: { id: string } }, facets: Facets = {}) {
    this.#userHandle = options.user.id
    const clientData = this.#clientData('webauthn.create', options.challenge, facets)
    const credential = Buffer.concat([
      Buffer.alloc(16),
      Buffer.from([0, this.credentialId.length]),
      this.credentialId,
      cbor(
        new Map<number, Cbor>([
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, this.#public.x],
          [-3, this.#public.y],
        ]),
      ),
    ])
    const authData = this.#authData(options.rp.id, HAS_CREDENTIAL, credential, facets)
    const attestation = new Map<string, Cbor>([
      ['fmt', facets.attested ? 'packed' : 'none'],
      [
        'attStmt',
        facets.attested
          ? new Map<string, Cbor>([
              ['alg', -7],
              ['x5c', new Map()],
            ])
          : new Map(),
      ],
      ['authData', authData],
    ])
    return this.#credential({
      clientDataJSON: encode(clientData),
      attestationObject: encode(cbor(attestation)),
      transports: ['internal', 'by a way that nobody knows'],
    })
  }

  /** What `navigator.credentials.get()` gives for these options, by `toJSON()`. */
  get(options: { challenge: string; rpId?: string }, facets: Facets = {}) {
    const clientData = this.#clientData('webauthn.get', options.challenge, facets)
    const authenticatorData = this.#authData(options.rpId, 0, Buffer.alloc(0), facets)
    const signed = Buffer.concat([authenticatorData, sha256(clientData)])
    return this.#credential({
      clientDataJSON: encode(clientData),
      authenticatorData: encode(authenticatorData),
      signature: encode(createSign('sha256').update(signed).sign(this.#key)),
      userHandle: this.#userHandle,
    })
  }

  #credential<Response>(response: Response) {
    const id = encode(this.credentialId)
    return {
      id,
      rawId: id,
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: {},
      response,
    }
  }

  #clientData(type: string, challenge: string, facets: Facets): string {
    return JSON.stringify({
      type: facets.type ?? type,
      challenge,
      origin: facets.origin ?? this.origin,
      crossOrigin: false,
    })
  }

  #authData(rpId: string | undefined, more: number, rest: Buffer, facets: Facets): Buffer {
    this.#counter = facets.counter ?? this.#counter + 1
    const verified = facets.userVerified === false ? 0 : USER_VERIFIED
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.#counter)
    const flags = Buffer.from([USER_PRESENT | verified | more])
    return Buffer.concat([sha256(facets.rpId ?? rpId ?? ''), flags, counter, rest])
  }
}
