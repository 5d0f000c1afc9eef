import type { AttemptResult, DeliveryState, WebhookEvent, WebhookStatus } from '../domain/webhooks'
import type { Database, Transaction } from './database'
import { openText, type Vault } from './vault'

/** For how long deliveries that a relay took are nobody else's: more than its batch takes. */
const LEASE = "interval '10 seconds'"
/** So much later than its workflow should have looked at a delivery the relay wakes it, or makes the run that is missing. */
const RUN_IS_MISSING = "interval '5 minutes'"

/** Takes deliveries whose workflow should look at them, for 10 s; rows that another relay is taking are passed over. */
export async function leaseDeliveries(db: Database, limit: number): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `update webhook_deliveries set send_after = clock_timestamp() + ${LEASE}
     where id in (select id from webhook_deliveries where send_after <= statement_timestamp()
       order by send_after limit ? for update skip locked)
     returning id`,
    [limit],
  )
  return rows.map(row => row.id)
}

/** The workflows of these deliveries have been told, and look at them when it is time. */
export async function markDeliveriesTold(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await db.raw(
    `update webhook_deliveries set send_after = greatest(next_at, clock_timestamp()) + ${RUN_IS_MISSING}
     where id = any(:ids::uuid[]) and state = 'queued'`,
    { ids: [...ids] },
  )
}

/** A delivery as its sending needs it, with the webhook opened. */
export interface DeliveryToSend {
  readonly id: string
  readonly webhookId: string
  readonly webhookStatus: WebhookStatus
  readonly state: DeliveryState
  /** Attempts that were made. */
  readonly attempts: number
  /** Milliseconds until it is time. */
  readonly waitMs: number
  readonly createdAt: Date
  readonly url: string
  /** The newest first; the one before it signs too for some hours. */
  readonly secrets: readonly string[]
  /** Null for a test. */
  readonly event: WebhookEvent | null
}

interface ToSendRow extends WebhookEvent {
  readonly delivery_id: string
  readonly webhook_id: string
  readonly webhook_status: WebhookStatus
  readonly state: DeliveryState
  readonly attempts: number
  readonly wait_ms: number
  readonly created_at: Date
  readonly wrapped: string
  readonly url: string
  readonly secret: string
  readonly old_secret: string | null
}

/** Undefined when it is gone, with its webhook or its event. Throws `SealBroken`. */
export async function findDeliveryToSend(db: Database, vault: Vault, id: string): Promise<DeliveryToSend | undefined> {
  const { rows } = await db.raw<{ rows: ToSendRow[] }>(
    `select d.id as delivery_id, d.webhook_id, w.status as webhook_status, d.state, d.attempts, d.created_at,
       greatest(0, coalesce(extract(epoch from d.next_at - clock_timestamp()) * 1000, 0))::double precision as wait_ms,
       w.wrapped, w.url, w.secret, case when w.old_secret_until > clock_timestamp() then w.old_secret end as old_secret,
       e.id, e.type, e.at, e.incident_id, e.rev, e.from_status, e.to_status, e.actor_role, e.data,
       i.code, i.case_type, i.urgency
     from webhook_deliveries d
     join webhooks w on w.id = d.webhook_id
     left join events e on e.id = d.event_id
     left join incidents i on i.id = e.incident_id
     where d.id = ?`,
    [id],
  )
  const [row] = rows
  if (!row) return undefined
  const key = vault.keyOf(row.webhook_id, row.wrapped)
  const open = (column: 'url' | 'secret' | 'old_secret') =>
    openText(key, 'webhooks', row.webhook_id, column, row[column])
  return {
    id: row.delivery_id,
    webhookId: row.webhook_id,
    webhookStatus: row.webhook_status,
    state: row.state,
    attempts: row.attempts,
    waitMs: Math.ceil(row.wait_ms),
    createdAt: row.created_at,
    url: open('url') ?? '',
    secrets: [open('secret'), open('old_secret')].filter(secret => secret !== null),
    event: eventOf(row),
  }
}

/** A test has no event: the join left its columns empty. */
const eventOf = (row: ToSendRow): WebhookEvent | null => ((row.id as string | null) === null ? null : row)

/** A delivery's `attempt`-th attempt and what became of it. */
export interface Attempted {
  readonly deliveryId: string
  readonly attempt: number
  readonly result: AttemptResult
}

/** It has arrived, whatever was thought of it meanwhile. */
export async function markDelivered(trx: Transaction, { deliveryId, attempt, result }: Attempted): Promise<void> {
  await trx('webhook_deliveries')
    .where({ id: deliveryId })
    .whereNot({ state: 'delivered' })
    .update({
      ...ENDED,
      state: 'delivered',
      attempts: attempt,
      last_status: result.status,
      last_failure: null,
      delivered_at: trx.raw('clock_timestamp()'),
    })
}

const ENDED = { next_at: null, send_after: null } as const

/**
 * It has not arrived: tried again in so many seconds, or never when that is null. Answers false when this attempt was recorded
 * before, or what became of the delivery is decided.
 */
