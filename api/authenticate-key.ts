import { timingSafeEqual } from 'node:crypto'
import { findPresentedKey } from '../db/api-keys.repository'
import type { Database } from '../db/database'
import { Refusal } from '../domain/refusals'
import { digestToken } from '../platform/tokens'
import type { SignedIn } from './route'

const FORM = /^kesi_([0-9a-f]{10})_([A-Za-z0-9_-]{43})$/

/**
 * In whose name this API key acts, with its scopes, as the record has them at this moment: one query by unique index and no memory, so
 * that a revocation acts at once on every replica. Idleness and second factors are for people: a key has an end of its own. Throws
 * `API_KEY_INVALID`, the same for a key that is unknown, wrong, revoked or over.
 */
export async function authenticateKey({ db }: { readonly db: Database }, header: string): Promise<SignedIn> {
  const [, prefix, secret] = FORM.exec(header) ?? []
  const found = prefix === undefined ? undefined : await findPresentedKey(db, prefix)
  if (!found || secret === undefined || !isSame(digestToken(secret), found.digest) || !found.good)
    throw new Refusal('API_KEY_INVALID')
  return { id: found.user_id, role: found.role, sid: found.id, scopes: found.scopes }
}

/** In the same time wherever they differ. */
const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
