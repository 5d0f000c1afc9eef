import type { Role } from './actors'
import { permits, type Permission } from './permissions'

/**
 * What an API key may be given. Whatever is not here needs a person who has signed in: one's own account and second factor, accounts of
 * others, invitations, keys, webhooks, the rules of the engine, and what cannot be taken back.
 */
export const DELEGABLE_PERMISSIONS = [
  'incident:create',
  'incident:list',
  'incident:read',
  'incident:edit',
  'incident:answer',
  'incident:work',
  'incident:hand_back',
  'incident:cancel',
  'incident:close',
  'incident:reopen',
  'incident:offers',
  'incident:stats',
  'message:use',
  'provider:self',
  'provider:list',
  'dispatch:read',
  'dispatch:act',
  'dispatch:analytics',
  'policy:read',
  'health:read',
  'notice:own',
] as const satisfies readonly Permission[]

export type Scope = (typeof DELEGABLE_PERMISSIONS)[number]

/** May an API key be given this permission at all? */
export const isDelegable = (permission: Permission): permission is Scope =>
  (DELEGABLE_PERMISSIONS as readonly Permission[]).includes(permission)

/** In whose name a key may act. Never in a survivor's: what is theirs is theirs alone. */
export const KEY_ROLES: readonly Role[] = ['provider', 'dispatcher', 'admin']

/** The scopes that this role has no use for, because it lacks the permission itself. */
export const scopesBeyond = (role: Role, scopes: readonly Scope[]): Scope[] =>
  scopes.filter(scope => !permits(role, scope))
