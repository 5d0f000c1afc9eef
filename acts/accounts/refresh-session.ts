import type { Transaction } from '../../db/database'
import { lockByRefreshDigest, revokeBySpentDigest, rotateRefresh } from '../../db/sessions.repository'
import { inTransaction } from '../../db/unit-of-work'
import type { Role } from '../../domain/actors'
import { Refusal, type RefusalCode } from '../../domain/refusals'
import { digestToken, newOpaqueToken } from '../../platform/tokens'
import { isStaff } from './account-words'
import type { SignInDeps } from './deps'
import type { TokenPair } from './open-session'

/** Has a session of staff ended because nothing was done in it for too long? A refresh is nothing: an app does it by itself. */
export const hasIdledOut = (
  { staffIdleMinutes }: Pick<SignInDeps, 'staffIdleMinutes'>,
  { role, idle_seconds }: { readonly role: Role; readonly idle_seconds: number },
): boolean => isStaff(role) && idle_seconds >= staffIdleMinutes * 60

/**
 * Spends a refresh token for the next pair. A token that was spent before has been copied: its whole session ends, for the thief and
 * for the owner, who signs in again. Throws `SESSION_REVOKED`, `TOKEN_EXPIRED`, `TOKEN_INVALID`.
 */
export async function refreshSession(deps: SignInDeps, refresh: string): Promise<TokenPair> {
  // The refusal is thrown after the commit: thrown inside, it would undo the revocation that it reports.
  const outcome = await inTransaction(deps.db, trx => rotate(deps, trx, digestToken(refresh)))
  if (typeof outcome === 'string') throw new Refusal(outcome)
  return outcome
}

async function rotate(deps: SignInDeps, trx: Transaction, spent: string): Promise<TokenPair | RefusalCode> {
  const session = await lockByRefreshDigest(trx, spent)
  if (!session) return (await revokeBySpentDigest(trx, spent)) ? 'SESSION_REVOKED' : 'TOKEN_INVALID'
  if (session.revoked || !session.active) return 'SESSION_REVOKED'
  if (session.expired || hasIdledOut(deps, session)) return 'TOKEN_EXPIRED'
  const next = newOpaqueToken()
  await rotateRefresh(trx, { id: session.id, spent, next: digestToken(next), days: deps.refreshTokenDays })
  const access = await deps.accessTokens.sign({ sub: session.user_id, sid: session.id, role: session.role }, deps.now())
  return { access, refresh: next }
}
