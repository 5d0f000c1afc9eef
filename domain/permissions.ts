import type { Role } from './actors'

/**
 * Who may call what: permission x role. Guard, tests and `docs/permissions.md` read this one table. It opens the door to a
 * route; which incidents somebody sees behind it is the object-level rule of `incident-access.ts`.
 */
export const PERMISSIONS = {
  'account:self': ['survivor', 'provider', 'dispatcher', 'admin'],
  'account:second_factor': ['dispatcher', 'admin'],
  'user:list': ['admin'],
  'user:edit': ['admin'],
  'provider:verify': ['admin'],
  'invitation:manage': ['admin'],
  'incident:create': ['survivor', 'provider', 'dispatcher', 'admin'],
  'incident:list': ['survivor', 'provider', 'dispatcher', 'admin'],
  'incident:read': ['survivor', 'provider', 'dispatcher', 'admin'],
  'incident:edit': ['survivor', 'provider', 'dispatcher', 'admin'],
  'incident:delete': ['survivor', 'dispatcher', 'admin'],
  'incident:answer': ['provider'],
  'incident:work': ['survivor', 'provider', 'dispatcher', 'admin'],
  'incident:hand_back': ['provider'],
  'incident:cancel': ['survivor', 'dispatcher', 'admin'],
  'incident:close': ['survivor', 'dispatcher', 'admin'],
  'incident:reopen': ['survivor', 'dispatcher', 'admin'],
  'incident:offers': ['dispatcher', 'admin'],
  'incident:stats': ['survivor', 'provider', 'dispatcher', 'admin'],
  'incident:restore': ['admin'],
  'incident:exclude': ['survivor', 'dispatcher', 'admin'],
  'incident:access_log': ['survivor', 'admin'],
  'message:use': ['survivor', 'provider', 'dispatcher', 'admin'],
  'provider:self': ['provider'],
  'provider:list': ['dispatcher', 'admin'],
  'dispatch:read': ['dispatcher', 'admin'],
  'dispatch:act': ['dispatcher', 'admin'],
  'dispatch:analytics': ['dispatcher', 'admin'],
  'policy:read': ['dispatcher', 'admin'],
  'policy:edit': ['admin'],
  'health:read': ['dispatcher', 'admin'],
  'notice:own': ['survivor', 'provider', 'dispatcher', 'admin'],
  'webhook:manage': ['admin'],
  'api_key:manage': ['admin'],
  'codec:decode': ['admin'],
} as const satisfies Record<string, readonly Role[]>

export type Permission = keyof typeof PERMISSIONS

/** May somebody of this role use what this permission guards? */
export const permits = (role: Role, permission: Permission): boolean =>
  (PERMISSIONS[permission] as readonly Role[]).includes(role)