export async function markFailed(
  trx: Transaction,
  { deliveryId, attempt, result }: Attempted,
  againInSeconds: number | null,
): Promise<boolean> {
  const seconds = againInSeconds ?? 0
  const schedule =
    againInSeconds === null
      ? ENDED
      : {
          next_at: trx.raw('clock_timestamp() + make_interval(secs => ?)', [seconds]),
          send_after: trx.raw(`clock_timestamp() + make_interval(secs => ?) + ${RUN_IS_MISSING}`, [seconds]),
        }
  const count = await trx('webhook_deliveries')
    .where({ id: deliveryId, state: 'queued', attempts: attempt - 1 })
    .update({
      ...schedule,
      state: againInSeconds === null ? 'failed' : 'queued',
      attempts: attempt,
      last_status: result.status,
      last_failure: result.failure,
    })
  return count > 0
}

/** Everything that still waits to be sent to this webhook is not sent. */
export async function cancelQueued(trx: Transaction, webhookId: string): Promise<void> {
  await trx('webhook_deliveries')
    .where({ webhook_id: webhookId, state: 'queued' })
    .update({ ...ENDED, state: 'cancelled' })
}

/** A delivery that waits for a webhook which is disabled is not sent. */
export async function cancelIfDisabled(db: Database, id: string): Promise<void> {
  await db.raw(
    `update webhook_deliveries d set state = 'cancelled', next_at = null, send_after = null
     from webhooks w where d.id = ? and w.id = d.webhook_id and w.status = 'disabled' and d.state = 'queued'`,
    [id],
  )
}

/** A delivery without an event: a test. It is due at once. */
export async function insertTestDelivery(
  trx: Transaction,
  { id, webhookId }: { readonly id: string; readonly webhookId: string },
): Promise<void> {
  await trx('webhook_deliveries').insert({ id, webhook_id: webhookId })
}

const DUE_AT_ONCE = `state = 'queued', attempts = 0, delivered_at = null, next_at = clock_timestamp(),
  send_after = clock_timestamp()`

/** Sends one delivery again, whatever became of it; answers whether the webhook has it. */
export async function requeueDelivery(
  trx: Transaction,
  { id, webhookId }: { readonly id: string; readonly webhookId: string },
): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `update webhook_deliveries set ${DUE_AT_ONCE} where id = :id and webhook_id = :webhookId returning id`,
    { id, webhookId },
  )
  return rows.length > 0
}

/**
 * Sends again what failed or was cancelled since then, the oldest first, at most `limit` of it; answers how many that were, and how
 * many are left.
 */
export async function requeueSince(
  trx: Transaction,
  { webhookId, since, limit }: { readonly webhookId: string; readonly since: Date; readonly limit: number },
): Promise<{ replayed: number; left: number }> {
  const { rows } = await trx.raw<{ rows: [{ replayed: number; left: number }] }>(
    `with lost as (
       select id, created_at from webhook_deliveries
       where webhook_id = :webhookId and state in ('failed','cancelled') and created_at >= :since),
     replayed as (
       update webhook_deliveries set ${DUE_AT_ONCE}
       where id in (select id from lost order by created_at, id limit :limit) returning id)
     select (select count(*) from replayed) as replayed,
       (select count(*) from lost) - (select count(*) from replayed) as left`,
    { webhookId, since, limit },
  )
  return rows[0]
}

/** A delivery as its administrators see it. */
export interface DeliveryRow {
  readonly id: string
  readonly event_id: string | null
  readonly type: string | null
  readonly incident_id: string | null
  readonly state: DeliveryState
  readonly attempts: number
  readonly last_status: number | null
  readonly last_failure: string | null
  readonly next_at: Date | null
  readonly created_at: Date
  readonly delivered_at: Date | null
}

const deliveries = (db: Database) => db('webhook_deliveries as d').leftJoin('events as e', 'e.id', 'd.event_id')
const ROW = [
  ...['d.id', 'd.event_id', 'e.type', 'e.incident_id', 'd.state', 'd.attempts', 'd.last_status', 'd.last_failure'],
  ...['d.next_at', 'd.created_at', 'd.delivered_at'],
]

export async function findDelivery(
  db: Database,
  { id, webhookId }: { readonly id: string; readonly webhookId: string },
): Promise<DeliveryRow | undefined> {
  return deliveries(db).where({ 'd.id': id, 'd.webhook_id': webhookId }).first<DeliveryRow | undefined>(ROW)
}

/** A page of a webhook's deliveries, the newest first, and how many there are. */
export async function listDeliveries(
  db: Database,
  { webhookId, state }: { readonly webhookId: string; readonly state: DeliveryState | undefined },
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ count: number; results: DeliveryRow[] }> {
  const meant = { 'd.webhook_id': webhookId, ...(state && { 'd.state': state }) }
  const [[counted], results] = await Promise.all([
    db('webhook_deliveries as d').where(meant).count<{ count: number }[]>('* as count'),
    deliveries(db)
      .where(meant)
      .orderBy([
        { column: 'd.created_at', order: 'desc' },
        { column: 'd.id', order: 'desc' },
      ])
      .limit(limit)
      .offset(offset)
      .select<DeliveryRow[]>(ROW),
  ])
  return { count: counted?.count ?? 0, results }
}
