import { z } from 'zod'
import { changePassword } from '../../acts/accounts/change-password'
import { askForReset, resetPassword } from '../../acts/accounts/reset-password'
import { networkOf } from '../limits/limits'
import { defineRoute, type Route } from '../route'
import { askForResetBody, newPasswordField, triedPasswordField } from './accounts.schemas'
import { loginNameOf } from './caller'

const tags = ['Accounts']

const change = defineRoute({
  method: 'post',
  path: '/api/auth/password/change/',
  permission: 'account:self',
  summary: 'Choose another password',
  description: 'Every other session of the account ends.',
  tags,
  body: z.strictObject({ current_password: triedPasswordField, new_password: newPasswordField }),
  errors: ['ACCOUNT_LOCKED', 'RATE_LIMITED', 'USER_NOT_FOUND'],
  async handler({ body, actor, request }, { accounts }) {
    const passwords = { current: body.current_password, next: body.new_password, network: networkOf(request.ip) }
    await changePassword(accounts, { userId: actor.id, sessionId: actor.sid }, passwords)
  },
})

const ask = defineRoute({
  method: 'post',
  path: '/api/auth/password/reset/',
  permission: 'public',
  summary: 'Ask for a link to choose a new password',
  description:
    'The answer is the same, and takes as long, whether or not there is such an account. If there is one with an address, a link is sent to it that works once, within 30 minutes; at most one in two minutes.',
  tags,
  body: askForResetBody,
  status: 202,
  response: z.object({ success: z.literal(true), message: z.string() }),
  errors: ['RATE_LIMITED'],
  example: { body: { email: 'amina@example.org' } },
  async handler({ body, request }, { accounts }) {
    await askForReset(accounts, loginNameOf(body), networkOf(request.ip))
    return { success: true as const, message: 'If there is such an account, a link is on its way' }
  },
})

const confirm = defineRoute({
  method: 'post',
  path: '/api/auth/password/reset/confirm/',
  permission: 'public',
  summary: 'Choose a new password by the link',
  description: 'Every session of the account ends; a second factor stays as it is.',
  tags,
  body: z.strictObject({ token: z.string().min(1).max(200), new_password: newPasswordField }),
  errors: ['RESET_SPENT'],
  async handler({ body, request }, { accounts }) {
    const { token, new_password: password } = body
    await resetPassword(accounts, { token, password, network: networkOf(request.ip) })
  },
})

/** Passwords, chosen anew. */
export const passwordRoutes: readonly Route[] = [change, ask, confirm]
