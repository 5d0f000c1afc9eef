import { findAccount, findLogin } from '../../db/accounts.repository'
import { inTransaction } from '../../db/unit-of-work'
import { Refusal } from '../../domain/refusals'
import { burnPassword, verifyPassword } from '../../platform/password'
import { indexOf, type LoginName } from './account-words'
import type { AccountDeps } from './deps'
import { openSession } from './open-session'
import type { SignedInAccount } from './register-account'

/**
 * Opens a session for whoever knows the password. Throws `CREDENTIALS_WRONG`, the same and after the same time for an account that
 * does not exist, for a wrong password and for a deactivated account.
 */
export async function logIn(
  deps: AccountDeps,
  { name, password }: { name: LoginName; password: string },
  device: string,
): Promise<SignedInAccount> {
  const found = await findLogin(deps.db, indexOf(deps, name))
  const known = found ? await verifyPassword(found.password_hash, password) : await burnPassword(password)
  if (!found || !known || found.status !== 'active') throw new Refusal('CREDENTIALS_WRONG')
  return inTransaction(deps.db, async trx => {
    const tokens = await openSession(deps, trx, { userId: found.id, role: found.role, device })
    const account = await findAccount(trx, deps.vault, found.id)
    if (!account) throw new Refusal('CREDENTIALS_WRONG')
    return { account, tokens }
  })
}
