import { createHash } from 'node:crypto'
import {
  claimKey,
  findTakenKey,
  keepAnswer,
  purgeKeys,
  releaseKey,
  type KeyUse,
  type TakenKey,
} from '../db/idempotency.repository'
import { keyedDigest } from '../acts/accounts/account-words'
import { openJson, sealColumns } from '../db/vault'
import { KEY_KEPT_MS } from '../domain/idempotency'
import { Refusal } from '../domain/refusals'
import type { DataKey } from '../platform/envelope'
import { newId } from '../platform/ids'
import type { ApiDeps } from './deps'
import { shapeAnswer, type Shaped } from './reply'
import type { AnyContext, Route, SignedIn } from './route'

// RFC 8941 strings and plain tokens both fit; a UUID is what most callers send.
const KEY_FORM = /^[\x21-\x7e]{1,200}$/
const TABLE = 'idempotency_keys'
/** On average one claim in so many also clears away old rows, at most so many of them. */
const PURGE_EVERY = 500
const PURGE_BATCH = 1_000

/** The caller's key, or undefined when there is none; throws 400 for one that is no printable text of 1 to 200 characters. */
export function readKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  if (typeof header === 'string' && KEY_FORM.test(header)) return header
  throw new Refusal('VALIDATION_FAILED', {
    errors: [
      {
        path: 'headers.idempotency-key',
        code: 'invalid_format',
        message: 'Must be 1 to 200 printable characters without blanks',
      },
    ],
  })
}

/** What a request is remembered by: its key, and what makes it the same request or another. */
export interface RequestKey {
  readonly digest: string
  readonly asked: string
  readonly keptMs: number
}

/**
 * The key of a request, as its sender gave it; without one, on a route that knows repeats, a keyed digest of what makes it the same.
 * Undefined where nothing is kept. Throws as `readKey`.
 */
export function keyOf(
  { idempotent, repeatedWithin, repeatsAs }: Route,
  header: string | string[] | undefined,
  { asked, context }: { readonly asked: unknown; readonly context: AnyContext },
  deps: ApiDeps,
): RequestKey | undefined {
  if (!idempotent) return undefined
  const given = readKey(header)
  if (given !== undefined) return { digest: digest(given), asked: digest(JSON.stringify(asked)), keptMs: KEY_KEPT_MS }
  if (repeatedWithin === undefined) return undefined
  const same = repeatsAs ? { params: context.params, same: repeatsAs(context, deps) } : asked
  const repeated = keyedDigest(deps.accounts.indexKey, 'repeated', JSON.stringify(same))
  return { digest: repeated, asked: repeated, keptMs: repeatedWithin * 1_000 }
}

/** A request under a key. */
export interface Keyed {
  readonly key: RequestKey
  readonly actor: SignedIn
  readonly context: AnyContext
}

/**
 * Runs the route's handler once per key. The same request again gets the first one's status and answer; another request under the
 * key, or one while the first is running, is refused. A refusal frees the key: it did nothing.
 */
export async function answerOnce(route: Route, { key, actor, context }: Keyed, deps: ApiDeps): Promise<Shaped> {
  const { db, vault } = deps.acts
  const use: KeyUse = {
    id: newId(),
    userId: actor.id,
    route: `${route.methods[0]} ${route.path}`,
    keyDigest: key.digest,
    bodyDigest: key.asked,
    keptMs: key.keptMs,
  }
  purgeNowAndThen(deps)
  const claim = await claimKey(db, use)
  if (!claim) throw new Error('the account has no key')
  const dataKey = vault.keyOf(actor.id, claim.wrapped)
  if (!claim.mine) return answerAgain(route, use, dataKey, context, deps)
  return run(use.id, dataKey, deps, async () => shapeAnswer(route, await route.handler(withRow(context, use.id), deps)))
}

/** What a key that is taken answers. */
async function answerAgain(
  route: Route,
  use: KeyUse,
  dataKey: DataKey,
  context: AnyContext,
  deps: ApiDeps,
): Promise<Shaped> {
  const taken = await findTakenKey(deps.acts.db, use)
  if (taken && taken.body_digest !== use.bodyDigest) throw new Refusal('IDEMPOTENCY_KEY_REUSED')
  const kept = taken && openAnswer(taken, dataKey)
  if (kept) return kept
  const { effect, id } = taken ?? {}
  // The act is in the record, its answer was lost between the two: the answer is made again, from the record.
  if (effect && id && route.replay) {
    const replay = route.replay
    return run(id, dataKey, deps, async () => shapeAnswer(route, await replay(withRow(context, id), effect, deps)))
  }
  throw new Refusal('IDEMPOTENCY_IN_PROGRESS', { headers: { 'retry-after': '1' } })
}

async function run(id: string, dataKey: DataKey, deps: ApiDeps, work: () => Promise<Shaped>): Promise<Shaped> {
  const { db, logger } = deps.acts
  const shaped = await work().catch(async (error: unknown) => {
    await release(deps, id)
    throw error
  })
  const { answer } = sealColumns(dataKey, TABLE, id, { answer: shaped })
  // The act is committed: that its answer could not be kept is no reason to keep the answer from the caller.
  await keepAnswer(db, { id, status: shaped.status, answer: answer ?? '' }).catch((err: unknown) =>
    logger.warn({ err, key: id }, 'an answer could not be kept under its idempotency key'),
  )
  return shaped
}

/** When the database was cut off, the next connection may be a dead one too. */
const RELEASE_PAUSES_MS = [0, 100, 400]

/** Frees the key, so that the same request may come again at once; when that cannot be done the lease ends by itself. */
async function release({ acts: { db, logger } }: ApiDeps, id: string): Promise<void> {
  for (const pauseMs of RELEASE_PAUSES_MS) {
    try {
      if (pauseMs > 0) await new Promise(resolve => setTimeout(resolve, pauseMs))
      return await releaseKey(db, id)
    } catch (err) {
      logger.warn({ err, key: id }, 'an idempotency key could not be freed')
    }
  }
}

function openAnswer({ id, answer }: TakenKey, dataKey: DataKey): Shaped | null {
  return openJson<Shaped>(dataKey, TABLE, id, 'answer', answer)
}

const withRow = (context: AnyContext, requestId: string): AnyContext => ({
  ...context,
  by: context.by && { ...context.by, requestId },
})

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url')

function purgeNowAndThen({ acts: { db, logger } }: ApiDeps): void {
  if (Math.random() * PURGE_EVERY > 1) return
  purgeKeys(db, PURGE_BATCH).catch((err: unknown) => logger.warn({ err }, 'old idempotency keys were not cleared away'))
}
