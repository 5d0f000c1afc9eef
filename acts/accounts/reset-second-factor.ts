import { lockAccount, lockActiveAdmins } from '../../db/accounts.repository'
import { deletePasskeysOf } from '../../db/passkeys.repository'
import { deleteTotp } from '../../db/second-factor.repository'
import { revokeAllSessions } from '../../db/sessions.repository'
import { inTransaction } from '../../db/unit-of-work'
import { Refusal } from '../../domain/refusals'
import type { SignInDeps } from './deps'
import { mayChangeFactors, type FactorHolder } from './second-factor'

/**
 * Takes every second factor from somebody who has lost theirs, and ends their sessions: they sign in with the password and enrol anew.
 * Another administrator does it, in a session that has shown a factor of their own if they have one. Throws `USER_NOT_FOUND`,
 * `RULE_BROKEN` for one's own account, `SECOND_FACTOR_REQUIRED`.
 */
export async function resetSecondFactor(deps: SignInDeps, userId: string, admin: FactorHolder): Promise<void> {
  await mayChangeFactors(deps, admin)
  await inTransaction(deps.db, async trx => {
    const admins = await lockActiveAdmins(trx)
    if (!admins.includes(admin.userId)) throw new Refusal('FORBIDDEN')
    if (!(await lockAccount(trx, userId))) throw new Refusal('USER_NOT_FOUND')
    if (userId === admin.userId) throw new Refusal('RULE_BROKEN', { detail: 'Another administrator must do this' })
    await deleteTotp(trx, userId)
    await deletePasskeysOf(trx, userId)
    await revokeAllSessions(trx, userId)
  })
  deps.logger.info({ user: userId, by: admin.userId }, 'second factors were reset')
}
