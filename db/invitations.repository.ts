import type { Role } from '../domain/actors'
import type { Database, Transaction } from './database'

export interface NewInvitation {
  readonly id: string
  readonly role: Role
  readonly emailIndex: string
  readonly tokenDigest: string
  readonly invitedBy: string | null
  readonly days: number
}

/** Writes an invitation and answers when it ends. */
export async function insertInvitation(trx: Transaction, invitation: NewInvitation): Promise<Date> {
  const { rows } = await trx.raw<{ rows: [{ expires_at: Date }] }>(
    `insert into invitations (id, role, email_index, token_digest, invited_by, expires_at)
     values (:id, :role, :emailIndex, :tokenDigest, :invitedBy, clock_timestamp() + make_interval(days => :days))
     returning expires_at`,
    { ...invitation },
  )
  return rows[0].expires_at
}

/** Uses an invitation up; answers false when it is unknown, used, over, or for another address or role. */
export async function spendInvitation(
  trx: Transaction,
  { tokenDigest, emailIndex, role }: { tokenDigest: string; emailIndex: string; role: Role },
): Promise<boolean> {
  const count = await trx('invitations')
    .where({ token_digest: tokenDigest, email_index: emailIndex, role })
    .whereNull('used_at')
    .where('expires_at', '>', trx.raw('clock_timestamp()'))
    .update({ used_at: trx.raw('clock_timestamp()') })
  return count > 0
}

/** Deletes an invitation that was not used; answers whether there was one. */
export async function deleteInvitation(db: Database, id: string): Promise<boolean> {
  return (await db('invitations').where({ id }).whereNull('used_at').delete()) > 0
}

export interface InvitationRow {
  readonly id: string
  readonly role: Role
  readonly invited_by: string | null
  readonly created_at: Date
  readonly expires_at: Date
  readonly used_at: Date | null
}

/** A page of invitations, the newest first, and how many there are. */
export async function listInvitations(
  db: Database,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ count: number; results: InvitationRow[] }> {
  const counted = await db('invitations').count<{ count: number }[]>('* as count')
  const results = await db('invitations')
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(limit)
    .offset(offset)
    .select<InvitationRow[]>('id', 'role', 'invited_by', 'created_at', 'expires_at', 'used_at')
  return { count: counted[0]?.count ?? 0, results }
}
