import type { Role } from '../domain/actors'
import { Refusal } from '../domain/refusals'
import type { Language } from '../domain/statuses'
import type { DataKey } from '../platform/envelope'
import type { Database, Transaction } from './database'
import { openText, type Vault } from './vault'

export type AccountStatus = 'active' | 'disabled'
export type Verification = 'pending' | 'verified' | 'refused'

/** A row of `users` with its wrapped key and what its provider profile says. Sealed columns are text that only the key opens. */
export interface AccountRow {
  readonly id: string
  readonly role: Role
  readonly status: AccountStatus
  readonly email: string | null
  readonly username: string | null
  readonly first_name: string | null
  readonly last_name: string | null
  readonly phone: string | null
  readonly language: Language
  readonly is_anonymous: boolean
  readonly biometric_enabled: boolean
  readonly on_duty: boolean
  readonly last_login_at: Date | null
  readonly created_at: Date
  readonly updated_at: Date
  /** Null once the account was erased: its sealed columns never open again. */
  readonly wrapped: string | null
  readonly provider_type: string | null
  readonly verification: Verification | null
}

/** An account with its personal columns opened. */
export type Account = Omit<AccountRow, 'wrapped'>

type SealedColumn = 'email' | 'username' | 'first_name' | 'last_name' | 'phone'
const COLUMNS = [
  ...['id', 'role', 'status', 'email', 'username', 'first_name', 'last_name', 'phone', 'language'],
  ...['is_anonymous', 'biometric_enabled', 'on_duty', 'last_login_at', 'created_at', 'updated_at'],
].map(column => `users.${column}`)

const accounts = (db: Database | Transaction) =>
  db('users')
    .leftJoin('account_keys', 'account_keys.user_id', 'users.id')
    .leftJoin('provider_profiles', 'provider_profiles.user_id', 'users.id')

const WITH_KEY_AND_PROFILE = [
  ...COLUMNS,
  'account_keys.wrapped',
  'provider_profiles.provider_type',
  'provider_profiles.verification',
]

/** Opens the personal columns of a row; they are null when its key was destroyed. Throws `SealBroken`. */
export function openAccount(vault: Vault, { wrapped, ...row }: AccountRow): Account {
  if (wrapped === null) return { ...row, email: null, username: null, first_name: null, last_name: null, phone: null }
  const key = vault.keyOf(row.id, wrapped)
  const open = (column: SealedColumn) => openText(key, 'users', row.id, column, row[column])
  return {
    ...row,
    email: open('email'),
    username: open('username'),
    first_name: open('first_name'),
    last_name: open('last_name'),
    phone: open('phone'),
  }
}

/** The account of this id, opened. */
export async function findAccount(db: Database | Transaction, vault: Vault, id: string): Promise<Account | undefined> {
  const row = await accounts(db).where('users.id', id).first<AccountRow | undefined>(WITH_KEY_AND_PROFILE)
  return row && openAccount(vault, row)
}

/** What a log-in needs of an account. */
export interface LoginRow {
  readonly id: string
  readonly role: Role
  readonly status: AccountStatus
  readonly password_hash: string
  /** Does a log-in need a one-time code? */
  readonly has_totp: boolean
}

/** By what an account is found: the blind index of its address or of its user name. */
export type AccountIndex = { readonly email_index: string } | { readonly username_index: string }

export async function findLogin(db: Database, index: AccountIndex): Promise<LoginRow | undefined> {
  return db('users')
    .leftJoin('totp_secrets', 'totp_secrets.user_id', 'users.id')
    .where(index)
    .first<LoginRow | undefined>(
      'users.id',
      'users.role',
      'users.status',
      'users.password_hash',
      db.raw('totp_secrets.confirmed_at is not null as has_totp'),
    )
}

/** The hash of the account's password. */
export async function findPasswordHash(db: Database, id: string): Promise<string | undefined> {
  const row = await db<{ id: string; password_hash: string }>('users').where({ id }).first('password_hash')
  return row?.password_hash
}

export interface AccountFilter {
  readonly role?: Role | undefined
  readonly status?: AccountStatus | undefined
  readonly verification?: Verification | undefined
}

export interface AccountWindow {
  readonly limit: number
  readonly offset: number
  readonly column: 'created_at' | 'last_login_at'
  readonly order: 'asc' | 'desc'
}

/** A page of the accounts that match, opened, and how many match in all. */
export async function listAccounts(
  db: Database,
  vault: Vault,
  { role, status, verification }: AccountFilter,
  { limit, offset, column, order }: AccountWindow,
): Promise<{ count: number; results: Account[] }> {
  const matching = accounts(db).where({
    ...(role && { 'users.role': role }),
    ...(status && { 'users.status': status }),
    ...(verification && { 'provider_profiles.verification': verification }),
  })
  const counted = await matching.clone().count<{ count: number }[]>('* as count')
  const rows = await matching
    .orderBy([
      { column: `users.${column}`, order, nulls: 'last' },
      { column: 'users.id', order },
    ])
    .limit(limit)
    .offset(offset)
    .select<AccountRow[]>(WITH_KEY_AND_PROFILE)
  return { count: counted[0]?.count ?? 0, results: rows.map(row => openAccount(vault, row)) }
}

