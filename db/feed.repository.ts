import type { FeedType } from '../domain/feed'
import { FEED_CHANNELS, type ChannelKind, type FeedChannel } from '../domain/feed-channels'
import type { Database } from './database'
import { runPrepared, type Prepared } from './prepared'

/** One thing that sockets are told: ids and codes. */
export interface FeedRow {
  readonly id: number
  readonly type: FeedType
  readonly incident_id: string | null
  readonly conversation_id: string | null
  readonly user_id: string | null
  readonly ref: string | null
  readonly actor_id: string | null
  readonly event: string | null
  readonly status: string | null
  readonly rev: number | null
  /** ISO 8601. */
  readonly at: string
}

/** A look at the feed. */
export interface FeedPage {
  /** The oldest row that is kept, from which on none is missing; null when there is none. */
  readonly oldest: number | null
  /** Every row below it is final: nothing will ever appear there. */
  readonly horizon: number
  /** Above every row that this database can have written so far. */
  readonly ceiling: number
  /** Are there rows at or above the horizon, which an older transaction holds back? */
  readonly is_held: boolean
  /** Would there be by the quick horizon? */
  readonly is_held_quickly: boolean
  readonly rows: readonly FeedRow[]
  /** How far it has been read: beyond the last row when there is nothing more below the horizon. */
  readonly upTo: number
  /** May there be more rows below the horizon? */
  readonly isFull: boolean
}

/**
 * A row that tells nothing and makes an empty feed speak: one that has rows has lost none since the oldest, one that has none was
 * lost as a whole, for an unlogged table is empty after a crash.
 */
const BEGUN = 'feed.begun'

const rowsOf = (from: string): string =>
  `coalesce((select json_agg(r order by r.id) from (${from}) as r where r.type <> '${BEGUN}'), '[]')`

const CEILING = '(pg_snapshot_xmax(pg_current_snapshot())::text::bigint << 12)'

/**
 * Two ways to tell what is final. `quick`: below the oldest transaction that writes anywhere on the server. `exact`: those that are
 * known to run in another database are left out, for they cannot write here; it costs a look at all locks, so it is for when a long one
 * holds rows back. One that ended in between is not known, and holds for one more look.
 */
export type Horizon = 'quick' | 'exact'

const HORIZONS: Readonly<Record<Horizon, string>> = {
  quick: 'feed_horizon()',
  exact: `(
    select least(min(running.xid) << 12, ${CEILING})
    from (select x::text::bigint as xid from pg_snapshot_xip(pg_current_snapshot()) as x) as running
    where not exists (
      select 1 from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted
        and l.transactionid::text::bigint = running.xid & 4294967295
        and a.datid <> (select d.oid from pg_database d where d.datname = current_database())))`,
}

const readBy = (horizon: Horizon): Prepared => ({
  name: `read-feed-${horizon}`,
  text: `with final as materialized (select ${HORIZONS[horizon]} as horizon),
    page as materialized (
      select * from feed where id > $1 and id < (select horizon from final) order by id limit $2)
    -- The newest row is a look at the end of the index; asking whether one at or above the horizon exists reads the table.
    select horizon, ${CEILING} as ceiling, (select min(id) from feed) as oldest,
      coalesce((select max(id) from feed) >= horizon, false) as is_held,
      coalesce((select max(id) from feed) >= feed_horizon(), false) as is_held_quickly,
      (select count(*) from page) = $2 as is_full, (select max(id) from page) as last, ${rowsOf('select * from page')} as rows
    from final`,
})
const READS: Readonly<Record<Horizon, Prepared>> = { quick: readBy('quick'), exact: readBy('exact') }

interface Read extends Omit<FeedPage, 'upTo' | 'isFull'> {
  readonly is_full: boolean
  readonly last: number | null
}

/** The next final rows after `after`, at most `limit`, in their order. */
export async function readFeed(
  db: Database,
  after: number,
  limit: number,
  horizon: Horizon = 'quick',
): Promise<FeedPage> {
  const [read] = await runPrepared<Read>(db, READS[horizon], [after, limit])
  if (!read) throw new Error('a look at the feed answered nothing')
  const { is_full, last, ...page } = read
  const isFull = is_full && last !== null
  return { ...page, isFull, upTo: isFull ? last : page.horizon - 1 }
}

/** More rows than this are not gone through for one reader who comes back: reading by HTTP is cheaper. */
export const MISSED_AT_MOST = 20_000

const replayOf = (kind: ChannelKind): Prepared => {
  const { types, subject } = FEED_CHANNELS[kind]
  const mine = subject === null ? '' : `and m.${subject} = $3::uuid`
  const listed = types.map(type => `'${type}'`).join(', ')
  return {
    name: `replay-feed-${kind}`,
    text: `with missed as materialized (
        select * from feed where id > $1 and id <= $2 order by id limit ${MISSED_AT_MOST + 1})
      select (select min(id) from feed) as oldest, (select count(*) from missed) as missed,
        ${rowsOf(`select * from missed m where m.type in (${listed}) ${mine}`)} as rows`,
  }
}

const REPLAYS: Readonly<Record<ChannelKind, Prepared>> = {
  case: replayOf('case'),
  dispatch: replayOf('dispatch'),
  me: replayOf('me'),
  conversation: replayOf('conversation'),
}

interface Replay {
  readonly oldest: number | null
  readonly missed: number
  readonly rows: readonly FeedRow[]
}

/**
 * What a channel was told after `after` up to `upTo`, in its order; undefined when that can no longer be said: rows in between are no
 * longer kept, or there are more than `MISSED_AT_MOST`.
 */
export async function readMissed(
  db: Database,
  channel: FeedChannel,
  { after, upTo }: { readonly after: number; readonly upTo: number },
): Promise<readonly FeedRow[] | undefined> {
  const values = [after, upTo, ...(channel.subject === null ? [] : [channel.subject])]
  const [replay] = await runPrepared<Replay>(db, REPLAYS[channel.kind], values)
  if (!replay || replay.oldest === null || replay.oldest > after || replay.missed > MISSED_AT_MOST) return undefined
  return replay.rows
}

/**
 * Makes a feed fit to be read: rows from a database whose transactions were counted otherwise are removed (they would come in between
 * those of today), and an empty one gets its first row.
 */
export async function beginFeed(db: Database): Promise<void> {
  await db.raw(`delete from feed where id >= ${CEILING}`)
  await db.raw(`insert into feed (id, type) select feed_id(0), '${BEGUN}' where not exists (select 1 from feed)`)
}

/** For how long sockets may come back and be told what they missed. */
const KEPT = "interval '1 hour'"
/** Any number that nothing else locks by: of several replicas one trims. */
const TRIM_LOCK = 4_217_002

// Only ever from the beginning, up to the first row that is young enough: transactions end in another order than they began, and a
// hole would be a silence. The last of the old ones stays: it says from where on nothing is missing.
const TRIM = `
  with mine as materialized (select pg_try_advisory_xact_lock(${TRIM_LOCK}) as held),
  first as materialized (
    select id, at from feed where (select held from mine) order by id limit ?),
  old as (
    select id from first
    where id < coalesce((select min(id) from first where at >= clock_timestamp() - ${KEPT}), 9223372036854775807))
  delete from feed where id in (select id from old) and id < (select max(id) from old)`

/** Removes rows that are older than an hour, at most `limit`; answers how many. */
export async function trimFeed(db: Database, limit: number): Promise<number> {
  const { rowCount } = await db.raw<{ rowCount: number }>(TRIM, [limit])
  return rowCount
}
