import { createCipheriv, createDecipheriv, createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { KEY_BYTES, type KeyRing, type NamedKey } from './keyring'

/** The key that seals the columns of one row or one person; destroying its wrapped form erases what it sealed. */
export type DataKey = KeyObject

/** Where a sealed value stands; a value moved to another table, column or row no longer opens. */
export interface ColumnPlace {
  readonly table: string
  readonly column: string
  readonly rowId: string
}

/** Why a seal does not open: not our form, sealed by a key the ring no longer holds, or changed since (or moved). */
export type SealFault = 'malformed' | 'unknown_key' | 'tampered'

/** Thrown when a sealed text does not open; it carries no part of the text, only why. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken'
  readonly code = 'SEAL_BROKEN'

  constructor(readonly fault: SealFault) {
    super(`a sealed value does not open: ${fault}`)
  }
}

const IV_BYTES = 12
const TAG_BYTES = 16
const VERSION = 'v1'

/** A fresh data key of 256 random bits. */
export function newDataKey(): DataKey {
  return createSecretKey(randomBytes(KEY_BYTES))
}

/** Wraps a data key with the ring's newest key, bound to the row that owns it: `v1.kid.iv.tag.ct`. */
export function wrapDataKey(ring: KeyRing, rowId: string, dataKey: DataKey): string {
  const { id, secret } = ring.newest
  return `${VERSION}.${id}.${seal(secret, wrapContext(rowId), dataKey.export())}`
}

/** Unwraps a data key with the key of the ring that wrapped it; throws SealBroken. */
export function unwrapDataKey(ring: KeyRing, rowId: string, wrapped: string): DataKey {
  const [version, keyId, ...sealed] = wrapped.split('.')
  if (version !== VERSION || keyId === undefined) throw new SealBroken('malformed')
  const key = ring.find(keyId)
  if (key === undefined) throw new SealBroken('unknown_key')
  return createSecretKey(open(key.secret, wrapContext(rowId), sealed))
}

/** Wraps again with the newest key; answers the same text when the newest key wrapped it already; throws SealBroken. */
export function rewrap(ring: KeyRing, rowId: string, wrapped: string): string {
  if (wrapped.startsWith(`${VERSION}.${ring.newest.id}.`)) return wrapped
  return wrapDataKey(ring, rowId, unwrapDataKey(ring, rowId, wrapped))
}

/** Seals one column's text for its place: `v1.iv.tag.ct`, different at every call. */
export function sealColumn(dataKey: DataKey, place: ColumnPlace, plaintext: string): string {
  return `${VERSION}.${seal(dataKey, columnContext(place), Buffer.from(plaintext, 'utf8'))}`
}

/** Opens what sealColumn sealed for the same place; throws SealBroken. */
export function openColumn(dataKey: DataKey, place: ColumnPlace, sealed: string): string {
  const [version, ...parts] = sealed.split('.')
  if (version !== VERSION) throw new SealBroken('malformed')
  return open(dataKey, columnContext(place), parts).toString('utf8')
}

/** A keyed digest to look a value up without storing it; surrounding blanks and letter case make no difference. */
export function blindIndex(key: NamedKey, value: string): string {
  return createHmac('sha256', key.secret).update(value.normalize('NFC').trim().toLowerCase()).digest('base64url')
}

/** Unwrapped data keys in memory, at most `max` of them; the oldest leaves first. */
export class DataKeyCache {
  readonly #keys = new Map<string, DataKey>()

  constructor(private readonly max = 5_000) {}

  get(id: string): DataKey | undefined {
    return this.#keys.get(id)
  }

  put(id: string, key: DataKey): void {
    this.#keys.delete(id)
    this.#keys.set(id, key)
    for (const oldest of this.#keys.keys()) {
      if (this.#keys.size <= this.max) return
      this.#keys.delete(oldest)
    }
  }

  /** Call it when a key is destroyed: a key still in memory would go on opening what was erased. */
  forget(id: string): void {
    this.#keys.delete(id)
  }
}

function seal(key: KeyObject, context: string, plain: Buffer): string {
  const iv = randomIv()
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(Buffer.from(context, 'utf8'))
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
  return [iv, cipher.getAuthTag(), sealed].map(part => part.toString('base64url')).join('.')
}

// Asking the system for twelve bytes costs more than the sealing itself; a page of them is asked for at once and used up.
const IVS_AT_ONCE = 512
let ivs = Buffer.alloc(0)

function randomIv(): Buffer {
  if (ivs.length === 0) ivs = randomBytes(IV_BYTES * IVS_AT_ONCE)
  const iv = ivs.subarray(0, IV_BYTES)
  ivs = ivs.subarray(IV_BYTES)
  return iv
}

function open(key: KeyObject, context: string, parts: readonly string[]): Buffer {
  const [iv, tag, sealed] = parts.map(part => Buffer.from(part, 'base64url'))
  if (parts.length !== 3 || iv === undefined || tag === undefined || sealed === undefined) {
    throw new SealBroken('malformed')
  }
  // GCM accepts shorter tags, which are easier to forge: only the full length is ours.
  if (iv.length !== IV_BYTES || tag.length !== TAG_BYTES) throw new SealBroken('malformed')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv)
    decipher.setAAD(Buffer.from(context, 'utf8'))
    decipher.setAuthTag(tag)
    return Buffer.concat([decipher.update(sealed), decipher.final()])
  } catch {
    throw new SealBroken('tampered')
  }
}

function columnContext({ table, column, rowId }: ColumnPlace): string {
  return `${table}.${column}.${rowId}`
}

function wrapContext(rowId: string): string {
  return `data-key.${rowId}`
}
