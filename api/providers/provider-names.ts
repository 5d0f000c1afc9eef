import type { ActDeps } from '../../acts/deps'
import { openName } from '../../db/person-names'
import { findSealedNames, type DirectoryRow } from '../../db/provider-profiles.repository'
import type { Vault } from '../../db/vault'

interface OpenedName {
  readonly version: number
  readonly name: string | null
  readonly until: number
}

/** How long an opened name may serve. */
const KEPT_MS = 5 * 60_000
/** Many times the providers of a country; it only keeps the memory bounded. */
const NAMES_AT_MOST = 20_000

/** Each process has one vault, and with it the names that it opened. */
const opened = new WeakMap<Vault, Map<string, OpenedName>>()

/**
 * The names of these providers by id. To read and open sealed names is what a page of the directory costs most, so they are kept for 5
 * minutes, under the version of the account that the row has just been read with: an edit on whichever replica, or an erased key, is
 * seen by the very next request. Everything else of a row is read each time.
 */
export async function readNames(
  { db, vault }: Pick<ActDeps, 'db' | 'vault'>,
  rows: readonly Pick<DirectoryRow, 'user_id' | 'account_version' | 'has_key'>[],
  now = Date.now(),
): Promise<ReadonlyMap<string, string | null>> {
  const kept = namesOf(vault)
  const missing = new Map<string, number>()
  const names = new Map<string, string | null>()
  for (const { user_id, account_version, has_key } of rows) {
    const known = kept.get(user_id)
    if (has_key && known?.version === account_version && known.until > now) {
      names.set(user_id, known.name)
      continue
    }
    kept.delete(user_id)
    if (has_key) missing.set(user_id, account_version)
    else names.set(user_id, null)
  }
  if (missing.size === 0) return names
  for (const sealed of await findSealedNames(db, [...missing.keys()])) {
    const name = openName(vault, sealed)
    names.set(sealed.id, name)
    // A name that is newer than the version it was asked with is read once more: no harm.
    kept.set(sealed.id, { version: missing.get(sealed.id) ?? 0, name, until: now + KEPT_MS })
  }
  forgetOldest(kept, now)
  return names
}

function namesOf(vault: Vault): Map<string, OpenedName> {
  const known = opened.get(vault)
  if (known) return known
  const names = new Map<string, OpenedName>()
  opened.set(vault, names)
  return names
}

/** A map keeps the order of insertion: the first are the oldest. */
function forgetOldest(kept: Map<string, OpenedName>, now: number): void {
  for (const [id, { until }] of kept) {
    if (until > now && kept.size <= NAMES_AT_MOST) return
    kept.delete(id)
  }
}
