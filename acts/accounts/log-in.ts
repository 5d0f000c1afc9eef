import { findAccount, findLogin, type LoginRow } from '../../db/accounts.repository'
import type { Transaction } from '../../db/database'
import type { AttemptPair, LoginAttempt } from '../../db/login-attempts.repository'
import { inTransaction } from '../../db/unit-of-work'
import { Refusal } from '../../domain/refusals'
import { burnPassword, verifyPassword } from '../../platform/password'
import { indexOf, type Caller, type LoginName } from './account-words'
import type { AccountDeps } from './deps'
import { beginAttempt, dropped, failed, nextAttempt, pairOf, succeeded } from './login-attempts'
import { openSession, type SessionToOpen } from './open-session'
import type { SignedInAccount } from './register-account'
import { spendCode } from './second-factor'

/** What somebody signs in with. */
export interface Credentials {
  readonly name: LoginName
  readonly password: string
  readonly otp?: string | undefined
  /** For clients without a field for the code: it may stand behind the password, after a blank. */
  readonly codeBehindPassword?: true
}

/**
 * Opens a session for whoever knows the password and, where one is enrolled, the one-time code. Throws `CREDENTIALS_WRONG`, the same
 * and after the same time for an account that does not exist, for a wrong password or code and for a deactivated account;
 * `OTP_REQUIRED` after the right password alone; `ACCOUNT_LOCKED` and `RATE_LIMITED` after too many failures.
 */
export async function logIn(
  deps: AccountDeps,
  { name, ...given }: Credentials,
  { network, device }: Caller,
): Promise<SignedInAccount> {
  const found = await findLogin(deps.db, indexOf(deps, name))
  const { password, otp } = secretsOf(given, found?.has_totp ? 'with_code' : 'alone')
  const pair = pairOf(deps, network, found ? { accountId: found.id } : name)
  const attempt = await beginAttempt(deps, pair, password)
  const known = found ? await verifyPassword(found.password_hash, password) : await burnPassword(password)
  if (!found || !known || found.status !== 'active') {
    await failed(deps, attempt)
    throw new Refusal('CREDENTIALS_WRONG')
  }
  if (found.has_totp) return logInByCode(deps, { found, otp, attempt, device })
  return inTransaction(deps.db, trx =>
    signIn(deps, trx, pair, { userId: found.id, role: found.role, device, secondFactor: false }),
  )
}

const CODE_BEHIND = /^(.+) (\d{6})$/su

/** Only where the account has one-time codes: a password of another may end like one. */
function secretsOf(
  { password, otp, codeBehindPassword }: Omit<Credentials, 'name'>,
  shown: 'alone' | 'with_code',
): Pick<Credentials, 'password' | 'otp'> {
  const split = codeBehindPassword && shown === 'with_code' ? CODE_BEHIND.exec(password) : null
  return split?.[1] === undefined ? { password, otp } : { password: split[1], otp: split[2] }
}

interface SecondStep {
  readonly found: LoginRow
  readonly otp: string | undefined
  readonly attempt: LoginAttempt
  readonly device: string
}

/** A right password without its code neither counts as a failure nor clears any: codes could be tried for ever between. */
async function logInByCode(deps: AccountDeps, { found, otp, attempt, device }: SecondStep): Promise<SignedInAccount> {
  if (otp === undefined) {
    await dropped(deps, attempt)
    throw new Refusal('OTP_REQUIRED')
  }
  const second = await nextAttempt(deps, attempt, otp)
  const signedIn = await inTransaction(deps.db, async trx => {
    if ((await spendCode(deps, trx, { userId: found.id, otp, confirmed: true })) !== 'right') return undefined
    return signIn(deps, trx, attempt, { userId: found.id, role: found.role, device, secondFactor: true })
  })
  if (signedIn) return signedIn
  await failed(deps, second)
  throw new Refusal('CREDENTIALS_WRONG')
}

async function signIn(
  deps: AccountDeps,
  trx: Transaction,
  pair: AttemptPair,
  session: SessionToOpen,
): Promise<SignedInAccount> {
  await succeeded(trx, pair)
  const tokens = await openSession(deps, trx, session)
  const account = await findAccount(trx, deps.vault, session.userId)
  if (!account) throw new Refusal('CREDENTIALS_WRONG')
  return { account, tokens }
}
