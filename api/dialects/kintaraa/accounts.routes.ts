import { editAccount } from '../../../acts/accounts/edit-account'
import { logIn } from '../../../acts/accounts/log-in'
import { logOut } from '../../../acts/accounts/log-out'
import { refreshForgivingly } from '../../../acts/accounts/refresh-session'
import { registerFrom } from '../../../acts/accounts/register-from'
import { setBiometric } from '../../../acts/accounts/set-biometric'
import { ROLE_NAMES } from '../../../domain/actors'
import { readAccount } from '../../accounts/accounts.reads'
import { callerOf } from '../../accounts/caller'
import type { Route } from '../../route'
import {
  biometricSchema,
  editMeBody,
  healthSchema,
  loginBody,
  logoutBody,
  meSchema,
  refreshBody,
  refreshedSchema,
  registerBody,
  rolesSchema,
  signedInSchema,
} from './accounts.schemas'
import { appUser, refreshedView, signedInView } from './accounts.views'
import { defineFor } from './define'
import { arrive, leave } from './presence'
import { serviceOf } from './words'

const tags = ['Accounts']
const LOCKED = ['ACCOUNT_LOCKED', 'RATE_LIMITED'] as const

const register = defineFor({
  method: 'post',
  path: '/api/auth/register/',
  permission: 'public',
  summary: 'Make an account and sign in',
  description:
    'Providers see no request before an administrator has verified them. Dispatchers and administrators come by invitation, which the app does not know: 403.',
  tags,
  body: registerBody,
  status: 201,
  response: signedInSchema,
  errors: ['EMAIL_TAKEN', 'USERNAME_TAKEN', 'INVITATION_REQUIRED', 'INVITATION_SPENT', ...LOCKED],
  async handler({ body, request }, { accounts }) {
    const { role, email, password } = body
    // The app calls an anonymous person "Anonymous User".
    const isAnonymous = role === 'survivor' && body.is_anonymous === true
    const registration = {
      ...{ role, email, password, username: null, phone: null, invitation: null, language: 'en' as const },
      first_name: isAnonymous ? null : (body.first_name ?? null),
      last_name: isAnonymous ? null : (body.last_name ?? null),
      provider_type: role === 'provider' ? (serviceOf(body.provider_type ?? '') ?? null) : null,
      is_anonymous: isAnonymous,
    }
    return signedInView(await registerFrom(accounts, registration, callerOf(request)), 'Your account is ready.')
  },
})

const login = defineFor({
  method: 'post',
  path: '/api/auth/login/',
  permission: 'public',
  summary: 'Sign in',
  description:
    'A wrong password is 400: the app takes every 401 for a token that ran out. A provider who signs in can be asked.',
  tags,
  body: loginBody,
  response: signedInSchema,
  errors: ['CREDENTIALS_WRONG', 'OTP_REQUIRED', ...LOCKED],
  async handler({ body: { email, password }, request }, deps) {
    const name = email.includes('@') ? { email } : { username: email }
    const credentials = { name, password, codeBehindPassword: true as const }
    const signedIn = await logIn(deps.accounts, credentials, callerOf(request))
    await arrive(deps, signedIn.account)
    return signedInView(signedIn, 'You are signed in.')
  },
})

const refreshAt = (path: string): Route =>
  defineFor({
    method: 'post',
    path,
    permission: 'public',
    summary: 'Get the next pair of tokens',
    description:
      'For 30 s after it was spent, a session’s last refresh token gets the pair that it was exchanged for: the app sends it several times at once. Later it ends the session.',
    tags,
    body: refreshBody,
    response: refreshedSchema,
    errors: ['SESSION_REVOKED', 'TOKEN_EXPIRED', 'TOKEN_INVALID'],
    handler: async ({ body }, { accounts }) => refreshedView(await refreshForgivingly(accounts, body.refresh)),
  })

const logout = defineFor({
  method: 'post',
  path: '/api/auth/logout/',
  permission: 'account:self',
  summary: 'Sign out',
  description: 'A provider who is signed in nowhere any more is not asked.',
  tags,
  body: logoutBody,
  errors: ['PROVIDER_NOT_FOUND'],
  async handler({ body, actor }, deps) {
    const { id: userId, sid: sessionId } = actor
    await logOut(deps.accounts, { userId, sessionId, refresh: body.refresh ?? undefined })
    await leave(deps, actor)
  },
})

const me = defineFor({
  method: 'get',
  path: '/api/auth/me/',
  permission: 'account:self',
  summary: 'Your account',
  description: 'Asked at each start; the app signs out when it fails.',
  tags,
  response: meSchema,
  errors: ['USER_NOT_FOUND'],
  handler: async ({ actor }, { accounts }) => ({
    success: true as const,
    user: appUser(await readAccount(accounts, actor.id)),
  }),
})

const editMe = defineFor({
  method: 'put',
  path: '/api/auth/me/update/',
  permission: 'account:self',
  summary: 'Change your name',
  tags,
  body: editMeBody,
  response: meSchema,
  errors: ['USER_NOT_FOUND'],
  async handler({ body: { first_name, last_name }, actor, by }, { accounts }) {
    const edit = { ...(first_name !== undefined && { first_name }), ...(last_name !== undefined && { last_name }) }
    return { success: true as const, user: appUser(await editAccount(accounts, actor.id, edit, by)) }
  },
})

const biometric = (word: 'enable' | 'disable'): Route => {
  const enabled = word === 'enable'
  const done = { success: true as const, biometric_enabled: enabled }
  return defineFor({
    method: 'post',
    path: `/api/auth/biometric/${word}/`,
    permission: 'account:self',
    summary: enabled ? 'Note that the app asks for finger or face' : 'Note that it no longer does',
    tags,
    response: biometricSchema,
    errors: [],
    idempotent: true,
    async handler({ by }, { accounts }) {
      await setBiometric(accounts, { enabled }, by)
      return done
    },
    replay: async () => done,
  })
}

const health = defineFor({
  method: 'get',
  path: '/api/auth/health/',
  permission: 'public',
  summary: 'Is the service there?',
  tags,
  response: healthSchema,
  errors: [],
  handler: async (_context, { accounts }) => ({
    success: true as const,
    message: 'The service is running.',
    status: 'ok' as const,
    timestamp: accounts.now().toISOString(),
  }),
})

const roles = defineFor({
  method: 'get',
  path: '/api/auth/roles/',
  permission: 'public',
  summary: 'The roles to register under',
  tags,
  response: rolesSchema,
  errors: [],
  handler: async () => ({
    success: true as const,
    roles: (['survivor', 'provider'] as const).map(value => ({ value, label: ROLE_NAMES[value] })),
  }),
})

/** Registration, sessions and one's own account, as the app calls them. */
export const accountRoutes: readonly Route[] = [
  register,
  login,
  refreshAt('/api/auth/refresh/'),
  refreshAt('/api/auth/token/refresh/'),
  logout,
  me,
  editMe,
  biometric('enable'),
  biometric('disable'),
  health,
  roles,
]
