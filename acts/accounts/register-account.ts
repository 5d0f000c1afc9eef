import { findAccount, insertAccount, type Account } from '../../db/accounts.repository'
import type { Transaction } from '../../db/database'
import { spendInvitation } from '../../db/invitations.repository'
import { inTransaction } from '../../db/unit-of-work'
import { sealColumns } from '../../db/vault'
import type { Role } from '../../domain/actors'
import { Refusal } from '../../domain/refusals'
import type { Language } from '../../domain/statuses'
import { blindIndex } from '../../platform/envelope'
import { newId } from '../../platform/ids'
import { hashPassword } from '../../platform/password'
import { digestToken } from '../../platform/tokens'
import { INVITED_ROLES } from './account-words'
import type { AccountDeps } from './deps'
import { openSession, type TokenPair } from './open-session'

/** What somebody says of themselves to get an account; at least one of e-mail address and user name. */
export interface Registration {
  readonly role: Role
  readonly email: string | null
  readonly username: string | null
  readonly password: string
  readonly provider_type: string | null
  readonly first_name: string | null
  readonly last_name: string | null
  readonly phone: string | null
  readonly language: Language
  readonly is_anonymous: boolean
  readonly invitation: string | null
}

/** An account that has just signed in. */
export interface SignedInAccount {
  readonly account: Account
  readonly tokens: TokenPair
}

/**
 * Makes the account and signs it in. Throws `EMAIL_TAKEN`, `USERNAME_TAKEN`, `INVITATION_REQUIRED`, `INVITATION_SPENT`. A taken
 * name takes as long as a free one: the password is hashed before anybody looks.
 */
export async function registerAccount(
  deps: AccountDeps,
  registration: Registration,
  device: string,
): Promise<SignedInAccount> {
  const { role } = registration
  if (INVITED_ROLES.includes(role) && !registration.invitation) throw new Refusal('INVITATION_REQUIRED')
  const passwordHash = await hashPassword(registration.password)
  const id = newId()
  return inTransaction(deps.db, async trx => {
    if (registration.invitation) await spend(deps, trx, registration, registration.invitation)
    await write(deps, trx, { id, registration, passwordHash })
    const tokens = await openSession(deps, trx, { userId: id, role, device })
    const account = await findAccount(trx, deps.vault, id)
    if (!account) throw new Error('the account that was just made is not there')
    return { account, tokens }
  })
}

async function spend(
  { indexKey }: AccountDeps,
  trx: Transaction,
  { email, role }: Registration,
  invitation: string,
): Promise<void> {
  const emailIndex = blindIndex(indexKey, email ?? '')
  const spent = await spendInvitation(trx, { tokenDigest: digestToken(invitation), emailIndex, role })
  if (!spent) throw new Refusal('INVITATION_SPENT')
}

async function write(
  { vault, indexKey }: AccountDeps,
  trx: Transaction,
  { id, registration, passwordHash }: { id: string; registration: Registration; passwordHash: string },
): Promise<void> {
  const { role, email, username, first_name, last_name, phone, language, is_anonymous, provider_type } = registration
  const { key, wrapped } = vault.newKey(id)
  await insertAccount(trx, {
    id,
    role,
    sealed: sealColumns(key, 'users', id, { email, username, first_name, last_name, phone }),
    email_index: email === null ? null : blindIndex(indexKey, email),
    username_index: username === null ? null : blindIndex(indexKey, username),
    password_hash: passwordHash,
    language,
    is_anonymous,
    wrapped,
    provider_type,
  })
}
