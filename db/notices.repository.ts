import { orderOf, priorityOf, STATES_BY_RANK, type AttemptOver, TRY_MS } from '../domain/notice-plan'
import { NOTICES, type NoticeCode } from '../domain/notices'
import type { Channel } from '../domain/policy'
import { newId } from '../platform/ids'
import type { Database, Transaction } from './database'
import { ATTEMPT_COLUMNS, recentSends, URGENT_CODES, type AttemptRow } from './notice-facts.repository'
import { runPrepared, type Prepared } from './prepared'

/** For how long a notice that a relay took is no other relay's: longer than a batch of calls to Temporal takes. */
const LEASE = "interval '10 seconds'"
/** A workflow that was told has this long to look; after a burst it has others to look at first. */
const TOLD = "interval '2 minutes'"
/** Who finds a notice of this age waiting sees that its workflow does not do its work. */
const LATE = "interval '5 minutes'"

const CODES = Object.keys(NOTICES) as NoticeCode[]
const LOW_CODES = CODES.filter(code => priorityOf(code) === 'low')
export const LADDER_CODES = CODES.filter(code => orderOf(code) === 'ladder')

/** What is known of a message, as a number: it only ever grows. */
export const rankOf = (state: string): string =>
  `array_position('{${STATES_BY_RANK.join(',')}}'::text[], ${state}::text)`

/** A notice that waits for somebody to look at it, taken by a relay. */
export interface LeasedNotice {
  readonly id: string
  readonly code: NoticeCode
  /** Until when it is taken, as text: JavaScript's dates would round it. */
  readonly until: string
  /** Has it waited so long that its workflow is not to be relied upon? */
  readonly is_late: boolean
}

const LEASE_DUE: Prepared = {
  name: 'lease-notices',
  text: `update notices n set send_after = lease.until
    from (select clock_timestamp() + ${LEASE} as until) lease
    where n.id in (select id from notices where send_after <= statement_timestamp()
      order by (code = any($2::text[])) desc, send_after limit $1 for update skip locked)
    returning n.id, n.code, n.send_after::text as until, (n.created_at < clock_timestamp() - ${LATE}) as is_late`,
}

/** Takes notices that are due to be looked at, for 10 s: urgent ones and the longest due first. */
export const leaseNotices = (db: Database, limit: number): Promise<LeasedNotice[]> =>
  runPrepared(db, LEASE_DUE, [limit, URGENT_CODES])

/** Their workflows were told of these; nobody else looks at them for 2 min, unless somebody has already. */
export async function markNoticesTold(db: Database, leased: readonly LeasedNotice[]): Promise<void> {
  await moveLeases(db, leased, TOLD)
}

/** Gives leased notices back: they are due again after a second. For when Temporal turned out not to answer. */
export async function returnNotices(db: Database, leased: readonly LeasedNotice[]): Promise<void> {
  await moveLeases(db, leased, "interval '1 second'")
}

async function moveLeases(db: Database, leased: readonly LeasedNotice[], by: string): Promise<void> {
  if (leased.length === 0) return
  await db.raw(
    `update notices n set send_after = clock_timestamp() + ${by}
     from unnest(:ids::uuid[], :untils::timestamptz[]) as l (id, until) where n.id = l.id and n.send_after = l.until`,
    { ids: leased.map(({ id }) => id), untils: leased.map(({ until }) => until) },
  )
}

/**
 * Whoever settles notices, listed in `settled` by their ids, stops what still waits to be tried: nobody looks at them again. A try that
 * is under way may succeed all the same, and then says so.
 */
export const stopQueued = (settled: string): string => `
  update notice_attempts a set state = 'withdrawn', at = clock_timestamp(), leased_until = null
  from ${settled} s where a.notice_id = s.id and a.state = 'queued'`

/** Of a notice that may still leave: nothing has settled it. */
const LIVE = `n.withdrawn_at is null and n.read_at is null and n.send_after is not null`

export interface Beginning {
  readonly noticeId: string
  readonly channels: readonly Channel[]
  /** Milliseconds. */
  readonly at: number
}

