import { createHash, randomBytes } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import type { KeyRing } from './keyring'

/** What an access token says, and all that it says besides its times, issuer and audience. */
export interface AccessClaims {
  /** The account. */
  readonly sub: string
  /** The session, so that a revoked one can be refused before the token ends. */
  readonly sid: string
  readonly role: string
}

/** Why an access token is refused: its time is over, or it is not one of ours. */
export type TokenFault = 'expired' | 'invalid'

/** Thrown when an access token is refused; it carries no part of the token. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused'
  readonly code = 'TOKEN_REFUSED'

  constructor(readonly fault: TokenFault) {
    super(`an access token was refused: ${fault}`)
  }
}

/** Signs and verifies access tokens; `now` is an argument so that tests own the clock. */
export interface AccessTokens {
  sign(claims: AccessClaims, now: Date): Promise<string>
  /** Answers the claims of a token of ours that is in time; throws TokenRefused for every other text. */
  verify(token: string, now: Date): Promise<AccessClaims>
}

const ALGORITHM = 'HS256'
const ISSUER = 'kesi'
const AUDIENCE = 'kesi-api'

/** Access tokens by HS256: the newest key of the ring signs, each of them verifies; they live `seconds`. */
export function createAccessTokens({ keys, seconds }: { keys: KeyRing; seconds: number }): AccessTokens {
  return {
    async sign({ sub, sid, role }, now) {
      const issuedAt = Math.floor(now.getTime() / 1000)
      return await new SignJWT({ sid, role })
        .setProtectedHeader({ alg: ALGORITHM, kid: keys.newest.id })
        .setSubject(sub)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + seconds)
        .sign(keys.newest.secret)
    },

    async verify(token, now) {
      try {
        const { payload } = await jwtVerify(token, ({ kid }) => secretFor(keys, kid), {
          algorithms: [ALGORITHM],
          issuer: ISSUER,
          audience: AUDIENCE,
          currentDate: now,
          requiredClaims: ['sub', 'sid', 'role', 'iat', 'exp'],
        })
        return claimsOf(payload)
      } catch (error) {
        throw new TokenRefused(error instanceof errors.JWTExpired ? 'expired' : 'invalid')
      }
    },
  }
}

/** A new opaque token of 256 random bits, base64url: for refresh tokens, invitations and one-time links. */
export function newOpaqueToken(): string {
  return randomBytes(32).toString('base64url')
}

/** The SHA-256 of an opaque token, base64url: what is stored, so that a stolen table opens no session. */
export function digestToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

function secretFor(keys: KeyRing, kid: string | undefined) {
  const key = kid === undefined ? undefined : keys.find(kid)
  if (key === undefined) throw new TokenRefused('invalid')
  return key.secret
}

function claimsOf({ sub, sid, role }: { readonly [claim: string]: unknown }): AccessClaims {
  if (typeof sub !== 'string' || typeof sid !== 'string' || typeof role !== 'string') throw new TokenRefused('invalid')
  return { sub, sid, role }
}
