import {
  findAccount,
  insertAccountNotice,
  lockProfile,
  setVerification,
  type Account,
} from '../../db/accounts.repository'
import { markEffect } from '../../db/idempotency.repository'
import { inTransaction } from '../../db/unit-of-work'
import { Refusal } from '../../domain/refusals'
import type { NoticeCode } from '../../domain/notices'
import { newId } from '../../platform/ids'
import type { By } from '../deps'
import type { AccountDeps } from './deps'

const VERIFIED: NoticeCode = 'account.verified'

/**
 * Says what the check of a provider came to. A verified one is told, gets offers from now on, and wakes the incidents that wait; a
 * refused one gets no new offers. Throws `USER_NOT_FOUND`, and `RULE_BROKEN` for an account that is no provider.
 */
export async function verifyProvider(
  deps: AccountDeps,
  { userId, decision }: { userId: string; decision: 'verified' | 'refused' },
  by: By,
): Promise<Account> {
  return inTransaction(deps.db, async trx => {
    const profile = await lockProfile(trx, userId)
    const account = await findAccount(trx, deps.vault, userId)
    if (!account) throw new Refusal('USER_NOT_FOUND')
    if (!profile || account.role !== 'provider')
      throw new Refusal('RULE_BROKEN', { detail: 'Only providers are verified' })
    await markEffect(trx, by.requestId, userId)
    if (profile.verification === decision) return account
    await setVerification(trx, userId, decision)
    if (decision === 'verified') await insertAccountNotice(trx, { id: newId(), recipientId: userId, code: VERIFIED })
    return { ...account, verification: decision }
  })
}