const begin = (condition: string): string => `
  with live as (select n.id from notices n where n.id = $1 and ${LIVE}${condition} for update)
  insert into notice_attempts as a (id, notice_id, channel, state, tries, at, leased_until)
  select t.id, live.id, t.channel, 'queued', 1, $4, $5
  from live, unnest($2::uuid[], $3::text[]) as t (id, channel)
  on conflict (notice_id, channel) do update set tries = a.tries + 1, leased_until = excluded.leased_until
    where a.state = 'queued' and (a.leased_until is null or a.leased_until <= $4)
  returning ${ATTEMPT_COLUMNS}`

const BEGIN: Prepared = { name: 'begin-attempts', text: begin('') }
const BEGIN_CALMLY: Prepared = {
  name: 'begin-attempts-calmly',
  text: begin(` and (select count(*) from (${recentSends('n.recipient_id', '$6::text[]')}) r) < $7`),
}

const valuesOf = ({ noticeId, channels, at }: Beginning): unknown[] => [
  noticeId,
  channels.map(newId),
  [...channels],
  new Date(at),
  new Date(at + TRY_MS),
]

/**
 * The last moment before a notice leaves: under its row lock, which every withdrawal needs too, it is seen whether it still may (I4),
 * and the attempts are written, taken for 40 s. Send by those that it answers, and by no others: somebody else is trying, or the
 * matter is settled.
 */
export const beginAttempts = (db: Database, beginning: Beginning): Promise<AttemptRow[]> =>
  runPrepared(db, BEGIN, valuesOf(beginning))

/**
 * The same for a notice that may wait: only while fewer than `calm` have left for its recipient within ten minutes, counted under a
 * lock, so that of many at once not more leave. With `gatheredAt` the other low ones that waited for this moment are settled with it.
 */
export async function beginCalmly(
  trx: Transaction,
  beginning: Beginning & { readonly recipientId: string; readonly calm: number; readonly gatheredAt?: number },
): Promise<AttemptRow[]> {
  const { recipientId, calm, gatheredAt, noticeId } = beginning
  await trx.raw("select pg_advisory_xact_lock(hashtextextended('notices of ' || ?, 0))", [recipientId])
  const begun = await runPrepared<AttemptRow>(trx, BEGIN_CALMLY, [...valuesOf(beginning), URGENT_CODES, calm])
  if (begun.length > 0 && gatheredAt !== undefined)
    await trx.raw(
      `update notices n set send_after = null
       where n.recipient_id = :recipientId and n.id <> :noticeId and n.code = any(:codes) and ${LIVE}
         and n.created_at < :before and not exists (select from notice_attempts a where a.notice_id = n.id)`,
      { recipientId, noticeId, codes: LOW_CODES, before: new Date(gatheredAt) },
    )
  return begun
}

/** A message as its vendor took it. */
export interface HandOver {
  readonly vendor: string
  readonly vendorId: string
}

const LOCK_HAND_OVERS: Prepared = {
  name: 'lock-hand-overs',
  text: `select pg_advisory_xact_lock(k.key) from (select hashtextextended(vendor || ' ' || vendor_id, 0) as key
    from unnest($1::text[], $2::text[]) as h (vendor, vendor_id) order by 1) k`,
}

/**
 * Keeps whoever writes a hand-over and whoever writes its receipt apart until the commit: otherwise neither would see the other's, and
 * the receipt would be lost.
 */
export async function lockHandOvers(trx: Transaction, handOvers: readonly HandOver[]): Promise<void> {
  await runPrepared(trx, LOCK_HAND_OVERS, columnsOf(handOvers))
}

const columnsOf = (handOvers: readonly HandOver[]): [string[], string[]] => [
  handOvers.map(({ vendor }) => vendor),
  handOvers.map(({ vendorId }) => vendorId),
]

