import { isStaff } from '../acts/accounts/account-words'
import type { SignInDeps } from '../acts/accounts/deps'
import { hasIdledOut } from '../acts/accounts/refresh-session'
import { findSignedIn, touchSession, type SignedInRow } from '../db/sessions.repository'
import type { Permission } from '../domain/permissions'
import { Refusal } from '../domain/refusals'
import { TokenRefused } from '../platform/tokens'
import type { SignedIn } from './route'
import { requireSecondFactor } from './second-factor'

const BEARER = /^Bearer +(\S+)$/i

/** A session is noted as used at most so often: a busy board does not write with every act. */
const TOUCHED_EVERY_SECONDS = 60

/** The token of an `Authorization` header, if it is one. */
export const bearerOf = (authorization: string | undefined): string | undefined => BEARER.exec(authorization ?? '')?.[1]

/** What the token is shown for. */
export interface Purpose {
  readonly permission?: Permission
  /** Acting keeps a session of staff alive; reading does not, a board reads by itself (S15). */
  readonly does?: 'read' | 'act'
}

/**
 * Whoever holds the token, as the record has them at this moment: one query by primary key and no memory, so that a log-out or a
 * deactivation acts at once on every replica. Throws the 401 refusals and `SECOND_FACTOR_REQUIRED`.
 */
export async function authenticate(
  deps: Pick<SignInDeps, 'db' | 'accessTokens' | 'now' | 'staffIdleMinutes' | 'secondFactorRequired'>,
  authorization: string | undefined,
  { permission, does = 'read' }: Purpose = {},
): Promise<SignedIn> {
  if (!authorization) throw new Refusal('TOKEN_MISSING')
  const token = bearerOf(authorization)
  if (!token) throw new Refusal('TOKEN_INVALID')
  const { sub, sid } = await deps.accessTokens.verify(token, deps.now()).catch(refuseToken)
  const found = await findSignedIn(deps.db, sid)
  const fault = sessionFault(deps, found?.user_id === sub ? found : undefined)
  if (!found || fault) throw new Refusal(fault ?? 'SESSION_REVOKED')
  requireSecondFactor(deps, found, permission)
  if (does === 'act' && isStaff(found.role) && found.idle_seconds >= TOUCHED_EVERY_SECONDS)
    await touchSession(deps.db, sid)
  return { id: sub, role: found.role, sid }
}

/** Why a session is none any more. */
export function sessionFault(
  deps: Pick<SignInDeps, 'staffIdleMinutes'>,
  found: SignedInRow | undefined,
): 'SESSION_REVOKED' | 'TOKEN_EXPIRED' | undefined {
  if (!found || found.revoked || !found.active) return 'SESSION_REVOKED'
  return found.expired || hasIdledOut(deps, found) ? 'TOKEN_EXPIRED' : undefined
}

function refuseToken(error: unknown): never {
  if (error instanceof TokenRefused) throw new Refusal(error.fault === 'expired' ? 'TOKEN_EXPIRED' : 'TOKEN_INVALID')
  throw error
}
