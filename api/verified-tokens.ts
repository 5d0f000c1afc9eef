import type { AccessClaims, AccessTokens } from '../platform/tokens'

/** How many tokens are remembered; the one that was verified first goes first. */
const REMEMBERED_AT_MOST = 20_000

interface Verified {
  readonly claims: AccessClaims
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/**
 * Remembers which tokens were found genuine, so that a token's signature is checked once and not with every request. A signature
 * does not change; whether the session lives is asked of the record each time, not here.
 */
export function rememberVerified(tokens: AccessTokens): AccessTokens {
  const known = new Map<string, Verified>()
  return {
    sign: (claims, now) => tokens.sign(claims, now),
    async verify(token, now) {
      const remembered = known.get(token)
      // An expired one is verified anew, and refused with its reason.
      if (remembered && remembered.expiresAt > now.getTime()) return remembered.claims
      known.delete(token)
      const claims = await tokens.verify(token, now)
      known.set(token, { claims, expiresAt: expiryOf(token) })
      for (const oldest of known.keys()) {
        if (known.size <= REMEMBERED_AT_MOST) break
        known.delete(oldest)
      }
      return claims
    },
  }
}

/** The expiry that a genuine token states. */
const expiryOf = (token: string): number => Number(payloadOf(token)['exp']) * 1_000

/** What a token says of itself: to be believed only when its signature was verified. Throws when it is no token. */
export function payloadOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>
}
