import type { NoticeCode } from '../domain/notices'
import type { AccountIndex } from './accounts.repository'
import type { Database, Transaction } from './database'

const LINK: NoticeCode = 'account.password_reset'
/** A link is not asked for again so soon: nobody can fill somebody else's mailbox. */
const NOT_AGAIN_WITHIN = "interval '2 minutes'"

/**
 * Has a link for a new password sent to the active account of this name, if there is one with an address: as a notice, whose
 * sending draws the token. One statement, so that an account and none take the same way.
 */
export async function insertResetNotice(
  trx: Transaction,
  { id, index }: { id: string; index: AccountIndex },
): Promise<void> {
  const [column, value] = Object.entries(index)[0] as ['email_index' | 'username_index', string]
  await trx.raw(
    `insert into notices (id, recipient_id, code, channels, created_at, send_after)
     select :id::uuid, u.id, :code, '{email}', clock_timestamp(), clock_timestamp()
     from users u where u.:column: = :value and u.status = 'active' and u.email is not null
       and not exists (select from notices n where n.recipient_id = u.id and n.code = :code
         and n.created_at > clock_timestamp() - ${NOT_AGAIN_WITHIN})`,
    { id, code: LINK, column, value },
  )
}

export interface NewReset {
  readonly id: string
  readonly userId: string
  readonly tokenDigest: string
  readonly minutes: number
}

/** Writes down a link that is about to be sent; what the account had of older ones that are over goes. */
export async function insertReset(trx: Transaction, reset: NewReset): Promise<void> {
  await trx.raw('delete from password_resets where user_id = ? and expires_at <= clock_timestamp()', [reset.userId])
  await trx.raw(
    `insert into password_resets (id, user_id, token_digest, expires_at)
     values (:id, :userId, :tokenDigest, clock_timestamp() + make_interval(mins => :minutes))`,
    { ...reset },
  )
}

/** Does this token set a password at the moment? */
export async function isResetLive(db: Database, tokenDigest: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `select 1 from password_resets r join users u on u.id = r.user_id
     where r.token_digest = ? and r.used_at is null and r.expires_at > clock_timestamp() and u.status = 'active'`,
    [tokenDigest],
  )
  return rows.length > 0
}

/** Uses the token up and answers whose it is; undefined when it is unknown, used or over, or the account is not active. */
export async function spendReset(trx: Transaction, tokenDigest: string): Promise<string | undefined> {
  const { rows } = await trx.raw<{ rows: { user_id: string }[] }>(
    `update password_resets r set used_at = clock_timestamp() from users u
     where u.id = r.user_id and u.status = 'active'
       and r.token_digest = ? and r.used_at is null and r.expires_at > clock_timestamp()
     returning r.user_id`,
    [tokenDigest],
  )
  return rows[0]?.user_id
}

/** The account's other links set no password any more. */
export async function endResets(trx: Transaction, userId: string): Promise<void> {
  await trx('password_resets')
    .where({ user_id: userId })
    .whereNull('used_at')
    .update({ used_at: trx.raw('clock_timestamp()') })
}
