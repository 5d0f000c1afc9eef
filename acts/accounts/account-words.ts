import type { Role } from '../../domain/actors'
import { Refusal } from '../../domain/refusals'
import type { AccountIndex } from '../../db/accounts.repository'
import { blindIndex } from '../../platform/envelope'
import type { AccountDeps } from './deps'

/** The columns of a person that are sealed with the account's key. */
export interface PersonalColumns {
  readonly first_name?: string | null
  readonly last_name?: string | null
  readonly phone?: string | null
}

/** How an account calls itself at log-in. */
export type LoginName = { readonly email: string } | { readonly username: string }

/** The blind index that finds the account of this name. */
export function indexOf({ indexKey }: Pick<AccountDeps, 'indexKey'>, name: LoginName): AccountIndex {
  return 'email' in name
    ? { email_index: blindIndex(indexKey, name.email) }
    : { username_index: blindIndex(indexKey, name.username) }
}

/** Roles that nobody gives themselves. */
export const INVITED_ROLES: readonly Role[] = ['dispatcher', 'admin']

/** A 400 for one field of the body, for what only the record can tell. */
export const fieldRefusal = (field: string, code: string, message: string): Refusal =>
  new Refusal('VALIDATION_FAILED', { errors: [{ path: `body.${field}`, code, message }] })
