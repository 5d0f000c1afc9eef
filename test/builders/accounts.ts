import { setTimeout } from 'node:timers/promises'
import { Secret, TOTP } from 'otpauth'
import type { Role } from '../../domain/actors'
import { hashPassword } from '../../platform/password'
import type { Reply, Someone, TestApi } from '../harness/api'

const PERIOD_MS = 30_000

export const PASSWORD = 'thirteen green parrots'

/** Somebody of that role who can sign in by `PASSWORD`. */
export async function someoneWithPassword(api: TestApi, role: Role): Promise<Someone> {
  const someone = await api.someone(role)
  await api.database
    .db('users')
    .where({ id: someone.id })
    .update({ password_hash: await hashPassword(PASSWORD) })
  return someone
}

/** Tries to sign in from that address; the API must believe the proxy that says so. */
export function logInFrom(api: Pick<TestApi, 'call'>, address: string, body: object): Promise<Reply> {
  return api.call('POST', '/api/auth/login/', {
    body: { password: PASSWORD, ...body },
    headers: { 'x-forwarded-for': address },
  })
}

/** The code that an authenticator app shows, so many periods of 30 s from now. */
export function codeOf(secret: string, periods = 0): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + periods * PERIOD_MS })
}

const LONGEST_CALL_MS = 8_000

/**
 * The code of the period before, which leaves those of this and of the next period unused. The server takes it only until this period
 * ends, so near its end the next one is waited for.
 */
export async function codeBefore(secret: string): Promise<string> {
  const left = PERIOD_MS - (Date.now() % PERIOD_MS)
  if (left < LONGEST_CALL_MS) await setTimeout(left)
  return codeOf(secret, -1)
}

/** Sets one-time codes up for the session of this token and answers the secret; the code of the period before is used by it. */
export async function enrolTotp(api: TestApi, token: string): Promise<string> {
  const { secret } = (await api.call('POST', '/api/auth/totp/', { token })).body
  const { status } = await api.call('POST', '/api/auth/totp/confirm/', {
    token,
    body: { otp: await codeBefore(secret) },
  })
  if (status !== 204) throw new Error(`one-time codes could not be confirmed: ${status}`)
  return secret
}
