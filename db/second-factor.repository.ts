import type { Database, Transaction } from './database'
import { openText, type Vault } from './vault'

/** What a session may do about second factors. */
export interface FactorState {
  readonly has_totp: boolean
  readonly has_passkey: boolean
  /** Was one shown in this session, or enrolled in it? */
  readonly shown: boolean
}

/** Which second factors the account has, and whether the session has shown one. */
export async function readFactors(
  db: Database | Transaction,
  { userId, sessionId }: { userId: string; sessionId: string },
): Promise<FactorState> {
  const { rows } = await db.raw<{ rows: [FactorState] }>(
    `select exists (select from totp_secrets where user_id = :userId and confirmed_at is not null) as has_totp,
       exists (select from passkeys where user_id = :userId) as has_passkey,
       coalesce((select second_factor from sessions where id = :sessionId), false) as shown`,
    { userId, sessionId },
  )
  return rows[0]
}

/** Keeps a secret that is still to be confirmed, in place of one that never was; false when one is confirmed already. */
export async function putTotp(trx: Transaction, userId: string, sealedSecret: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into totp_secrets (user_id, secret) values (:userId, :sealedSecret)
     on conflict (user_id) do update set secret = excluded.secret, last_step = null, created_at = clock_timestamp()
       where totp_secrets.confirmed_at is null
     returning user_id`,
    { userId, sealedSecret },
  )
  return rows.length > 0
}

/** An account's secret, opened, and whether it was confirmed. */
export interface TotpSecret {
  readonly secret: string
  readonly confirmed: boolean
}

/** Locks the account's secret; undefined when there is none. Throws `SealBroken`. */
export async function lockTotp(trx: Transaction, vault: Vault, userId: string): Promise<TotpSecret | undefined> {
  const { rows } = await trx.raw<{ rows: { secret: string; confirmed: boolean; wrapped: string }[] }>(
    `select t.secret, t.confirmed_at is not null as confirmed, k.wrapped
     from totp_secrets t join account_keys k on k.user_id = t.user_id where t.user_id = ? for update of t`,
    [userId],
  )
  const row = rows[0]
  const secret = row && openText(vault.keyOf(userId, row.wrapped), 'totp_secrets', userId, 'secret', row.secret)
  return row && typeof secret === 'string' ? { secret, confirmed: row.confirmed } : undefined
}

/** Uses the code of this step up, and confirms the secret by it; false when it or a later one was used before. */
export async function useTotpStep(trx: Transaction, userId: string, step: number): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `update totp_secrets set last_step = :step, confirmed_at = coalesce(confirmed_at, clock_timestamp())
     where user_id = :userId and (last_step is null or last_step < :step) returning user_id`,
    { userId, step },
  )
  return rows.length > 0
}

/** Takes the one-time codes from the account. */
export async function deleteTotp(trx: Transaction, userId: string): Promise<void> {
  await trx('totp_secrets').where({ user_id: userId }).delete()
}
