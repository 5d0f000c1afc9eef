import { z } from 'zod'
import { beginTotp, confirmTotp, removeTotp, type FactorHolder } from '../../acts/accounts/second-factor'
import { networkOf } from '../limits/limits'
import { defineRoute, type Route, type SignedIn } from '../route'
import { otpField } from './accounts.schemas'

const tags = ['Second factor']
const codeBody = z.strictObject({ otp: otpField })

/** Whoever changes their second factors, in the session that they do it in. */
export const holderOf = ({ id, sid, role }: SignedIn): FactorHolder => ({ userId: id, sessionId: sid, role })

const begin = defineRoute({
  method: 'post',
  path: '/api/auth/totp/',
  permission: 'account:second_factor',
  summary: 'Begin to set up one-time codes',
  description:
    'The secret is shown this once, for an authenticator app; a first code confirms it. Until then a new beginning replaces it.',
  tags,
  response: z.object({ secret: z.string(), otpauth_url: z.string() }).meta({ id: 'TotpSecret' }),
  errors: ['TOTP_ENROLLED', 'SECOND_FACTOR_REQUIRED', 'USER_NOT_FOUND'],
  async handler({ actor }, { accounts }) {
    const { secret, url } = await beginTotp(accounts, holderOf(actor))
    return { secret, otpauth_url: url }
  },
})

const confirm = defineRoute({
  method: 'post',
  path: '/api/auth/totp/confirm/',
  permission: 'account:second_factor',
  summary: 'Turn one-time codes on by the first of them',
  description: 'From now on a log-in by password needs one. This session counts as one that has shown it.',
  tags,
  body: codeBody,
  errors: ['TOTP_NOT_FOUND', 'SECOND_FACTOR_REQUIRED', 'ACCOUNT_LOCKED', 'RATE_LIMITED'],
  example: { body: { otp: '123456' } },
  async handler({ body, actor, request }, { accounts }) {
    await confirmTotp(accounts, holderOf(actor), { otp: body.otp, network: networkOf(request.ip) })
  },
})

const remove = defineRoute({
  method: 'delete',
  path: '/api/auth/totp/',
  permission: 'account:second_factor',
  summary: 'Turn one-time codes off',
  description: 'By a code that was not used yet.',
  tags,
  body: codeBody,
  errors: [
    ...(['TOTP_NOT_FOUND', 'ACCOUNT_LOCKED', 'RATE_LIMITED'] as const),
    ...(['BODY_MALFORMED', 'BODY_TOO_LARGE', 'MEDIA_TYPE_NOT_SUPPORTED'] as const),
  ],
  example: { body: { otp: '123456' } },
  async handler({ body, actor, request }, { accounts }) {
    await removeTotp(accounts, holderOf(actor), { otp: body.otp, network: networkOf(request.ip) })
  },
})

/** One-time codes for staff. */
export const totpRoutes: readonly Route[] = [begin, confirm, remove]
