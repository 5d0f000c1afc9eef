import type { Role } from './actors'
import type { LadderAudience } from './policy'

/** Whom a step of the dispatch ladder wakes: the roles, and whether only those on duty. */
export const LADDER_ROLES: Readonly<
  Record<LadderAudience, { readonly roles: readonly Role[]; readonly onDutyOnly: boolean }>
> = {
  dispatchers_on_duty: { roles: ['dispatcher'], onDutyOnly: true },
  all_dispatchers_and_admins: { roles: ['dispatcher', 'admin'], onDutyOnly: false },
}
