import type { Role } from '../../domain/actors'
import type { Transaction } from '../../db/database'
import { findAccountKey } from '../../db/accounts.repository'
import { deleteTotp, lockTotp, putTotp, readFactors, useTotpStep } from '../../db/second-factor.repository'
import { markSecondFactor } from '../../db/sessions.repository'
import { inTransaction } from '../../db/unit-of-work'
import { sealColumns } from '../../db/vault'
import { Refusal } from '../../domain/refusals'
import { fieldRefusal, isStaff, type OwnSession } from './account-words'
import type { SignInDeps } from './deps'
import { beginAttempt, dropped, failed, pairOf, succeeded } from './login-attempts'
import { newTotpSecret, otpauthUrl, stepOfCode } from './one-time-codes'

/** Whoever changes second factors. */
export interface FactorHolder extends OwnSession {
  readonly role: Role
}

/**
 * Staff who have a second factor change their factors only in a session that has shown one: with the password alone somebody could
 * put their own beside it, and the factor would be worth nothing. Throws `SECOND_FACTOR_REQUIRED`.
 */
export async function mayChangeFactors(deps: Pick<SignInDeps, 'db'>, holder: FactorHolder): Promise<void> {
  if (!isStaff(holder.role)) return
  const { has_totp, has_passkey, shown } = await readFactors(deps.db, holder)
  if ((has_totp || has_passkey) && !shown)
    throw new Refusal('SECOND_FACTOR_REQUIRED', { detail: 'Sign in with your second factor first' })
}

/** Draws a secret for one-time codes; it counts once a code of it is confirmed. Throws `TOTP_ENROLLED`, `SECOND_FACTOR_REQUIRED`. */
export async function beginTotp(deps: SignInDeps, holder: FactorHolder): Promise<{ secret: string; url: string }> {
  await mayChangeFactors(deps, holder)
  const secret = newTotpSecret()
  await inTransaction(deps.db, async trx => {
    const key = await findAccountKey(trx, deps.vault, holder.userId)
    if (!key) throw new Refusal('USER_NOT_FOUND')
    const sealed = sealColumns(key, 'totp_secrets', holder.userId, { secret })['secret'] ?? ''
    if (!(await putTotp(trx, holder.userId, sealed))) throw new Refusal('TOTP_ENROLLED')
  })
  return { secret, url: otpauthUrl(secret, deps.publicUrl) }
}

/** Turns one-time codes on by the first of them; this session has shown a second factor from now on. Throws as `withCode`. */
export async function confirmTotp(deps: SignInDeps, holder: FactorHolder, { otp, network }: GivenCode): Promise<void> {
  await mayChangeFactors(deps, holder)
  await withCode(deps, holder, { otp, network }, { confirmed: false }, trx => markSecondFactor(trx, holder.sessionId))
}

/** Turns one-time codes off, by one of them. Throws as `withCode`. */
export async function removeTotp(deps: SignInDeps, holder: FactorHolder, { otp, network }: GivenCode): Promise<void> {
  await withCode(deps, holder, { otp, network }, { confirmed: true }, trx => deleteTotp(trx, holder.userId))
}

/** A code as somebody typed it, and from where. */
export interface GivenCode {
  readonly otp: string
  readonly network: string
}

/**
 * Does `then` for whoever gives the right code. A wrong one counts as a failed log-in, so that a stolen session cannot try them
 * all. Throws `VALIDATION_FAILED` for a wrong or used code, `TOTP_NOT_FOUND`, `ACCOUNT_LOCKED`, `RATE_LIMITED`.
 */
async function withCode(
  deps: SignInDeps,
  { userId }: OwnSession,
  { otp, network }: GivenCode,
  { confirmed }: { confirmed: boolean },
  then: (trx: Transaction) => Promise<void>,
): Promise<void> {
  const pair = pairOf(deps, network, { accountId: userId })
  const attempt = await beginAttempt(deps, pair, `code ${otp}`)
  const outcome = await inTransaction(deps.db, async trx => {
    const found = await spendCode(deps, trx, { userId, otp, confirmed })
    if (found !== 'right') return found
    await succeeded(trx, pair)
    await then(trx)
    return found
  })
  if (outcome === 'nothing') {
    await dropped(deps, attempt)
    throw new Refusal('TOTP_NOT_FOUND')
  }
  if (outcome === 'wrong') {
    await failed(deps, attempt)
    throw fieldRefusal('otp', 'wrong', 'The code is wrong, too old, or was used before')
  }
}

/**
 * Is this the code now of the account's secret, confirmed or still to be? A right one is used up: neither it nor an older one works
 * again. `nothing` where there is no such secret.
 */
export async function spendCode(
  { vault, now }: Pick<SignInDeps, 'vault' | 'now'>,
  trx: Transaction,
  { userId, otp, confirmed }: { userId: string; otp: string; confirmed: boolean },
): Promise<'right' | 'wrong' | 'nothing'> {
  const stored = await lockTotp(trx, vault, userId)
  if (stored?.confirmed !== confirmed) return 'nothing'
  const step = stepOfCode(stored.secret, otp, now())
  return step !== undefined && (await useTotpStep(trx, userId, step)) ? 'right' : 'wrong'
}
