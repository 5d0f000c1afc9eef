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
  /** Did whoever opened the session show a second factor, or enrol one since? */
  readonly second_factor: boolean
  /** Since the last request that did something. */
  readonly idle_seconds: number
}

const IDLE_SECONDS = 'extract(epoch from clock_timestamp() - s.last_active_at)::double precision as idle_seconds'

/** The columns of `SignedInRow`, of the session `s` and its user `u`. */
export const SIGNED_IN_COLUMNS = `u.id as user_id, u.role, u.status = 'active' as active,
      s.revoked_at is not null as revoked, s.expires_at <= clock_timestamp() as expired, s.second_factor, ${IDLE_SECONDS}`

const SIGNED_IN: Prepared = {
  name: 'signed-in',
  text: `select ${SIGNED_IN_COLUMNS} from sessions s join users u on u.id = s.user_id where s.id = $1`,
}
const SIGNED_IN_ALL: Prepared = {
  name: 'signed-in-all',
  text: `select s.id as session_id, ${SIGNED_IN_COLUMNS}
    from sessions s join users u on u.id = s.user_id where s.id = any($1::uuid[])`,
}

/** The session with its account as they are now; undefined when there is no such session. By primary key on both sides. */
export async function findSignedIn(db: Database, sessionId: string): Promise<SignedInRow | undefined> {
  const [row] = await runPrepared<SignedInRow>(db, SIGNED_IN, [sessionId])
  return row
}

/** Many sessions as they are now, by id. */
export async function findAllSignedIn(
  db: Database,
  sessionIds: readonly string[],
): Promise<ReadonlyMap<string, SignedInRow>> {
  const rows = await runPrepared<SignedInRow & { session_id: string }>(db, SIGNED_IN_ALL, [[...sessionIds]])
  return new Map(rows.map(row => [row.session_id, row]))
}

const TOUCH: Prepared = {
  name: 'touch-session',
  text: 'update sessions set last_active_at = clock_timestamp(), last_used_at = clock_timestamp() where id = $1',
}

/** Notes that something is being done in the session. */
export async function touchSession(db: Database, sessionId: string): Promise<void> {
  await runPrepared(db, TOUCH, [sessionId])
}

/** A second factor was shown or enrolled in this session. */
export async function markSecondFactor(trx: Transaction, sessionId: string): Promise<void> {
  await trx('sessions').where({ id: sessionId }).update({ second_factor: true })
}

export interface NewSession {
  readonly id: string
  readonly userId: string
  readonly refreshDigest: string
  readonly device: string
  readonly days: number
  readonly secondFactor: boolean
}

/** Opens a session and notes the log-in on the account. */
export async function insertSession(trx: Transaction, session: NewSession): Promise<void> {
  await trx.raw(
    `with signed_in as (update users set last_login_at = clock_timestamp() where id = :userId)
     insert into sessions (id, user_id, refresh_digest, device, expires_at, second_factor)
     values (:id, :userId, :refreshDigest, :device, clock_timestamp() + make_interval(days => :days), :secondFactor)`,
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
  readonly idle_seconds: number
}

/** Locks the session whose current refresh token this is; of two users of one token the second finds nothing. */
export async function lockByRefreshDigest(trx: Transaction, digest: string): Promise<SessionToRefresh | undefined> {
  const { rows } = await trx.raw<{ rows: SessionToRefresh[] }>(
    `select s.id, s.user_id, u.role, u.status = 'active' as active, s.revoked_at is not null as revoked,
       s.expires_at <= clock_timestamp() as expired, ${IDLE_SECONDS}
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
       last_used_at = clock_timestamp(), rotated_at = clock_timestamp(),
       expires_at = clock_timestamp() + make_interval(days => :days)
     where id = :id`,
    { id, spent, next, days },
  )
}

/** A live session whose last exchange spent this very token, within so many seconds. */
export interface JustRotated {
  readonly id: string
  readonly user_id: string
  readonly role: Role
  /** Of the token that it was exchanged for. */
  readonly refresh_digest: string
}

/** The session that exchanged this token as its last one, no longer ago than so many seconds; undefined for every other token. */
export async function findJustRotated(
  trx: Transaction,
  { spent, seconds }: { spent: string; seconds: number },
): Promise<JustRotated | undefined> {
  const { rows } = await trx.raw<{ rows: JustRotated[] }>(
    `select s.id, s.user_id, u.role, s.refresh_digest
     from sessions s join users u on u.id = s.user_id
     where s.spent_digests @> array[:spent]::text[] and s.spent_digests[cardinality(s.spent_digests)] = :spent
       and s.rotated_at > clock_timestamp() - make_interval(secs => :seconds)
       and s.revoked_at is null and s.expires_at > clock_timestamp() and u.status = 'active'`,
    { spent, seconds },
  )
  return rows[0]
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

/** Ends every session of the account, or every other than `except`. */
export async function revokeAllSessions(
  trx: Transaction,
  userId: string,
  { except }: { except?: string } = {},
): Promise<void> {
  const live = trx('sessions').where({ user_id: userId }).whereNull('revoked_at')
  if (except !== undefined) void live.whereNot({ id: except })
  await live.update({ revoked_at: trx.raw('clock_timestamp()') })
}

export interface SessionRow {
  readonly id: string
  readonly device: string | null
  readonly created_at: Date
  readonly last_used_at: Date
}

/** More than anybody has; the table keeps what was revoked out of the index. */
const LISTED_AT_MOST = 100

/** The account's live sessions, the last used first; with `idleMinutes` without those that ended because nothing was done in them. */
export async function listSessions(
  db: Database,
  userId: string,
  { idleMinutes }: { idleMinutes?: number } = {},
): Promise<SessionRow[]> {
  const live = db('sessions')
    .where({ user_id: userId })
    .whereNull('revoked_at')
    .where('expires_at', '>', db.raw('clock_timestamp()'))
  if (idleMinutes !== undefined)
    void live.where('last_active_at', '>', db.raw('clock_timestamp() - make_interval(mins => ?)', [idleMinutes]))
  return live
    .orderBy('last_used_at', 'desc')
    .limit(LISTED_AT_MOST)
    .select<SessionRow[]>('id', 'device', 'created_at', 'last_used_at')
}
