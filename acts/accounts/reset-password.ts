import { updateAccount } from '../../db/accounts.repository'
import { endResets, insertReset, insertResetNotice, isResetLive, spendReset } from '../../db/password-resets.repository'
import { revokeAllSessions } from '../../db/sessions.repository'
import { nudge } from '../../db/nudge'
import { inTransaction } from '../../db/unit-of-work'
import { Refusal } from '../../domain/refusals'
import { newId } from '../../platform/ids'
import { hashPassword } from '../../platform/password'
import { digestToken, newOpaqueToken } from '../../platform/tokens'
import { indexOf, type LoginName } from './account-words'
import type { AccountDeps } from './deps'
import { beginAttempt, failed, pairOf, succeeded } from './login-attempts'

const LINK_MINUTES = 30

/**
 * Has a link sent to the account of this name, if there is one; whoever asks learns nothing of that, by answer or time: either way
 * one request is counted for the address and one statement looks and writes. Throws `RATE_LIMITED`.
 */
export async function askForReset(deps: AccountDeps, name: LoginName, network: string): Promise<void> {
  const attempt = await beginAttempt(deps, resetPair(deps, name, network), 'reset')
  await failed(deps, attempt)
  await inTransaction(deps.db, trx => insertResetNotice(trx, { id: newId(), index: indexOf(deps, name) }))
  nudge(deps.db)
}

/** Counted apart from the log-in's failures: somebody who asks for a link has not guessed. */
function resetPair(deps: AccountDeps, name: LoginName, network: string) {
  const pair = pairOf(deps, network, name)
  return { ...pair, account: `reset ${pair.account}` }
}

/**
 * Draws the token of a link at the moment of its sending and keeps its digest alone, for 30 minutes. So it is never in a notice, a
 * workflow's history or a log; a sending that is tried again draws another.
 */
export async function drawResetToken({ db }: Pick<AccountDeps, 'db'>, userId: string): Promise<string> {
  const token = newOpaqueToken()
  const reset = { id: newId(), userId, tokenDigest: digestToken(token), minutes: LINK_MINUTES }
  await inTransaction(db, trx => insertReset(trx, reset))
  return token
}

/** Sets a new password by a link's token and ends every session of the account. Throws `RESET_SPENT`. */
export async function resetPassword(
  deps: AccountDeps,
  { token, password, network }: { token: string; password: string; network: string },
): Promise<void> {
  const digest = digestToken(token)
  // Hashing is dear: not for every text that calls itself a token.
  if (!(await isResetLive(deps.db, digest))) throw new Refusal('RESET_SPENT')
  const password_hash = await hashPassword(password)
  await inTransaction(deps.db, async trx => {
    const userId = await spendReset(trx, digest)
    if (userId === undefined) throw new Refusal('RESET_SPENT')
    // Most people ask for a link after they were locked out.
    await succeeded(trx, pairOf(deps, network, { accountId: userId }))
    await updateAccount(trx, userId, { password_hash })
    await revokeAllSessions(trx, userId)
    await endResets(trx, userId)
  })
}
