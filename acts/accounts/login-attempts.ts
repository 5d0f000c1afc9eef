import {
  clearPair,
  countAttempts,
  dropAttempt,
  insertAttempt,
  lockPair,
  markFailed,
  type AttemptPair,
  type LoginAttempt,
} from '../../db/login-attempts.repository'
import type { Transaction } from '../../db/database'
import { inTransaction } from '../../db/unit-of-work'
import { Refusal } from '../../domain/refusals'
import { indexOf, keyedDigest, type LoginName } from './account-words'
import type { AccountDeps } from './deps'

/** So many different failures within 15 minutes lock the account for the address they came from. */
const LOCKED_AFTER = 5
/** So many within 15 minutes shut the address out from every account. */
const ADDRESS_LIMIT = 30

type AttemptDeps = Pick<AccountDeps, 'db' | 'indexKey'>

/** Whose password is tried: an account, or a name that has none, which must look the same from outside. */
export type Tried = { readonly accountId: string } | LoginName

/** What the failures at one account from one address are counted under. */
export function pairOf({ indexKey }: Pick<AccountDeps, 'indexKey'>, network: string, tried: Tried): AttemptPair {
  const account = 'accountId' in tried ? [tried.accountId] : Object.entries(indexOf({ indexKey }, tried)).flat()
  return {
    address: keyedDigest(indexKey, 'address', network),
    account: keyedDigest(indexKey, 'account', ...account),
  }
}

/**
 * Registers a try before its secret is checked, so that guesses sent all at once are counted too. The same secret again is the same
 * try. Throws `ACCOUNT_LOCKED` for this pair alone, nobody can lock somebody else out, and `RATE_LIMITED` for the address; end it
 * with `failed`, `dropped`, or by clearing the pair.
 */
export async function beginAttempt(deps: AttemptDeps, pair: AttemptPair, secret: string): Promise<LoginAttempt> {
  const attempt = { ...pair, attempt: keyedDigest(deps.indexKey, 'attempt', pair.account, secret.normalize('NFKC')) }
  await inTransaction(deps.db, async trx => {
    await lockPair(trx, attempt)
    await admit(trx, attempt)
  })
  return attempt
}

/** Goes on from a right password to a one-time code: the code is a try of its own, in place of the password's. */
export async function nextAttempt(deps: AttemptDeps, before: LoginAttempt, secret: string): Promise<LoginAttempt> {
  const attempt = { ...before, attempt: keyedDigest(deps.indexKey, 'next', before.attempt, secret) }
  await inTransaction(deps.db, async trx => {
    // Before the row: a try that holds the lock waits for the row, and must not be waited for.
    await lockPair(trx, attempt)
    await dropAttempt(trx, before)
    await admit(trx, attempt)
  })
  return attempt
}

/** Under the pair's lock. */
async function admit(trx: Transaction, attempt: LoginAttempt): Promise<void> {
  const counts = await countAttempts(trx, attempt, ADDRESS_LIMIT)
  if (counts.address_failed >= ADDRESS_LIMIT) throw refused('RATE_LIMITED', counts.address_seconds)
  if (Math.max(counts.failed, counts.others) >= LOCKED_AFTER) throw refused('ACCOUNT_LOCKED', counts.pair_seconds)
  await insertAttempt(trx, attempt)
}

const refused = (code: 'RATE_LIMITED' | 'ACCOUNT_LOCKED', seconds: number | null): Refusal =>
  new Refusal(code, { headers: { 'retry-after': String(seconds ?? 1) } })

/** The secret was wrong. */
export const failed = ({ db }: AttemptDeps, attempt: LoginAttempt): Promise<void> => markFailed(db, attempt)

/** It came to neither right nor wrong. */
export const dropped = ({ db }: AttemptDeps, attempt: LoginAttempt): Promise<void> => dropAttempt(db, attempt)

/** The secret was right: the failures before it are forgotten. */
export const succeeded = (trx: Transaction, pair: AttemptPair): Promise<void> => clearPair(trx, pair)
