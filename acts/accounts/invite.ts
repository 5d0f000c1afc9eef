import { deleteInvitation, insertInvitation } from '../../db/invitations.repository'
import { inTransaction } from '../../db/unit-of-work'
import type { Role } from '../../domain/actors'
import { Refusal } from '../../domain/refusals'
import { blindIndex } from '../../platform/envelope'
import { newId } from '../../platform/ids'
import { digestToken, newOpaqueToken } from '../../platform/tokens'
import { personOf, type By } from '../deps'
import type { AccountDeps } from './deps'

const INVITATION_DAYS = 7

/** An invitation as its maker gets it: the only time that the token is seen. */
export interface Invitation {
  readonly id: string
  readonly token: string
  readonly expires_at: Date
}

/** Lets whoever holds the token and the address register under that role, once, within seven days. */
export async function invite(
  { db, indexKey }: AccountDeps,
  { email, role }: { email: string; role: Role },
  by: By,
): Promise<Invitation> {
  const id = newId()
  const token = newOpaqueToken()
  const invitation = {
    id,
    role,
    emailIndex: blindIndex(indexKey, email),
    tokenDigest: digestToken(token),
    invitedBy: personOf(by),
    days: INVITATION_DAYS,
  }
  return { id, token, expires_at: await inTransaction(db, trx => insertInvitation(trx, invitation)) }
}

/** Takes an unused invitation back. Throws `INVITATION_NOT_FOUND`. */
export async function withdrawInvitation({ db }: AccountDeps, id: string): Promise<void> {
  if (!(await deleteInvitation(db, id))) throw new Refusal('INVITATION_NOT_FOUND')
}
