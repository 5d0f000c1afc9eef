import { findAccount } from '../../db/accounts.repository'
import {
  deletePasskey,
  findPasskeyLogin,
  insertChallenge,
  insertPasskey,
  listPasskeys,
  notePasskeyUse,
  spendChallenge,
  type PasskeyRow,
} from '../../db/passkeys.repository'
import { markSecondFactor } from '../../db/sessions.repository'
import { inTransaction } from '../../db/unit-of-work'
import { Refusal } from '../../domain/refusals'
import { newId } from '../../platform/ids'
import type { SignInDeps } from './deps'
import { openSession } from './open-session'
import type { SignedInAccount } from './register-account'
import { mayChangeFactors, type FactorHolder } from './second-factor'
import {
  CHALLENGE_MINUTES,
  challengeOf,
  creationOptions,
  requestOptions,
  verifyCreation,
  verifyRequest,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from './webauthn'

/** More than anybody carries. */
const PASSKEYS_AT_MOST = 20

/** The ways to a device that WebAuthn knows; what else a caller writes there is not kept. */
const TRANSPORTS: ReadonlySet<string> = new Set(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'])

type CreationOptions = Awaited<ReturnType<typeof creationOptions>>
type RequestOptions = Awaited<ReturnType<typeof requestOptions>>

/** Begins to add a passkey: what the browser needs for it, good for five minutes. Throws `SECOND_FACTOR_REQUIRED`, `RULE_BROKEN`. */
export async function beginPasskey(deps: SignInDeps, holder: FactorHolder): Promise<CreationOptions> {
  await mayChangeFactors(deps, holder)
  const known = await listPasskeys(deps.db, holder.userId)
  if (known.length >= PASSKEYS_AT_MOST)
    throw new Refusal('RULE_BROKEN', { detail: 'The account has too many passkeys; remove one first' })
  const options = await creationOptions(deps.publicUrl, { userId: holder.userId, known })
  await insertChallenge(deps.db, {
    challenge: options.challenge,
    userId: holder.userId,
    minutes: CHALLENGE_MINUTES,
  })
  return options
}

/** Adds the passkey that the device has made; this session has shown a second factor from now on. Throws `PASSKEY_REFUSED`. */
export async function addPasskey(
  deps: SignInDeps,
  holder: FactorHolder,
  { response, device }: { response: RegistrationResponseJSON; device: string },
): Promise<PasskeyRow> {
  await mayChangeFactors(deps, holder)
  const challenge = await spend(deps, response.response.clientDataJSON, holder.userId)
  const credential = challenge && (await verifyCreation(deps.publicUrl, response, challenge))
  if (!credential) throw new Refusal('PASSKEY_REFUSED')
  const transports = (response.response.transports ?? []).filter(each => TRANSPORTS.has(each))
  return inTransaction(deps.db, async trx => {
    const row = await insertPasskey(trx, { id: newId(), user_id: holder.userId, ...credential, transports, device })
    if (!row) throw new Refusal('PASSKEY_REFUSED')
    await markSecondFactor(trx, holder.sessionId)
    return row
  })
}

/** Takes a passkey from the account. Throws `PASSKEY_NOT_FOUND`, `SECOND_FACTOR_REQUIRED`. */
export async function removePasskey(deps: SignInDeps, holder: FactorHolder, id: string): Promise<void> {
  await mayChangeFactors(deps, holder)
  const had = await inTransaction(deps.db, trx => deletePasskey(trx, { id, userId: holder.userId }))
  if (!had) throw new Refusal('PASSKEY_NOT_FOUND')
}

/** Begins a log-in by passkey: what the browser needs for it, good for five minutes. */
export async function beginPasskeyLogin(deps: SignInDeps): Promise<RequestOptions> {
  const options = await requestOptions(deps.publicUrl)
  await insertChallenge(deps.db, { challenge: options.challenge, userId: null, minutes: CHALLENGE_MINUTES })
  return options
}

/**
 * Opens a session for whoever holds the device and was recognised by it, which are two factors. Throws `CREDENTIALS_WRONG`, the same
 * for whatever is wrong.
 */
export async function logInByPasskey(
  deps: SignInDeps,
  { response, device }: { response: AuthenticationResponseJSON; device: string },
): Promise<SignedInAccount> {
  const expectedChallenge = await spend(deps, response.response.clientDataJSON, null)
  const passkey = await findPasskeyLogin(deps.db, response.id)
  if (expectedChallenge === undefined || passkey?.status !== 'active') throw new Refusal('CREDENTIALS_WRONG')
  const known = { ...passkey, credential_id: response.id }
  const counter = await verifyRequest(deps.publicUrl, response, { expectedChallenge, known })
  if (counter === undefined) throw new Refusal('CREDENTIALS_WRONG')
  return inTransaction(deps.db, async trx => {
    await notePasskeyUse(trx, passkey.id, counter)
    const { user_id: userId, role } = passkey
    const tokens = await openSession(deps, trx, { userId, role, device, secondFactor: true })
    const account = await findAccount(trx, deps.vault, userId)
    if (!account) throw new Refusal('CREDENTIALS_WRONG')
    return { account, tokens }
  })
}

/** The challenge that is answered, used up by being answered, rightly or not. */
async function spend({ db }: SignInDeps, clientDataJSON: string, userId: string | null): Promise<string | undefined> {
  const challenge = challengeOf(clientDataJSON)
  return challenge !== undefined && (await spendChallenge(db, { challenge, userId })) ? challenge : undefined
}