/** What a screen shows of somebody else: the full name, or the user name where there is none. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly provider_type: string | null
}

/** These people by id, names opened; unknown ids are left out. Ask only for those whom the caller may see by name. */
export async function findPersons(db: Database, vault: Vault, ids: readonly string[]): Promise<Map<string, Person>> {
  if (ids.length === 0) return new Map()
  const rows = await accounts(db)
    .whereIn('users.id', [...new Set(ids)])
    .select<AccountRow[]>(WITH_KEY_AND_PROFILE)
  return new Map(
    rows.map(row => {
      const account = openAccount(vault, row)
      return [row.id, { id: row.id, name: nameOf(account), provider_type: row.provider_type }]
    }),
  )
}

/** How an account is called: first and last name, else the user name, else nothing. */
export const nameOf = ({ first_name, last_name, username }: Account): string =>
  [first_name, last_name].filter(part => part !== null).join(' ') || (username ?? '')

/** A new account: personal columns sealed already, with its wrapped key. */
export interface NewAccount {
  readonly id: string
  readonly role: Role
  readonly sealed: Readonly<Record<string, string | null>>
  readonly email_index: string | null
  readonly username_index: string | null
  readonly password_hash: string
  readonly language: Language
  readonly is_anonymous: boolean
  readonly wrapped: string
  readonly provider_type: string | null
}

/** Writes account, key and, for a provider, the profile. Throws `EMAIL_TAKEN` or `USERNAME_TAKEN`. */
export async function insertAccount(trx: Transaction, account: NewAccount): Promise<void> {
  const { sealed, wrapped, provider_type, ...columns } = account
  await trx('users')
    .insert({ ...columns, ...sealed })
    .catch(refuseTaken)
  await trx('account_keys').insert({ user_id: account.id, wrapped })
  if (provider_type)
    await insertProfile(trx, { userId: account.id, providerType: provider_type, language: account.language })
}

export async function insertProfile(
  trx: Transaction,
  { userId, providerType, language }: { userId: string; providerType: string; language: Language },
): Promise<void> {
  await trx('provider_profiles').insert({ user_id: userId, provider_type: providerType, languages: [language] })
}

const UNIQUE_VIOLATION = '23505'

function refuseTaken(error: unknown): never {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown }
  if (code === UNIQUE_VIOLATION && constraint === 'users_email_index_key') throw new Refusal('EMAIL_TAKEN')
  if (code === UNIQUE_VIOLATION && constraint === 'users_username_index_key') throw new Refusal('USERNAME_TAKEN')
  throw error
}

/** Locks the account's row, not its key: acts on incidents go on writing rows that refer to it. Undefined when there is none. */
export async function lockAccount(
  trx: Transaction,
  id: string,
): Promise<{ role: Role; status: AccountStatus; language: Language } | undefined> {
  return trx('users').where({ id }).forNoKeyUpdate().first('role', 'status', 'language')
}

/** The key that seals this account's columns; undefined when there is no account, or it was erased. */
export async function findAccountKey(trx: Transaction, vault: Vault, id: string): Promise<DataKey | undefined> {
  const row = await trx<{ user_id: string; wrapped: string }>('account_keys').where({ user_id: id }).first('wrapped')
  return row && vault.keyOf(id, row.wrapped)
}

export async function updateAccount(
  trx: Transaction,
  id: string,
  columns: Readonly<Record<string, unknown>>,
): Promise<void> {
  await trx('users')
    .where({ id })
    .update({ ...columns, version: trx.raw('version + 1'), updated_at: trx.raw('clock_timestamp()') })
}

/** Locks every active administrator in id order and answers their ids: of two who dismiss each other one must fail. */
export async function lockActiveAdmins(trx: Transaction): Promise<string[]> {
  const rows = await trx<{ id: string; role: Role; status: AccountStatus }>('users')
    .where({ role: 'admin', status: 'active' })
    .orderBy('id')
    .forNoKeyUpdate()
    .select('id')
  return rows.map(row => row.id)
}

export interface ProfileState {
  readonly verification: Verification
  readonly load: number
}

/** Locks a provider's profile; undefined for an account without one. */
export async function lockProfile(trx: Transaction, userId: string): Promise<ProfileState | undefined> {
  return trx('provider_profiles')
    .where({ user_id: userId })
    .forUpdate()
    .first<ProfileState | undefined>('verification', 'load')
}

/** Sets what the check of a provider came to; a verified one wakes the incidents that wait. */
export async function setVerification(
  trx: Transaction,
  userId: string,
  { verification, sealedNote }: { verification: Verification; sealedNote: string | null },
): Promise<void> {
  await trx('provider_profiles')
    .where({ user_id: userId })
    .update({
      verification,
      verification_note: sealedNote,
      version: trx.raw('version + 1'),
      updated_at: trx.raw('clock_timestamp()'),
      ...(verification === 'verified' && { woke_at: trx.raw('clock_timestamp()') }),
    })
}
