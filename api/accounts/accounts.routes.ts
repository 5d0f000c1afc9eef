import { z } from 'zod'
import { isStaff } from '../../acts/accounts/account-words'
import { forgetDevice } from '../../acts/accounts/devices'
import { editAccount, type AccountEdit } from '../../acts/accounts/edit-account'
import { endSession, logOut } from '../../acts/accounts/log-out'
import { logIn } from '../../acts/accounts/log-in'
import { refreshSession } from '../../acts/accounts/refresh-session'
import { registerFrom } from '../../acts/accounts/register-from'
import { ROLE_NAMES, type Role } from '../../domain/actors'
import { Refusal } from '../../domain/refusals'
import { idParams } from '../fields'
import { defineRoute, type Method, type Route } from '../route'
import { readAccount, readSessions } from './accounts.reads'
import {
  editMeBody,
  healthSchema,
  loginBody,
  logoutBody,
  refreshBody,
  refreshedSchema,
  registerBody,
  rolesSchema,
  sessionSchema,
  signedInSchema,
  userSchema,
} from './accounts.schemas'
import { sessionView, signedInView, tokensView, userView } from './accounts.views'
import { callerOf, loginNameOf } from './caller'

const tags = ['Accounts']

const register = defineRoute({
  method: 'post',
  path: '/api/auth/register/',
  permission: 'public',
  summary: 'Make an account and sign in',
  description:
    'Survivors are active at once and may use a made-up user name. Providers sign in at once and get no offers until an administrator has verified them. Dispatchers and administrators need an invitation to their address.',
  tags,
  body: registerBody,
  status: 201,
  response: signedInSchema,
  errors: [
    ...(['EMAIL_TAKEN', 'USERNAME_TAKEN', 'INVITATION_REQUIRED', 'INVITATION_SPENT'] as const),
    ...(['ACCOUNT_LOCKED', 'RATE_LIMITED'] as const),
  ],
  example: { body: { username: 'quiet-river', password: 'a long sentence of mine', role: 'survivor', language: 'sw' } },
  async handler({ body, request }, { accounts }) {
    const signedIn = await registerFrom(
      accounts,
      {
        role: body.role,
        email: body.email ?? null,
        username: body.username ?? null,
        password: body.password,
        provider_type: body.provider_type ?? null,
        first_name: body.first_name ?? null,
        last_name: body.last_name ?? null,
        phone: body.phone ?? null,
        language: body.language,
        is_anonymous: body.is_anonymous,
        invitation: body.invitation ?? null,
      },
      callerOf(request),
    )
    return signedInView(signedIn, 'The account is ready')
  },
})

const login = defineRoute({
  method: 'post',
  path: '/api/auth/login/',
  permission: 'public',
  summary: 'Sign in',
  description:
    'An unknown account, a wrong password or code and a deactivated account get the same answer after the same time. Five different failures within 15 minutes lock the account for the address they came from, thirty shut that address out.',
  tags,
  body: loginBody,
  response: signedInSchema,
  errors: ['CREDENTIALS_WRONG', 'OTP_REQUIRED', 'ACCOUNT_LOCKED', 'RATE_LIMITED'],
  example: { body: { email: 'amina@example.org', password: 'a long sentence of mine' } },
  async handler({ body, request }, { accounts }) {
    const credentials = { name: loginNameOf(body), password: body.password, otp: body.otp }
    return signedInView(await logIn(accounts, credentials, callerOf(request)), 'Signed in')
  },
})

const refreshAt = (path: string): Route =>
  defineRoute({
    method: 'post',
    path,
    permission: 'public',
    summary: 'Get the next pair of tokens',
    description:
      'The refresh token is spent by it. A token that comes a second time ends its session, for everybody who holds it.',
    tags,
    body: refreshBody,
    response: refreshedSchema,
    errors: ['SESSION_REVOKED', 'TOKEN_EXPIRED', 'TOKEN_INVALID'],
    async handler({ body }, { accounts }) {
      return tokensView(await refreshSession(accounts, body.refresh))
    },
  })

