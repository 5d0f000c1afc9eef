import {
  findAccount,
  findAccountKey,
  insertAccountNotice,
  lockProfile,
  setVerification,
  type Account,
} from '../../db/accounts.repository'
import { markEffect } from '../../db/idempotency.repository'
import type { Transaction } from '../../db/database'
import { inTransaction } from '../../db/unit-of-work'
import { sealColumns } from '../../db/vault'
import { Refusal } from '../../domain/refusals'
import type { NoticeCode } from '../../domain/notices'
import { newId } from '../../platform/ids'
import type { By } from '../deps'
import type { AccountDeps } from './deps'

const VERIFIED: NoticeCode = 'account.verified'

/**
 * Says what the check of a provider came to. A verified one is told, gets offers from now on, and wakes the incidents that wait; a
 * refused one gets no new offers. The reason is sealed with the account's key. Throws `USER_NOT_FOUND`, and `RULE_BROKEN` for an account that is no provider.
 */
export async function verifyProvider(
  deps: AccountDeps,
  { userId, decision, reason }: { userId: string; decision: 'verified' | 'refused'; reason?: string | undefined },
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
    const sealedNote = await sealReason(deps, trx, userId, reason)
    await setVerification(trx, userId, { verification: decision, sealedNote })
    if (decision === 'verified') await insertAccountNotice(trx, { id: newId(), recipientId: userId, code: VERIFIED })
    return { ...account, verification: decision }
  })
}

async function sealReason(
  { vault }: AccountDeps,
  trx: Transaction,
  userId: string,
  reason: string | undefined,
): Promise<string | null> {
  const key = reason === undefined ? undefined : await findAccountKey(trx, vault, userId)
  if (key === undefined) return null
  return sealColumns(key, 'provider_profiles', userId, { verification_note: reason })['verification_note'] ?? null
}
