import {
  DataKeyCache,
  newDataKey,
  openColumn,
  sealColumn,
  unwrapDataKey,
  wrapDataKey,
  type DataKey,
} from '../platform/envelope'
import type { KeyRing } from '../platform/keyring'

/**
 * Seals and opens the personal columns of the tables: each incident and each account has a data key of its own, wrapped by the
 * installation's key ring. Unwrapped keys are remembered by their wrapped text, so a destroyed key cannot be looked up again.
 */
export class Vault {
  readonly #keys = new DataKeyCache()

  constructor(private readonly ring: KeyRing) {}

  /** A new key for the row `ownerId`, and its wrapped form to store. */
  newKey(ownerId: string): { key: DataKey; wrapped: string } {
    const key = newDataKey()
    const wrapped = wrapDataKey(this.ring, ownerId, key)
    this.#keys.put(wrapped, key)
    return { key, wrapped }
  }

  /** The key of the row `ownerId` from its wrapped form; throws `SealBroken`. */
  keyOf(ownerId: string, wrapped: string): DataKey {
    const known = this.#keys.get(wrapped)
    if (known) return known
    const key = unwrapDataKey(this.ring, ownerId, wrapped)
    this.#keys.put(wrapped, key)
    return key
  }
}

/** Seals the given columns of a row; null and undefined stay null. Objects are sealed as JSON. */
export function sealColumns(
  key: DataKey,
  table: string,
  rowId: string,
  columns: Readonly<Record<string, unknown>>,
): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(columns).map(([column, value]) => [
      column,
      value === null || value === undefined
        ? null
        : sealColumn(key, { table, column, rowId }, typeof value === 'string' ? value : JSON.stringify(value)),
    ]),
  )
}

/** Opens one sealed column; null stays null. Throws `SealBroken`. */
export function openText(
  key: DataKey,
  table: string,
  rowId: string,
  column: string,
  sealed: string | null,
): string | null {
  return sealed === null ? null : openColumn(key, { table, column, rowId }, sealed)
}

/** Opens one sealed JSON column. The caller says what was sealed there. */
export function openJson<T>(
  key: DataKey,
  table: string,
  rowId: string,
  column: string,
  sealed: string | null,
): T | null {
  const text = openText(key, table, rowId, column, sealed)
  return text === null ? null : (JSON.parse(text) as T)
}
