import { isStaff } from '../../acts/accounts/account-words'
import type { AccountDeps, SignInDeps } from '../../acts/accounts/deps'
import {
  findAccount,
  listAccounts,
  type Account,
  type AccountFilter,
  type AccountWindow,
} from '../../db/accounts.repository'
import { listDevices, type Device } from '../../db/devices.repository'
import { listInvitations, type InvitationRow } from '../../db/invitations.repository'
import { listPasskeys, type PasskeyRow } from '../../db/passkeys.repository'
import { listSessions, type SessionRow } from '../../db/sessions.repository'
import type { Role } from '../../domain/actors'
import { Refusal } from '../../domain/refusals'

/** The account of this id. Throws `USER_NOT_FOUND`. */
export async function readAccount({ db, vault }: AccountDeps, id: string): Promise<Account> {
  const account = await findAccount(db, vault, id)
  if (!account) throw new Refusal('USER_NOT_FOUND')
  return account
}

/** A page of accounts. */
export const readAccounts = (
  { db, vault }: AccountDeps,
  filter: AccountFilter,
  window: AccountWindow,
): Promise<{ count: number; results: Account[] }> => listAccounts(db, vault, filter, window)

/** The live sessions of somebody. */
export const readSessions = (
  { db, staffIdleMinutes }: SignInDeps,
  { id, role }: { id: string; role: Role },
): Promise<SessionRow[]> => listSessions(db, id, isStaff(role) ? { idleMinutes: staffIdleMinutes } : {})

/** The passkeys of an account. */
export const readPasskeys = ({ db }: AccountDeps, userId: string): Promise<PasskeyRow[]> => listPasskeys(db, userId)

/** The devices of an account. */
export const readDevices = ({ db, vault }: AccountDeps, userId: string): Promise<Device[]> =>
  listDevices(db, vault, userId)

/** A page of invitations. */
export const readInvitations = (
  { db }: AccountDeps,
  window: { limit: number; offset: number },
): Promise<{ count: number; results: InvitationRow[] }> => listInvitations(db, window)