const logout = defineRoute({
  method: 'post',
  path: '/api/auth/logout/',
  permission: 'account:self',
  summary: 'Sign out',
  description:
    'The session ends at once, its access tokens with it. Nothing more is pushed to the device that is named.',
  tags,
  body: logoutBody,
  errors: [],
  async handler({ body, actor }, { accounts }) {
    const { refresh, registration_token } = body
    if (registration_token !== undefined) await forgetDevice(accounts, actor.id, registration_token)
    await logOut(accounts, { userId: actor.id, sessionId: actor.sid, refresh })
  },
})

const me = defineRoute({
  method: 'get',
  path: '/api/auth/me/',
  permission: 'account:self',
  summary: 'Your account',
  tags,
  response: userSchema,
  errors: ['USER_NOT_FOUND'],
  handler: async ({ actor }, { accounts }) => userView(await readAccount(accounts, actor.id)),
})

const editMeAt = (method: Method, path: string): Route =>
  defineRoute({
    method,
    path,
    permission: 'account:self',
    summary: 'Change your account',
    description: 'Fields that are not given stay as they are; null clears one.',
    tags,
    body: editMeBody,
    response: userSchema,
    errors: ['USER_NOT_FOUND', 'RULE_BROKEN'],
    ...(method === 'patch' && { idempotent: true }),
    async handler({ body, actor, by }, { accounts }) {
      if (body.is_anonymous && actor.role !== 'survivor')
        throw new Refusal('RULE_BROKEN', { detail: 'Only a survivor can be anonymous' })
      if (body.on_duty !== undefined && !isStaff(actor.role))
        throw new Refusal('RULE_BROKEN', { detail: 'Only dispatchers and administrators are on or off duty' })
      const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as AccountEdit
      return userView(await editAccount(accounts, actor.id, given, by))
    },
  })

const sessions = defineRoute({
  method: 'get',
  path: '/api/auth/sessions/',
  permission: 'account:self',
  summary: 'Where you are signed in',
  tags,
  response: z.array(sessionSchema),
  errors: [],
  async handler({ actor }, { accounts }) {
    return (await readSessions(accounts, actor)).map(row => sessionView(row, actor.sid))
  },
})

const endOneSession = defineRoute({
  method: 'delete',
  path: '/api/auth/sessions/:id/',
  permission: 'account:self',
  summary: 'Sign out elsewhere',
  tags,
  params: idParams,
  errors: ['SESSION_NOT_FOUND'],
  async handler({ params, actor }, { accounts }) {
    if (!(await endSession(accounts, { userId: actor.id, sessionId: params.id })))
      throw new Refusal('SESSION_NOT_FOUND')
  },
})

const health = defineRoute({
  method: 'get',
  path: '/api/auth/health/',
  permission: 'public',
  summary: 'Is the service there?',
  tags,
  response: healthSchema,
  errors: [],
  handler: async (_context, { accounts }) => ({
    status: 'ok' as const,
    timestamp: accounts.now().toISOString(),
    success: true as const,
    message: 'The service is running',
  }),
})

/** The roles that people choose at registration; the others come with an invitation. */
const CHOSEN_ROLES: readonly Role[] = ['survivor', 'provider']

const roles = defineRoute({
  method: 'get',
  path: '/api/auth/roles/',
  permission: 'public',
  summary: 'The roles to register under',
  tags,
  response: rolesSchema,
  errors: [],
  handler: async () => ({
    success: true as const,
    roles: CHOSEN_ROLES.map(value => ({ value, label: ROLE_NAMES[value] })),
  }),
})

/** Registration, sessions and one's own account. */
export const accountRoutes: readonly Route[] = [
  register,
  login,
  refreshAt('/api/auth/refresh/'),
  refreshAt('/api/auth/token/refresh/'),
  logout,
  me,
  editMeAt('patch', '/api/auth/me/'),
  editMeAt('put', '/api/auth/me/update/'),
  sessions,
  endOneSession,
  health,
  roles,
]
