import { isStaff } from '../acts/accounts/account-words'
import type { SignInDeps } from '../acts/accounts/deps'
import { ROLES, type Role } from '../domain/actors'
import { permits, type Permission } from '../domain/permissions'
import { Refusal } from '../domain/refusals'

/** What somebody without a second factor needs to get one, to sign out and to see to their own account. */
const OPEN_WITHOUT: ReadonlySet<Permission> = new Set(['account:self', 'account:second_factor'])

/** Can this permission be refused for want of a second factor? */
export const asksForSecondFactor = (permission: Permission): boolean =>
  !OPEN_WITHOUT.has(permission) && ROLES.some(role => isStaff(role) && permits(role, permission))

/**
 * Where a second factor is required, staff whose session has shown none do nothing but see to their own account (S15). What states
 * no permission is no declared route, and is refused. Throws `SECOND_FACTOR_REQUIRED`.
 */
export function requireSecondFactor(
  { secondFactorRequired }: Pick<SignInDeps, 'secondFactorRequired'>,
  { role, second_factor }: { readonly role: Role; readonly second_factor: boolean },
  permission: Permission | undefined,
): void {
  if (!secondFactorRequired || second_factor || !isStaff(role)) return
  if (permission === undefined || !OPEN_WITHOUT.has(permission)) throw new Refusal('SECOND_FACTOR_REQUIRED')
}
