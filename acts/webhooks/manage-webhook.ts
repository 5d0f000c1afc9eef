import { randomBytes } from 'node:crypto'
import { markEffect } from '../../db/idempotency.repository'
import { inTransaction } from '../../db/unit-of-work'
import { sealColumns } from '../../db/vault'
import { cancelQueued } from '../../db/webhook-deliveries.repository'
import {
  deleteWebhook,
  insertWebhook,
  lockWebhook,
  replaceSecret,
  updateWebhook,
  type LockedWebhook,
} from '../../db/webhooks.repository'
import { Refusal } from '../../domain/refusals'
import type { WebhookStatus } from '../../domain/webhooks'
import { newId } from '../../platform/ids'
import { personOf, type ActDeps, type By } from '../deps'
import { webhookUrl, type OutboundRules } from './webhook-url'

/** What somebody says of a webhook; empty lists mean all. */
export interface WebhookWords {
  readonly url: string
  readonly description: string | null
  readonly event_types: readonly string[]
  readonly case_types: readonly string[]
}

const SECRET_BYTES = 32
const TABLE = 'webhooks'

/** A secret in the form of Standard Webhooks. */
const newSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`

/** Adds a webhook, which is told of every event from now on that it wants. The secret is seen this once. */
export async function addWebhook(
  { db, vault, logger }: ActDeps,
  { words, rules }: { readonly words: WebhookWords; readonly rules: OutboundRules },
  by: By,
): Promise<{ id: string; secret: string }> {
  const url = webhookUrl(words.url, rules)
  const id = newId()
  const secret = newSecret()
  const { key, wrapped } = vault.newKey(id)
  await inTransaction(db, async trx => {
    await insertWebhook(trx, {
      id,
      wrapped,
      sealed: sealColumns(key, TABLE, id, { url, secret, description: words.description }),
      eventTypes: words.event_types,
      caseTypes: words.case_types,
      createdBy: personOf(by),
    })
    await markEffect(trx, by.requestId, id)
  })
  logger.info({ webhook: id, by: personOf(by) }, 'webhook added')
  return { id, secret }
}

/** What is edited; absent leaves. */
export type WebhookEdit = { readonly [Field in keyof WebhookWords]?: WebhookWords[Field] | undefined } & {
  readonly status?: WebhookStatus | undefined
}

/**
 * Edits a webhook on the version that the editor saw. Disabling it cancels what still waits; enabling it again begins anew, and brings
 * back nothing by itself. Throws `WEBHOOK_NOT_FOUND` and `VERSION_CONFLICT`.
 */
export async function editWebhook(
  { db, vault, logger }: ActDeps,
  { id, edit, version, rules }: { id: string; edit: WebhookEdit; version: number; rules: OutboundRules },
  by: By,
): Promise<void> {
  const url = edit.url === undefined ? undefined : webhookUrl(edit.url, rules)
  await inTransaction(db, async trx => {
    const webhook = await lockWebhook(trx, vault, id)
    if (!webhook) throw new Refusal('WEBHOOK_NOT_FOUND')
    if (webhook.version !== version)
      throw new Refusal('VERSION_CONFLICT', { extra: { current: webhook.version, yours: version } })
    await updateWebhook(trx, id, {
      ...(url !== undefined && sealColumns(webhook.key, TABLE, id, { url })),
      ...(edit.description !== undefined && sealColumns(webhook.key, TABLE, id, { description: edit.description })),
      ...(edit.event_types && { event_types: [...edit.event_types] }),
      ...(edit.case_types && { case_types: [...edit.case_types] }),
      ...standing(webhook, edit.status),
    })
    if (edit.status === 'disabled') await cancelQueued(trx, id)
    await markEffect(trx, by.requestId, id)
  })
  logger.info({ webhook: id, fields: Object.keys(edit), by: personOf(by) }, 'webhook edited')
}

/** The columns of another status; one that is disabled already keeps its reason. */
function standing({ status }: LockedWebhook, wanted: WebhookStatus | undefined): Readonly<Record<string, unknown>> {
  if (wanted === undefined || wanted === status) return {}
  return wanted === 'disabled'
    ? { status: wanted, disabled_reason: 'by_admin' }
    : { status: wanted, disabled_reason: null, failing_since: null }
}

/** Deletes a webhook with its deliveries. Throws `WEBHOOK_NOT_FOUND`. */
export async function removeWebhook({ db, logger }: ActDeps, id: string, by: By): Promise<void> {
  if (!(await deleteWebhook(db, id))) throw new Refusal('WEBHOOK_NOT_FOUND')
  logger.info({ webhook: id, by: personOf(by) }, 'webhook deleted')
}

/** Draws a new secret, which is seen this once; the one before signs too for 24 h. Throws `WEBHOOK_NOT_FOUND`. */
export async function rotateSecret(
  { db, vault, logger }: ActDeps,
  id: string,
  by: By,
): Promise<{ secret: string; oldSignsUntil: Date }> {
  const secret = newSecret()
  const oldSignsUntil = await inTransaction(db, async trx => {
    const webhook = await lockWebhook(trx, vault, id)
    if (!webhook) throw new Refusal('WEBHOOK_NOT_FOUND')
    const sealed = sealColumns(webhook.key, TABLE, id, { secret, old_secret: webhook.secret })
    const until = await replaceSecret(trx, id, {
      secret: sealed['secret'] ?? null,
      old_secret: sealed['old_secret'] ?? null,
    })
    await markEffect(trx, by.requestId, id)
    return until
  })
  logger.info({ webhook: id, by: personOf(by) }, "a webhook's secret was rotated")
  return { secret, oldSignsUntil }
}
