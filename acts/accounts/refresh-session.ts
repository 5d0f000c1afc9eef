import type { Transaction } from '../../db/database'
import { findJustRotated, lockByRefreshDigest, revokeBySpentDigest, rotateRefresh } from '../../db/sessions.repository'
import { inTransaction } from '../../db/unit-of-work'
import type { Role } from '../../domain/actors'
import { Refusal, type RefusalCode } from '../../domain/refusals'
import { digestToken, newOpaqueToken } from '../../platform/tokens'
import { isStaff, keyedDigest } from './account-words'
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
export const refreshSession = (deps: SignInDeps, refresh: string): Promise<TokenPair> =>
  exchange(deps, refresh, { next: newOpaqueToken(), forgivenSeconds: 0 })

/** How long a client that exchanges one token several times at once is given the same next one. */
const FORGIVEN_SECONDS = 30

/**
 * The same for a client that sends one token several times when its requests fail together: for 30 s after the exchange the spent
 * token, were it the session's last, is answered with the refresh token that it was exchanged for. That one is made from it with the
 * installation's key, so nothing has to be kept. Later it ends the session as everywhere.
 */
export const refreshForgivingly = (deps: SignInDeps, refresh: string): Promise<TokenPair> =>
  exchange(deps, refresh, {
    next: keyedDigest(deps.indexKey, 'next refresh token', refresh),
    forgivenSeconds: FORGIVEN_SECONDS,
  })

interface Exchange {
  /** The refresh token that comes after this one. */
  readonly next: string
  readonly forgivenSeconds: number
}

async function exchange(deps: SignInDeps, refresh: string, how: Exchange): Promise<TokenPair> {
  // The refusal is thrown after the commit: thrown inside, it would undo the revocation that it reports.
  const outcome = await inTransaction(deps.db, trx => rotate(deps, trx, digestToken(refresh), how))
  if (typeof outcome === 'string') throw new Refusal(outcome)
  return outcome
}

async function rotate(
  deps: SignInDeps,
  trx: Transaction,
  spent: string,
  { next, forgivenSeconds }: Exchange,
): Promise<TokenPair | RefusalCode> {
  const session = await lockByRefreshDigest(trx, spent)
  if (!session) {
    const rotated = forgivenSeconds > 0 && (await findJustRotated(trx, { spent, seconds: forgivenSeconds }))
    if (rotated && rotated.refresh_digest === digestToken(next)) return pairOf(deps, rotated, next)
    return (await revokeBySpentDigest(trx, spent)) ? 'SESSION_REVOKED' : 'TOKEN_INVALID'
  }
  if (session.revoked || !session.active) return 'SESSION_REVOKED'
  if (session.expired || hasIdledOut(deps, session)) return 'TOKEN_EXPIRED'
  await rotateRefresh(trx, { id: session.id, spent, next: digestToken(next), days: deps.refreshTokenDays })
  return pairOf(deps, session, next)
}

async function pairOf(
  { accessTokens, now }: SignInDeps,
  { id, user_id, role }: { readonly id: string; readonly user_id: string; readonly role: Role },
  refresh: string,
): Promise<TokenPair> {
  return { access: await accessTokens.sign({ sub: user_id, sid: id, role }, now()), refresh }
}
