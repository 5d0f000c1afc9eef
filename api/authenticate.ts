import type { AccountDeps } from '../acts/accounts/deps'
import { findSignedIn } from '../db/sessions.repository'
import { Refusal } from '../domain/refusals'
import { TokenRefused } from '../platform/tokens'
import type { SignedIn } from './route'

const BEARER = /^Bearer +(\S+)$/i

/**
 * Whoever holds the token, as the record has them at this moment: one query by primary key and no memory, so that a log-out or a
 * deactivation acts at once on every replica. Throws the 401 refusals.
 */
export async function authenticate(
  { db, accessTokens, now }: Pick<AccountDeps, 'db' | 'accessTokens' | 'now'>,
  authorization: string | undefined,
): Promise<SignedIn> {
  if (!authorization) throw new Refusal('TOKEN_MISSING')
  const token = BEARER.exec(authorization)?.[1]
  if (!token) throw new Refusal('TOKEN_INVALID')
  const { sub, sid } = await accessTokens.verify(token, now()).catch(refuseToken)
  const found = await findSignedIn(db, sid)
  if (!found || found.user_id !== sub || found.revoked || !found.active) throw new Refusal('SESSION_REVOKED')
  if (found.expired) throw new Refusal('TOKEN_EXPIRED')
  return { id: sub, role: found.role, sid }
}

function refuseToken(error: unknown): never {
  if (error instanceof TokenRefused) throw new Refusal(error.fault === 'expired' ? 'TOKEN_EXPIRED' : 'TOKEN_INVALID')
  throw error
}
