import { createHmac } from 'node:crypto'
import type { Role } from '../../domain/actors'
import { permits } from '../../domain/permissions'
import { Refusal } from '../../domain/refusals'
import type { AccountIndex } from '../../db/accounts.repository'
import { blindIndex } from '../../platform/envelope'
import type { NamedKey } from '../../platform/keyring'
import type { AccountDeps } from './deps'

/** The columns of a person that are sealed with the account's key. */
export interface PersonalColumns {
  readonly first_name?: string | null
  readonly last_name?: string | null
  readonly phone?: string | null
}

/** How an account calls itself at log-in. */
export type LoginName = { readonly email: string } | { readonly username: string }

/** From where somebody signs in. */
export interface Caller {
  /** What counts as one sender: an address, or the network within which a host chooses its address freely. */
  readonly network: string
  /** A coarse word for the browser or app, by which people know their sessions. */
  readonly device: string
}

/** The session somebody acts in. */
export interface OwnSession {
  readonly userId: string
  readonly sessionId: string
}

/** The blind index that finds the account of this name. */
export function indexOf({ indexKey }: Pick<AccountDeps, 'indexKey'>, name: LoginName): AccountIndex {
  return 'email' in name
    ? { email_index: blindIndex(indexKey, name.email) }
    : { username_index: blindIndex(indexKey, name.username) }
}

/** A keyed digest of texts that must not be stored, to the letter: unlike a blind index it tells upper from lower case. */
export const keyedDigest = ({ secret }: NamedKey, ...parts: readonly string[]): string =>
  createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64url')

/** Staff are those who have a second factor: their sessions end when idle, and production wants the factor shown (S15). */
export const isStaff = (role: Role): boolean => permits(role, 'account:second_factor')

/** Roles that nobody gives themselves. */
export const INVITED_ROLES: readonly Role[] = ['dispatcher', 'admin']

/** A 400 for one field of the body, for what only the record can tell. */
export const fieldRefusal = (field: string, code: string, message: string): Refusal =>
  new Refusal('VALIDATION_FAILED', { errors: [{ path: `body.${field}`, code, message }] })
