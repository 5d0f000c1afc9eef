import type { Role } from '../domain/actors'
import type { Database, Transaction } from './database'
import { runPrepared, type Prepared } from './prepared'

/** What every signed-in request asks of the record. */
export interface SignedInRow {
  readonly user_id: string
  readonly role: Role
  readonly active: boolean
  readonly revoked: boolean
  readonly expired: boolean
}

const SIGNED_IN: Prepared = {
  name: 'signed-in',
  text: `select u.id as user_id, u.role, u.status = 'active' as active, s.revoked_at is not null as revoked,
      s.expires_at <= clock_timestamp() as expired
    from sessions s join users u on u.id = s.user_id where s.id = $1`,
}

/** The session with its account as they are now; undefined when there is no such session. By primary key on both sides. */
export async function findSignedIn(db: Database, sessionId: string): Promise<SignedInRow | undefined> {
  const [row] = await runPrepared<SignedInRow>(db, SIGNED_IN, [sessionId])
  return row
}

export interface NewSession {
  readonly id: string
  readonly userId: string
  readonly refreshDigest: string
  readonly device: string
  readonly days: number
}

/** Opens a session and notes the log-in on the account. */
export async function insertSession(trx: Transaction, session: NewSession): Promise<void> {
  await trx.raw(
    `with signed_in as (update users set last_login_at = clock_timestamp() where id = :userId)
     insert into sessions (id, user_id, refresh_digest, device, expires_at)
     values (:id, :userId, :refreshDigest, :device, clock_timestamp() + make_interval(days => :days))`,
    { ...session },
  )
}

export interface SessionToRefresh {
  readonly id: string
  readonly user_id: string
  readonly role: Role
  readonly active: boolean
  readonly revoked: boolean
  readonly expired: boolean
}

/** Locks the session whose current refresh token this is; of two users of one token the second finds nothing. */
export async function lockByRefreshDigest(trx: Transaction, digest: string): Promise<SessionToRefresh | undefined> {
  const { rows } = await trx.raw<{ rows: SessionToRefresh[] }>(
    `select s.id, s.user_id, u.role, u.status = 'active' as active, s.revoked_at is not null as revoked,
       s.expires_at <= clock_timestamp() as expired
     from sessions s join users u on u.id = s.user_id where s.refresh_digest = ? for update of s`,
    [digest],
  )
  return rows[0]
}

/** How many spent tokens a session remembers; the use of an older one is refused all the same, it only ends no family. */
const SPENT_KEPT = 100

/** Spends the session's refresh token for the next one and lets the session live on from now. */
export async function rotateRefresh(
  trx: Transaction,
  { id, spent, next, days }: { id: string; spent: string; next: string; days: number },
): Promise<void> {
  await trx.raw(
    `update sessions set refresh_digest = :next,
       spent_digests = (array_append(spent_digests, :spent))[greatest(1, cardinality(spent_digests) + 2 - ${SPENT_KEPT}):],
       last_used_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(days => :days)
     where id = :id`,
    { id, spent, next, days },
  )
}

/** Ends the session that this spent refresh token belonged to; answers whether there is one. */
export async function revokeBySpentDigest(trx: Transaction, digest: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `update sessions set revoked_at = coalesce(revoked_at, clock_timestamp())
     where spent_digests @> array[?]::text[] returning id`,
    [digest],
  )
  return rows.length > 0
}

/** Ends one session of the account; answers whether there was a live one. */
export async function revokeSession(db: Database, { id, userId }: { id: string; userId: string }): Promise<boolean> {
  const count = await db('sessions')
    .where({ id, user_id: userId })
    .whereNull('revoked_at')
    .update({ revoked_at: db.raw('clock_timestamp()') })
  return count > 0
}

/** Ends the session of this refresh token, if it is the account's. */
export async function revokeByRefreshDigest(
  db: Database,
  { digest, userId }: { digest: string; userId: string },
): Promise<void> {
  await db('sessions')
    .where({ refresh_digest: digest, user_id: userId })
    .whereNull('revoked_at')
    .update({ revoked_at: db.raw('clock_timestamp()') })
}

/** Ends every session of the account. */
export async function revokeAllSessions(trx: Transaction, userId: string): Promise<void> {
  await trx('sessions')
    .where({ user_id: userId })
    .whereNull('revoked_at')
    .update({ revoked_at: trx.raw('clock_timestamp()') })
}

export interface SessionRow {
  readonly id: string
  readonly device: string | null
  readonly created_at: Date
  readonly last_used_at: Date
}

/** The account's live sessions, the last used first. */
export async function listSessions(db: Database, userId: string): Promise<SessionRow[]> {
  return db('sessions')
    .where({ user_id: userId })
    .whereNull('revoked_at')
    .where('expires_at', '>', db.raw('clock_timestamp()'))
    .orderBy('last_used_at', 'desc')
    .select<SessionRow[]>('id', 'device', 'created_at', 'last_used_at')
}
