import { FAILING_DAYS, OLD_SECRET_HOURS, type WebhookDisabledReason, type WebhookStatus } from '../domain/webhooks'
import type { DataKey } from '../platform/envelope'
import type { Database, Transaction } from './database'
import { openText, type Vault } from './vault'

const TABLE = 'webhooks'

/** A webhook as its administrators see it, opened; its secrets are not part of it. */
export interface Webhook {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly event_types: readonly string[]
  readonly case_types: readonly string[]
  readonly status: WebhookStatus
  readonly disabled_reason: WebhookDisabledReason | null
  readonly failing_since: Date | null
  readonly version: number
  readonly created_by: string | null
  readonly created_at: Date
  readonly updated_at: Date
}

type WebhookRow = Webhook & { readonly wrapped: string }

const COLUMNS = [
  ...['id', 'url', 'description', 'event_types', 'case_types', 'status', 'disabled_reason', 'failing_since', 'version'],
  ...['created_by', 'created_at', 'updated_at', 'wrapped'],
]

function openWebhook(vault: Vault, { wrapped, ...row }: WebhookRow): Webhook {
  const key = vault.keyOf(row.id, wrapped)
  return {
    ...row,
    url: openText(key, TABLE, row.id, 'url', row.url) ?? '',
    description: openText(key, TABLE, row.id, 'description', row.description),
  }
}

export interface NewWebhook {
  readonly id: string
  readonly wrapped: string
  /** `url`, `secret` and `description`, sealed. */
  readonly sealed: Readonly<Record<string, string | null>>
  readonly eventTypes: readonly string[]
  readonly caseTypes: readonly string[]
  readonly createdBy: string | null
}

export async function insertWebhook(trx: Transaction, webhook: NewWebhook): Promise<void> {
  const { id, wrapped, sealed, eventTypes, caseTypes, createdBy } = webhook
  await trx(TABLE).insert({
    id,
    wrapped,
    ...sealed,
    event_types: [...eventTypes],
    case_types: [...caseTypes],
    created_by: createdBy,
  })
}

export async function findWebhook(db: Database | Transaction, vault: Vault, id: string): Promise<Webhook | undefined> {
  const row = await db(TABLE).where({ id }).first<WebhookRow | undefined>(COLUMNS)
  return row && openWebhook(vault, row)
}

/** A page of the webhooks, the newest first, and how many there are. */
export async function listWebhooks(
  db: Database,
  vault: Vault,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ count: number; results: Webhook[] }> {
  const [[counted], rows] = await Promise.all([
    db(TABLE).count<{ count: number }[]>('* as count'),
    db(TABLE)
      .orderBy([
        { column: 'created_at', order: 'desc' },
        { column: 'id', order: 'desc' },
      ])
      .limit(limit)
      .offset(offset)
      .select<WebhookRow[]>(COLUMNS),
  ])
  return { count: counted?.count ?? 0, results: rows.map(row => openWebhook(vault, row)) }
}

export interface LockedWebhook {
  readonly status: WebhookStatus
  readonly version: number
  readonly key: DataKey
  /** The secret that signs, opened. */
  readonly secret: string
}

/**
 * Locks a webhook, always before its deliveries. Not its key: acts on incidents go on writing deliveries that refer to it. Undefined
 * when there is none.
 */
export async function lockWebhook(trx: Transaction, vault: Vault, id: string): Promise<LockedWebhook | undefined> {
  const row = await trx(TABLE)
    .where({ id })
    .forNoKeyUpdate()
    .first<{ status: WebhookStatus; version: number; wrapped: string; secret: string } | undefined>(
      'status',
      'version',
      'wrapped',
      'secret',
    )
  if (!row) return undefined
  const key = vault.keyOf(id, row.wrapped)
  return { status: row.status, version: row.version, key, secret: openText(key, TABLE, id, 'secret', row.secret) ?? '' }
}

/** What an edit writes; sealed columns are sealed already. */
export async function updateWebhook(
  trx: Transaction,
  id: string,
  columns: Readonly<Record<string, unknown>>,
): Promise<void> {
  await trx(TABLE)
    .where({ id })
    .update({ ...columns, version: trx.raw('version + 1'), updated_at: trx.raw('clock_timestamp()') })
}

/** Puts a new secret in the place of the old one, which signs too for some hours; answers until when. */
export async function replaceSecret(
  trx: Transaction,
  id: string,
  sealed: { readonly secret: string | null; readonly old_secret: string | null },
): Promise<Date> {
  const until = trx.raw('clock_timestamp() + make_interval(hours => ?)', [OLD_SECRET_HOURS])
  const [row] = await trx(TABLE)
    .where({ id })
    .update({ ...sealed, old_secret_until: until, updated_at: trx.raw('clock_timestamp()') })
    .returning<{ old_secret_until: Date }[]>('old_secret_until')
  if (!row) throw new Error('the webhook was not locked')
  return row.old_secret_until
}

/** Deletes a webhook with its deliveries; answers whether there was one. */
export async function deleteWebhook(db: Database, id: string): Promise<boolean> {
  return (await db(TABLE).where({ id }).delete()) > 0
}

/** Something was delivered: the webhook is not failing. */
export async function noteSuccess(trx: Transaction, id: string): Promise<void> {
  await trx(TABLE).where({ id }).whereNotNull('failing_since').update({ failing_since: null })
}

/** Something could not be delivered; answers whether nothing could be for three days. */
export async function noteFailure(trx: Transaction, id: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: { too_long: boolean }[] }>(
    `update webhooks set failing_since = coalesce(failing_since, clock_timestamp())
     where id = :id returning failing_since <= clock_timestamp() - make_interval(days => ${FAILING_DAYS}) as too_long`,
    { id },
  )
  return rows[0]?.too_long ?? false
}

/** Has nothing more sent to it; answers false when it is disabled already, or gone. */
export async function disableWebhook(
  trx: Transaction,
  id: string,
  reason: Exclude<WebhookDisabledReason, 'by_admin'>,
): Promise<boolean> {
  const count = await trx(TABLE)
    .where({ id, status: 'active' })
    .update({ status: 'disabled', disabled_reason: reason, updated_at: trx.raw('clock_timestamp()') })
  return count > 0
}
