import { findPasswordHash, updateAccount } from '../../db/accounts.repository'
import { endResets } from '../../db/password-resets.repository'
import { revokeAllSessions } from '../../db/sessions.repository'
import { inTransaction } from '../../db/unit-of-work'
import { Refusal } from '../../domain/refusals'
import { hashPassword, verifyPassword } from '../../platform/password'
import { fieldRefusal, type OwnSession } from './account-words'
import type { AccountDeps } from './deps'
import { beginAttempt, failed, pairOf, succeeded } from './login-attempts'

/**
 * Gives the account another password and ends its other sessions. A wrong present password counts as a failed log-in, so that a
 * session left open does not give the password away. Throws `VALIDATION_FAILED`, `ACCOUNT_LOCKED`, `RATE_LIMITED`.
 */
export async function changePassword(
  deps: AccountDeps,
  { userId, sessionId }: OwnSession,
  { current, next, network }: { current: string; next: string; network: string },
): Promise<void> {
  const hash = await findPasswordHash(deps.db, userId)
  if (hash === undefined) throw new Refusal('USER_NOT_FOUND')
  const pair = pairOf(deps, network, { accountId: userId })
  const attempt = await beginAttempt(deps, pair, current)
  if (!(await verifyPassword(hash, current))) {
    await failed(deps, attempt)
    throw fieldRefusal('current_password', 'wrong', 'This is not your present password')
  }
  const password_hash = await hashPassword(next)
  await inTransaction(deps.db, async trx => {
    await succeeded(trx, pair)
    await updateAccount(trx, userId, { password_hash })
    await revokeAllSessions(trx, userId, { except: sessionId })
    await endResets(trx, userId)
  })
}
