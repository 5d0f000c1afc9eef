import { findAccount, findAccountKey, updateAccount, type Account } from '../../db/accounts.repository'
import { markEffect } from '../../db/idempotency.repository'
import { inTransaction } from '../../db/unit-of-work'
import { sealColumns } from '../../db/vault'
import { Refusal } from '../../domain/refusals'
import type { Language } from '../../domain/statuses'
import type { By } from '../deps'
import type { PersonalColumns } from './account-words'
import type { AccountDeps } from './deps'

/** What people change of their own account; null clears, absent leaves. */
export interface AccountEdit extends PersonalColumns {
  readonly language?: Language
  readonly is_anonymous?: boolean
  /** Of staff: are they called when a case needs a person? */
  readonly on_duty?: boolean
}

/** Changes one's own account and answers it. Throws `USER_NOT_FOUND` for an account that was erased. */
export async function editAccount(deps: AccountDeps, userId: string, edit: AccountEdit, by: By): Promise<Account> {
  const { language, is_anonymous, on_duty, ...personal } = edit
  return inTransaction(deps.db, async trx => {
    const key = await findAccountKey(trx, deps.vault, userId)
    if (!key) throw new Refusal('USER_NOT_FOUND')
    await updateAccount(trx, userId, {
      ...sealColumns(key, 'users', userId, { ...personal }),
      ...(language !== undefined && { language }),
      ...(is_anonymous !== undefined && { is_anonymous }),
      ...(on_duty !== undefined && { on_duty }),
    })
    await markEffect(trx, by.requestId, userId)
    const account = await findAccount(trx, deps.vault, userId)
    if (!account) throw new Refusal('USER_NOT_FOUND')
    return account
  })
}
