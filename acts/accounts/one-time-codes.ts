import { Secret, TOTP } from 'otpauth'

const PERIOD_SECONDS = 30
/** A code is taken one period early or late: clocks differ, and typing takes a while. */
const WINDOW = 1

/** A new secret of 160 random bits, base32. */
export const newTotpSecret = (): string => new Secret({ size: 20 }).base32

/**
 * The address that an authenticator app reads the secret from. It names the host and no person: whoever looks over the list of
 * such an app learns no more than that.
 */
export const otpauthUrl = (secret: string, publicUrl: string): string =>
  totp(secret, new URL(publicUrl).hostname).toString()

/** The period that this code is right in, near `now`; undefined for a wrong code. Who uses it must see that it is used once. */
export function stepOfCode(secret: string, code: string, now: Date): number | undefined {
  const timestamp = now.getTime()
  const delta = totp(secret).validate({ token: code, timestamp, window: WINDOW })
  return delta === null ? undefined : Math.floor(timestamp / 1000 / PERIOD_SECONDS) + delta
}

const totp = (secret: string, issuer = ''): TOTP =>
  new TOTP({ issuer, label: 'account', secret: Secret.fromBase32(secret), digits: 6, period: PERIOD_SECONDS })
