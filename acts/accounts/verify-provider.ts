import { findAccount, findAccountKey, lockProfile, setVerification, type Account } from '../../db/accounts.repository'
import { markEffect } from '../../db/idempotency.repository'
import type { Transaction } from '../../db/database'
import { insertNotices } from '../../db/inbox.repository'
import { nudge } from '../../db/nudge'
import { inTransaction } from '../../db/unit-of-work'
import { sealColumns } from '../../db/vault'
import { NOTICES } from '../../domain/notices'
import { Refusal } from '../../domain/refusals'
import { newId } from '../../platform/ids'
import type { ActDeps, By } from '../deps'
import type { AccountDeps } from './deps'

const VERIFIED = 'account.verified'

type VerifyDeps = AccountDeps & Pick<ActDeps, 'configuredChannels'>

/**
 * Says what the check of a provider came to. A verified one is told, gets offers from now on, and wakes the incidents that wait; a
 * refused one gets no new offers. The reason is sealed with the account's key. Throws `USER_NOT_FOUND`, and `RULE_BROKEN` for an account that is no provider.
 */
export async function verifyProvider(
  deps: VerifyDeps,
  { userId, decision, reason }: { userId: string; decision: 'verified' | 'refused'; reason?: string | undefined },
  by: By,
): Promise<Account> {
  const account = await inTransaction(deps.db, async trx => {
    const profile = await lockProfile(trx, userId)
    const account = await findAccount(trx, deps.vault, userId)
    if (!account) throw new Refusal('USER_NOT_FOUND')
    if (!profile || account.role !== 'provider')
      throw new Refusal('RULE_BROKEN', { detail: 'Only providers are verified' })
    await markEffect(trx, by.requestId, userId)
    if (profile.verification === decision) return account
    const sealedNote = await sealReason(deps, trx, userId, reason)
    await setVerification(trx, userId, { verification: decision, sealedNote })
    if (decision === 'verified') await tellVerified(deps, trx, userId)
    return { ...account, verification: decision }
  })
  nudge(deps.db)
  return account
}

async function tellVerified({ configuredChannels }: VerifyDeps, trx: Transaction, userId: string): Promise<void> {
  const { channels } = NOTICES[VERIFIED]
  const recipients = [{ id: newId(), recipientId: userId }]
  const send = channels.some(channel => configuredChannels.has(channel))
  await insertNotices(trx, { code: VERIFIED, recipients, channels, send })
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
