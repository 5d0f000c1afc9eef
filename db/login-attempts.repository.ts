import type { Database, Transaction } from './database'

/** For how long an attempt counts. */
const WINDOW = "interval '15 minutes'"
/** How many attempts that no longer count one failure takes away: more than it adds, so that none stay for good. */
const SWEPT_AT_ONCE = 100

/** An account as tried from one address; both are keyed digests. */
export interface AttemptPair {
  readonly address: string
  readonly account: string
}

/** One try: `attempt` is a keyed digest of what was tried, so that the same again is the same row. */
export interface LoginAttempt extends AttemptPair {
  readonly attempt: string
}

/** What was tried within the last 15 minutes. */
export interface AttemptCounts {
  /** Different failures at this pair. */
  readonly failed: number
  /** Different tries at this pair beside this one, those included that are being checked at this moment. */
  readonly others: number
  /** Until the oldest try at the pair no longer counts. */
  readonly pair_seconds: number | null
  /** Failures of the address over all accounts, counted up to the limit. */
  readonly address_failed: number
  readonly address_seconds: number | null
}

/**
 * Lets one try at this pair after the other pass until the transaction ends: twenty at once would all see too few failures. The
 * lock comes first and alone, for a statement does not see what was committed after it began.
 */
export async function lockPair(trx: Transaction, { address, account }: AttemptPair): Promise<void> {
  await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [address + account])
}

export async function countAttempts(
  trx: Transaction,
  attempt: LoginAttempt,
  addressLimit: number,
): Promise<AttemptCounts> {
  const { rows } = await trx.raw<{ rows: [AttemptCounts] }>(
    `select pair.failed, pair.others, ${secondsUntil('pair.oldest')} as pair_seconds,
       address.failed as address_failed, ${secondsUntil('address.oldest')} as address_seconds
     from (select count(*) filter (where failed)::int as failed,
         count(*) filter (where attempt <> :attempt)::int as others, min(at) as oldest
       from login_attempts where address = :address and account = :account and at > clock_timestamp() - ${WINDOW}) pair,
       (select count(*)::int as failed, min(at) as oldest
         from (select at from login_attempts where address = :address and failed and at > clock_timestamp() - ${WINDOW}
           order by at desc limit :addressLimit) newest) address`,
    { ...attempt, addressLimit },
  )
  return rows[0]
}

const secondsUntil = (moment: string): string =>
  `greatest(1, ceil(extract(epoch from ${moment} + ${WINDOW} - clock_timestamp())))::int`

/** Writes a try before it is checked; one that was made within the window stays as it is. */
export async function insertAttempt(trx: Transaction, attempt: LoginAttempt): Promise<void> {
  await trx.raw(
    `insert into login_attempts (address, account, attempt) values (:address, :account, :attempt)
     on conflict (address, account, attempt) do update set at = clock_timestamp(), failed = false
       where login_attempts.at <= clock_timestamp() - ${WINDOW}`,
    { ...attempt },
  )
}

/** The try has failed, also when a success at the pair has just cleared it; sweeps away what no longer counts. */
export async function markFailed(db: Database | Transaction, attempt: LoginAttempt): Promise<void> {
  await db.raw(
    `insert into login_attempts (address, account, attempt, failed) values (:address, :account, :attempt, true)
     on conflict (address, account, attempt) do update set failed = true`,
    { ...attempt },
  )
  await db.raw(
    `delete from login_attempts where (address, account, attempt) in (
       select address, account, attempt from login_attempts where at <= clock_timestamp() - ${WINDOW}
       order by at limit ${SWEPT_AT_ONCE} for update skip locked)`,
  )
}

/** The try came to neither: it never was. One that has failed before stays failed. */
export async function dropAttempt(db: Database | Transaction, attempt: LoginAttempt): Promise<void> {
  await db('login_attempts')
    .where({ ...attempt, failed: false })
    .delete()
}

/** Forgets every try at the pair. */
export async function clearPair(db: Database | Transaction, { address, account }: AttemptPair): Promise<void> {
  await db('login_attempts').where({ address, account }).delete()
}
