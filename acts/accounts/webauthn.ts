import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  type WebAuthnCredential,
} from '@simplewebauthn/server'
import { decodeAttestationObject, isoBase64URL } from '@simplewebauthn/server/helpers'

export type { AuthenticationResponseJSON, RegistrationResponseJSON }

/** Until when a challenge may be answered; the browser is told the same. */
export const CHALLENGE_MINUTES = 5
const TIMEOUT_MS = CHALLENGE_MINUTES * 60_000

/** ES256, EdDSA and RS256, by their COSE numbers: what every phone and every security key can. */
const ALGORITHMS = [-7, -8, -257]

const rpOf = (publicUrl: string): { id: string; origin: string } => {
  const { hostname, origin } = new URL(publicUrl)
  return { id: hostname, origin }
}

/** A key that the account has already. */
export interface KnownCredential {
  readonly credential_id: string
  readonly transports: readonly string[]
}

/**
 * What a browser needs to make a passkey. It is shown and kept on the device, which may be in the wrong hands: host and a few
 * characters of the account's id, no name. The device must check who holds it (finger, face or PIN): that is the second factor.
 */
export function creationOptions(
  publicUrl: string,
  { userId, known }: { userId: string; known: readonly KnownCredential[] },
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const rp = rpOf(publicUrl)
  return generateRegistrationOptions({
    rpName: rp.id,
    rpID: rp.id,
    userName: `account ${userId.slice(-4)}`,
    userID: new Uint8Array(Buffer.from(userId.replaceAll('-', ''), 'hex')),
    timeout: TIMEOUT_MS,
    attestationType: 'none',
    excludeCredentials: known.map(({ credential_id, transports }) => ({
      id: credential_id,
      transports: [...transports],
    })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  })
}

/** What a browser needs to sign in; it names no account, so it tells nobody whether there is one. */
export const requestOptions = (publicUrl: string): Promise<PublicKeyCredentialRequestOptionsJSON> =>
  generateAuthenticationOptions({
    rpID: rpOf(publicUrl).id,
    allowCredentials: [],
    userVerification: 'required',
    timeout: TIMEOUT_MS,
  })

/** A credential as it is stored. */
export interface Credential {
  readonly credential_id: string
  readonly public_key: string
  readonly counter: number
}

/** The challenge that this answer says it answers, or undefined where it says nothing readable. */
export function challengeOf(clientDataJSON: string): string | undefined {
  try {
    const said: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8'))
    const challenge: unknown = (said as { challenge?: unknown } | null)?.challenge
    return typeof challenge === 'string' ? challenge : undefined
  } catch {
    return undefined
  }
}

/** The credential that the device made for this challenge, here, after it had checked its user; undefined for everything else. */
export async function verifyCreation(
  publicUrl: string,
  response: RegistrationResponseJSON,
  expectedChallenge: string,
): Promise<Credential | undefined> {
  const rp = rpOf(publicUrl)
  return orNothing(async () => {
    if (isAttested(response)) return undefined
    const { registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge,
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    })
    if (!registrationInfo) return undefined
    const { id, publicKey, counter } = registrationInfo.credential
    return { credential_id: id, public_key: isoBase64URL.fromBuffer(publicKey), counter }
  })
}

/** Nobody asked for a maker's certificate, and to check one the library would ask servers that the certificate names. */
function isAttested({ response }: RegistrationResponseJSON): boolean {
  const attestation = decodeAttestationObject(isoBase64URL.toBuffer(response.attestationObject))
  const format = attestation.get('fmt')
  return format !== 'none' && (format !== 'packed' || attestation.get('attStmt').get('x5c') !== undefined)
}

/** The credential's new counter when it has signed this challenge, here, after the device had checked its user; else undefined. */
export async function verifyRequest(
  publicUrl: string,
  response: AuthenticationResponseJSON,
  { expectedChallenge, known }: { expectedChallenge: string; known: Credential },
): Promise<number | undefined> {
  const rp = rpOf(publicUrl)
  const credential: WebAuthnCredential = {
    id: known.credential_id,
    publicKey: isoBase64URL.toBuffer(known.public_key),
    counter: known.counter,
  }
  return orNothing(async () => {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge,
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      credential,
      requireUserVerification: true,
    })
    return verified ? authenticationInfo.newCounter : undefined
  })
}

/** The library throws for whatever is wrong with an answer; which of a hundred things it was is nobody's business. */
async function orNothing<T>(verify: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await verify()
  } catch {
    return undefined
  }
}
