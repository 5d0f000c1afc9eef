import { updateAccount } from '../../db/accounts.repository'
import { markEffect } from '../../db/idempotency.repository'
import { inTransaction } from '../../db/unit-of-work'
import { personOf, type By } from '../deps'
import type { AccountDeps } from './deps'

/** Notes whether the person's app asks for a finger or a face; it opens nothing here, passkeys do. */
export async function setBiometric({ db }: AccountDeps, { enabled }: { enabled: boolean }, by: By): Promise<void> {
  const userId = personOf(by)
  if (userId === null) throw new Error('the engine has no face')
  await inTransaction(db, async trx => {
    await updateAccount(trx, userId, { biometric_enabled: enabled })
    await markEffect(trx, by.requestId, userId)
  })
}
