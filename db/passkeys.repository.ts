import type { Role } from '../domain/actors'
import type { AccountStatus } from './accounts.repository'
import type { Database, Transaction } from './database'

const SWEPT_AT_ONCE = 100

/** Keeps a challenge for `minutes`; those that nobody answered go. Without an account it is one for a log-in. */
export async function insertChallenge(
  db: Database,
  { challenge, userId, minutes }: { challenge: string; userId: string | null; minutes: number },
): Promise<void> {
  await db.raw(
    `with swept as (
       delete from passkey_challenges where challenge in (select challenge from passkey_challenges
         where expires_at <= clock_timestamp() order by expires_at limit ${SWEPT_AT_ONCE} for update skip locked))
     insert into passkey_challenges (challenge, user_id, expires_at)
     values (:challenge, :userId, clock_timestamp() + make_interval(mins => :minutes))`,
    { challenge, userId, minutes },
  )
}

/** Uses a challenge up; false when it is unknown, used, over, or was given to somebody else or for something else. */
export async function spendChallenge(
  db: Database,
  { challenge, userId }: { challenge: string; userId: string | null },
): Promise<boolean> {
  const { rows } = await db.raw<{ rows: { live: boolean }[] }>(
    `delete from passkey_challenges where challenge = :challenge and user_id is not distinct from :userId::uuid
     returning expires_at > clock_timestamp() as live`,
    { challenge, userId },
  )
  return rows[0]?.live === true
}

/** A passkey as its owner sees it. */
export interface PasskeyRow {
  readonly id: string
  /** A coarse word for where it was made. */
  readonly device: string
  readonly credential_id: string
  readonly transports: readonly string[]
  readonly created_at: Date
  readonly last_used_at: Date | null
}

const COLUMNS = ['id', 'device', 'credential_id', 'transports', 'created_at', 'last_used_at'] as const

/** The account's passkeys, oldest first; an account has at most as many as the act lets it have. */
export async function listPasskeys(db: Database | Transaction, userId: string): Promise<PasskeyRow[]> {
  return db('passkeys')
    .where({ user_id: userId })
    .orderBy('created_at')
    .select<PasskeyRow[]>(...COLUMNS)
}

export interface NewPasskey {
  readonly id: string
  readonly user_id: string
  readonly credential_id: string
  /** COSE, base64url. */
  readonly public_key: string
  readonly counter: number
  readonly transports: readonly string[]
  readonly device: string
}

/** Writes a passkey; undefined when the credential is known already, whoever has it. */
export async function insertPasskey(trx: Transaction, passkey: NewPasskey): Promise<PasskeyRow | undefined> {
  const [row] = await trx('passkeys')
    .insert({ ...passkey, transports: [...passkey.transports] })
    .onConflict('credential_id')
    .ignore()
    .returning<PasskeyRow[]>([...COLUMNS])
  return row
}

/** Takes a passkey from the account; answers whether it had it. */
export async function deletePasskey(
  trx: Transaction,
  { id, userId }: { id: string; userId: string },
): Promise<boolean> {
  return (await trx('passkeys').where({ id, user_id: userId }).delete()) > 0
}

/** Takes all passkeys from an account. */
export async function deletePasskeysOf(trx: Transaction, userId: string): Promise<void> {
  await trx('passkeys').where({ user_id: userId }).delete()
}

/** A passkey as a log-in needs it, with its account. */
export interface PasskeyLogin {
  readonly id: string
  readonly user_id: string
  readonly role: Role
  readonly status: AccountStatus
  readonly public_key: string
  readonly counter: number
}

export async function findPasskeyLogin(db: Database, credentialId: string): Promise<PasskeyLogin | undefined> {
  return db('passkeys')
    .join('users', 'users.id', 'passkeys.user_id')
    .where({ credential_id: credentialId })
    .first<PasskeyLogin | undefined>(
      'passkeys.id',
      'passkeys.user_id',
      'users.role',
      'users.status',
      'passkeys.public_key',
      'passkeys.counter',
    )
}

/** Notes the use of a passkey; the counter is how a copied one is noticed. */
export async function notePasskeyUse(trx: Transaction, id: string, counter: number): Promise<void> {
  await trx('passkeys')
    .where({ id })
    .update({ counter, last_used_at: trx.raw('clock_timestamp()') })
}
