import { findLogin } from '../../db/accounts.repository'
import { Refusal } from '../../domain/refusals'
import { indexOf, type Caller, type LoginName } from './account-words'
import type { AccountDeps } from './deps'
import { beginAttempt, dropped, failed, pairOf } from './login-attempts'
import { registerAccount, type Registration, type SignedInAccount } from './register-account'

/**
 * Registers somebody who comes from that address. To be told that a name is taken counts as a failed log-in, or registering would be
 * the way around the limits of the log-in. Throws as `registerAccount`, and `ACCOUNT_LOCKED`, `RATE_LIMITED`.
 */
export async function registerFrom(
  deps: AccountDeps,
  registration: Registration,
  { network, device }: Caller,
): Promise<SignedInAccount> {
  const { email, username, password } = registration
  const name: LoginName = email === null ? { username: username ?? '' } : { email }
  const found = await findLogin(deps.db, indexOf(deps, name))
  const attempt = await beginAttempt(deps, pairOf(deps, network, found ? { accountId: found.id } : name), password)
  try {
    const signedIn = await registerAccount(deps, registration, device)
    await dropped(deps, attempt)
    return signedIn
  } catch (error) {
    const isTaken = error instanceof Refusal && (error.code === 'EMAIL_TAKEN' || error.code === 'USERNAME_TAKEN')
    await (isTaken ? failed : dropped)(deps, attempt)
    throw error
  }
}