const NOTE_HANDED_OVER: Prepared = {
  name: 'note-handed-over',
  text: `with handed as (
      insert into notice_hand_overs (vendor, vendor_id, attempt_id, at)
      select h.vendor, h.vendor_id, $3, $4 from unnest($1::text[], $2::text[]) as h (vendor, vendor_id) on conflict do nothing),
    told as (
      select r.state, r.code, r.received_at from notice_receipts r
      join unnest($1::text[], $2::text[]) as h (vendor, vendor_id) using (vendor, vendor_id)
      order by ${rankOf('r.state')} desc limit 1)
    update notice_attempts a set vendor = ($1::text[])[1], vendor_id = ($2::text[])[1], handed_over_at = $4, leased_until = null,
      at = $4, told_at = coalesce((select received_at from told), a.told_at), failure = (select code from told),
      state = (array['${STATES_BY_RANK.join("','")}'])[greatest(${rankOf('a.state')}, ${rankOf("'handed_over'")},
        (select ${rankOf('state')} from told))]
    where a.id = $3 returning ${ATTEMPT_COLUMNS}`,
}

/** Notes that vendors took the message, once for each device; receipts that came before count at once. Answers the attempt. */
export async function noteHandedOver(
  trx: Transaction,
  { attemptId, handOvers, at }: { attemptId: string; handOvers: readonly HandOver[]; at: number },
): Promise<AttemptRow | undefined> {
  await lockHandOvers(trx, handOvers)
  const [attempt] = await runPrepared<AttemptRow>(trx, NOTE_HANDED_OVER, [
    ...columnsOf(handOvers),
    attemptId,
    new Date(at),
  ])
  return attempt
}

const NOTE_FAILED: Prepared = {
  name: 'note-try-failed',
  text: `update notice_attempts a set failure = $2, leased_until = $4,
      state = case when $4::timestamptz is null then 'failed' else a.state end,
      at = case when $4::timestamptz is null then $3 else a.at end
    where a.id = $1 and a.state = 'queued' returning ${ATTEMPT_COLUMNS}`,
}

/** Notes that a vendor did not take the message, by its code; with `againAt` the attempt stays `queued`, and is tried again then. */
export async function noteTryFailed(
  db: Database,
  failed: { attemptId: string; failure: string; at: number; againAt: number | null },
): Promise<AttemptRow | undefined> {
  const { attemptId, failure, at, againAt } = failed
  const values = [attemptId, failure, new Date(at), againAt === null ? null : new Date(againAt)]
  return (await runPrepared<AttemptRow>(db, NOTE_FAILED, values))[0]
}

const NOTE_OVER: Prepared = {
  name: 'note-attempts-over',
  text: `insert into notice_attempts as a (id, notice_id, channel, state, failure, at)
    select o.id, $1, o.channel, o.state, o.failure, $6
    from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as o (id, channel, state, failure)
    on conflict (notice_id, channel) do update set state = excluded.state, at = excluded.at, leased_until = null,
      -- A try of which nothing was heard: its process died in it, and the vendor may have taken the message.
      failure = coalesce(excluded.failure, a.failure, case when a.state = 'queued' and excluded.state = 'failed' then 'TRY_CUT' end)
      where a.state in ('queued', 'handed_over')
    returning ${ATTEMPT_COLUMNS}`,
}

/** Notes what became of attempts by nothing having happened; what a receipt has said in the meantime stays. */
export async function noteAttemptsOver(
  db: Database,
  { noticeId, over, at }: { noticeId: string; over: readonly AttemptOver[]; at: number },
): Promise<AttemptRow[]> {
  return runPrepared<AttemptRow>(db, NOTE_OVER, [
    noticeId,
    over.map(newId),
    over.map(({ channel }) => channel),
    over.map(({ state }) => state),
    over.map(({ failure }) => failure ?? null),
    new Date(at),
  ])
}

const KEEP_LOOK: Prepared = {
  name: 'keep-next-look',
  text: `update notices n set send_after = $2
    where n.id = $1 and ($2::timestamptz is null or ${LIVE})
      and (n.send_after > clock_timestamp() or n.send_after = $3::timestamptz)
    returning n.id`,
}

/**
 * Notes when the notice is to be looked at if nobody has by then; null when nothing is left. Answers false, and notes nothing, when
 * there is news since it was `seen`: it was settled, or a receipt made it due.
 */
export async function keepNextLook(
  db: Database,
  { noticeId, look, seen }: { noticeId: string; look: number | null; seen: string },
): Promise<boolean> {
  const values = [noticeId, look === null ? null : new Date(look), seen]
  return (await runPrepared(db, KEEP_LOOK, values)).length > 0
}
