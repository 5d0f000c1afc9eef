import { createSecretKey, type KeyObject } from 'node:crypto'

/** The length of every key of the product, in bytes: AES-256, HMAC-SHA-256. */
export const KEY_BYTES = 32

/** Keys made for a demo carry this prefix in their id, so that production can refuse them. */
export const DEMO_KEY_PREFIX = 'demo-'

/** A secret with the id it is known by; the secret is a `KeyObject`, which no log or inspection prints. */
export interface NamedKey {
  readonly id: string
  readonly secret: KeyObject
}

/** Secrets by id, newest first: the newest makes, every one of them still opens. */
export class KeyRing {
  readonly newest: NamedKey
  readonly ids: readonly string[]
  readonly #keys: ReadonlyMap<string, NamedKey>

  constructor(keys: readonly [NamedKey, ...NamedKey[]]) {
    this.newest = keys[0]
    this.#keys = new Map(keys.map(key => [key.id, key]))
    this.ids = [...this.#keys.keys()]
    if (this.ids.length !== keys.length) throw new Error('two keys of the ring have the same id')
  }

  /** The key of that id, or undefined when the ring does not hold it. */
  find(id: string): NamedKey | undefined {
    return this.#keys.get(id)
  }

  /** Every key of the ring, newest first. */
  all(): readonly NamedKey[] {
    return [...this.#keys.values()]
  }
}

/** Reads one `id:base64` key of 32 bytes; throws an Error that never repeats the secret. */
export function parseNamedKey(text: string): NamedKey {
  const [id, encoded, ...rest] = text.trim().split(':')
  if (id === undefined || encoded === undefined || rest.length > 0)
    throw new Error('a key is not of the form id:base64')
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(id)) throw new Error('a key id is not made of letters, digits, - and _')
  return { id, secret: parseSecret(encoded) }
}

/** Reads the base64 (or base64url) text of a 32-byte secret; throws an Error that never repeats it. */
export function parseSecret(encoded: string): KeyObject {
  const text = encoded.trim()
  const bytes = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0)
  if (bytes.length !== KEY_BYTES) throw new Error(`a secret is not the base64 of ${KEY_BYTES} bytes`)
  return createSecretKey(bytes)
}

/** Reads a ring written `id:base64,id:base64`, newest first; throws an Error that never repeats a secret. */
export function parseKeyRing(text: string): KeyRing {
  const [newest, ...older] = text.split(',').map(parseNamedKey)
  if (newest === undefined) throw new Error('a key ring holds at least one key')
  return new KeyRing([newest, ...older])
}
