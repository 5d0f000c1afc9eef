import {
  findAccount,
  insertProfile,
  lockAccount,
  lockActiveAdmins,
  lockProfile,
  setVerification,
  updateAccount,
  type Account,
  type AccountStatus,
} from '../../db/accounts.repository'
import type { Transaction } from '../../db/database'
import { markEffect } from '../../db/idempotency.repository'
import { deleteTotp } from '../../db/second-factor.repository'
import { revokeAllSessions } from '../../db/sessions.repository'
import { inTransaction } from '../../db/unit-of-work'
import type { Role } from '../../domain/actors'
import { Refusal } from '../../domain/refusals'
import type { Language } from '../../domain/statuses'
import { personOf, type By } from '../deps'
import { fieldRefusal, isStaff } from './account-words'
import type { AccountDeps } from './deps'

/** What an administrator changes of somebody's standing. */
export interface StandingEdit {
  readonly role?: Role | undefined
  readonly status?: AccountStatus | undefined
  /** Needed when somebody without a profile becomes a provider. */
  readonly provider_type?: string | undefined
}

/**
 * Changes role or status, and ends every session of the account in the same transaction, so that nobody goes on under what they
 * were. Throws `USER_NOT_FOUND`, and `RULE_BROKEN` for one's own account and for a provider who still has cases.
 */
export async function editStanding(
  deps: AccountDeps,
  { userId, edit }: { userId: string; edit: StandingEdit },
  by: By,
): Promise<Account> {
  return inTransaction(deps.db, async trx => {
    const admins = await lockActiveAdmins(trx)
    if (!admins.includes(personOf(by) ?? '')) throw new Refusal('FORBIDDEN')
    const before = await lockAccount(trx, userId)
    if (!before) throw new Refusal('USER_NOT_FOUND')
    if (userId === personOf(by)) throw new Refusal('RULE_BROKEN', { detail: 'Another administrator must do this' })
    const role = edit.role ?? before.role
    const status = edit.status ?? before.status
    if (role !== before.role)
      await changeRole(trx, userId, { from: before.role, to: role, language: before.language, edit })
    if (role !== before.role || status !== before.status) {
      await updateAccount(trx, userId, { role, status })
      await revokeAllSessions(trx, userId)
    }
    await markEffect(trx, by.requestId, userId)
    const account = await findAccount(trx, deps.vault, userId)
    if (!account) throw new Refusal('USER_NOT_FOUND')
    return account
  })
}

interface RoleChange {
  readonly from: Role
  readonly to: Role
  readonly language: Language
  readonly edit: StandingEdit
}

async function changeRole(trx: Transaction, userId: string, { from, to, language, edit }: RoleChange): Promise<void> {
  // Only staff can take one-time codes off again.
  if (!isStaff(to)) await deleteTotp(trx, userId)
  const profile = await lockProfile(trx, userId)
  if (from === 'provider' && profile) {
    if (profile.load > 0)
      throw new Refusal('RULE_BROKEN', { detail: 'The provider has open cases or offers; reassign them first' })
    // Whoever is no provider any more must not be offered anything, and is checked again on coming back.
    await setVerification(trx, userId, { verification: 'pending', sealedNote: null })
  }
  if (to === 'provider' && !profile) {
    if (!edit.provider_type) throw fieldRefusal('provider_type', 'required', 'A provider needs a type')
    await insertProfile(trx, { userId, providerType: edit.provider_type, language })
  }
}
