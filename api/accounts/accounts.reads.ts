import type { AccountDeps } from '../../acts/accounts/deps'
import {
  findAccount,
  listAccounts,
  type Account,
  type AccountFilter,
  type AccountWindow,
} from '../../db/accounts.repository'
import { listInvitations, type InvitationRow } from '../../db/invitations.repository'
import { listSessions, type SessionRow } from '../../db/sessions.repository'
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

/** The live sessions of an account. */
export const readSessions = ({ db }: AccountDeps, userId: string): Promise<SessionRow[]> => listSessions(db, userId)

/** A page of invitations. */
export const readInvitations = (
  { db }: AccountDeps,
  window: { limit: number; offset: number },
): Promise<{ count: number; results: InvitationRow[] }> => listInvitations(db, window)
