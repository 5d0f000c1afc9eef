import { editStanding } from '../../acts/accounts/edit-standing'
import { invite, withdrawInvitation } from '../../acts/accounts/invite'
import { resetSecondFactor } from '../../acts/accounts/reset-second-factor'
import { verifyProvider } from '../../acts/accounts/verify-provider'
import { idParams } from '../fields'
import { listOf, pageOf, windowOf } from '../lists'
import { defineRoute, type Route } from '../route'
import { readAccount, readAccounts, readInvitations } from './accounts.reads'
import {
  editUserBody,
  invitationSchema,
  invitationsQuery,
  inviteBody,
  newInvitationSchema,
  userSchema,
  usersQuery,
  verifyBody,
} from './accounts.schemas'
import { invitationView, userView } from './accounts.views'

const tags = ['Administration']

const users = defineRoute({
  method: 'get',
  path: '/api/auth/users/',
  permission: 'user:list',
  summary: 'All accounts',
  tags,
  query: usersQuery,
  response: listOf(userSchema),
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, request }, { accounts }) {
    const { role, verification, is_active, ordering } = query
    const status = is_active === undefined ? undefined : is_active ? 'active' : 'disabled'
    const { count, results } = await readAccounts(
      accounts,
      { role, verification, status },
      { ...windowOf(query), ...ordering },
    )
    return pageOf({ count, results: results.map(userView) }, query, request)
  },
})

const verify = defineRoute({
  method: 'post',
  path: '/api/auth/users/:id/verify/',
  permission: 'provider:verify',
  summary: 'Verify or refuse a provider',
  description: 'A verified provider is told, and gets offers from now on.',
  tags,
  params: idParams,
  body: verifyBody,
  response: userSchema,
  errors: ['USER_NOT_FOUND', 'RULE_BROKEN'],
  idempotent: true,
  example: { body: { decision: 'verified' } },
  async handler({ params, body, by }, { accounts, acts: { configuredChannels } }) {
    return userView(await verifyProvider({ ...accounts, configuredChannels }, { userId: params.id, ...body }, by))
  },
  replay: async (_context, userId, { accounts }) => userView(await readAccount(accounts, userId)),
})

const editUser = defineRoute({
  method: 'patch',
  path: '/api/auth/users/:id/',
  permission: 'user:edit',
  summary: "Change somebody's role, or whether the account is active",
  description: 'Ends every session of that account at once. Nobody changes their own account here.',
  tags,
  params: idParams,
  body: editUserBody,
  response: userSchema,
  errors: ['USER_NOT_FOUND', 'RULE_BROKEN'],
  idempotent: true,
  example: { body: { is_active: false } },
  async handler({ params, body, by }, { accounts }) {
    const { role, provider_type, is_active } = body
    const status = is_active === undefined ? undefined : is_active ? 'active' : 'disabled'
    return userView(await editStanding(accounts, { userId: params.id, edit: { role, provider_type, status } }, by))
  },
  replay: async (_context, userId, { accounts }) => userView(await readAccount(accounts, userId)),
})

const resetFactor = defineRoute({
  method: 'delete',
  path: '/api/auth/users/:id/second-factor/',
  permission: 'user:edit',
  summary: 'Take the second factors from somebody who has lost theirs',
  description:
    'One-time codes and passkeys go, and every session of that account ends; they sign in with the password and enrol anew. Be sure that it is they who ask. Nobody does it for themselves.',
  tags,
  params: idParams,
  errors: ['USER_NOT_FOUND', 'RULE_BROKEN', 'SECOND_FACTOR_REQUIRED'],
  async handler({ params, actor }, { accounts }) {
    await resetSecondFactor(accounts, params.id, { userId: actor.id, sessionId: actor.sid, role: actor.role })
  },
})

const inviteSomebody = defineRoute({
  method: 'post',
  path: '/api/auth/invitations/',
  permission: 'invitation:manage',
  summary: 'Invite a dispatcher or an administrator',
  description: 'The token is shown this once. It works once, for seven days, and for this address only.',
  tags,
  body: inviteBody,
  status: 201,
  response: newInvitationSchema,
  errors: [],
  idempotent: true,
  example: { body: { email: 'wanjiru@example.org', role: 'dispatcher' } },
  async handler({ body, by }, { accounts }) {
    const { id, token, expires_at } = await invite(accounts, body, by)
    return { id, token, expires_at: expires_at.toISOString() }
  },
})

const invitations = defineRoute({
  method: 'get',
  path: '/api/auth/invitations/',
  permission: 'invitation:manage',
  summary: 'All invitations',
  tags,
  query: invitationsQuery,
  response: listOf(invitationSchema),
  errors: ['PAGE_NOT_FOUND'],
  async handler({ query, request }, { accounts }) {
    const { count, results } = await readInvitations(accounts, windowOf(query))
    return pageOf({ count, results: results.map(invitationView) }, query, request)
  },
})

const uninvite = defineRoute({
  method: 'delete',
  path: '/api/auth/invitations/:id/',
  permission: 'invitation:manage',
  summary: 'Take an invitation back',
  tags,
  params: idParams,
  errors: ['INVITATION_NOT_FOUND'],
  async handler({ params }, { accounts }) {
    await withdrawInvitation(accounts, params.id)
  },
})

/** What administrators do with accounts. */
export const administrationRoutes: readonly Route[] = [
  users,
  verify,
  editUser,
  resetFactor,
  inviteSomebody,
  invitations,
  uninvite,
]
