import { KEY_KEPT_MS, KEY_LEASE_MS } from '../domain/idempotency'
import type { Database, Transaction } from './database'
import { runPrepared, type Prepared } from './prepared'

/** One use of an idempotency key: whose, on which route, with which request. */
export interface KeyUse {
  /** The id that the row gets if the key is taken by this request. */
  readonly id: string
  readonly userId: string
  readonly route: string
  readonly keyDigest: string
  readonly bodyDigest: string
  /** How long the key keeps its answer. */
  readonly keptMs: number
}

/** A row as another request left it, with the account's wrapped key, which opens the answer. */
export interface TakenKey {
  readonly id: string
  readonly body_digest: string
  readonly effect: string | null
  readonly status: number | null
  readonly answer: string | null
}

export interface Claim {
  /** True when the key is this request's now. */
  readonly mine: boolean
  readonly wrapped: string
}

const CLAIM: Prepared = {
  name: 'claim-key',
  text: `with claimed as (
      insert into idempotency_keys (id, user_id, route, key_digest, body_digest)
      values ($1, $2, $3, $4, $5)
      on conflict (user_id, route, key_digest) do update
        set id = excluded.id, body_digest = excluded.body_digest, effect = null, status = null, answer = null,
          taken_at = clock_timestamp()
        where idempotency_keys.taken_at < clock_timestamp() - make_interval(secs => $6)
          or (idempotency_keys.status is null and idempotency_keys.effect is null
            and idempotency_keys.body_digest = excluded.body_digest
            and idempotency_keys.taken_at < clock_timestamp() - make_interval(secs => ${KEY_LEASE_MS / 1000}))
      returning id
    )
    select exists (select 1 from claimed) as mine, k.wrapped from account_keys k where k.user_id = $2`,
}

/**
 * Takes the key in one statement, its own transaction. A row older than the keeping time is taken over, and so is one whose request
 * died: out of its lease without an effect or an answer. The row then gets the new request's id, so that the old one, should it
 * still live, finds no row to mark and rolls back. Undefined when the account was erased.
 */
export async function claimKey(db: Database, use: KeyUse): Promise<Claim | undefined> {
  const { id, userId, route, keyDigest, bodyDigest, keptMs } = use
  const values = [id, userId, route, keyDigest, bodyDigest, keptMs / 1_000]
  const [claim] = await runPrepared<Claim>(db, CLAIM, values)
  return claim
}

/** The row that stands in the way of a claim; undefined when it was released in the meantime. */
export async function findTakenKey(db: Database, use: KeyUse): Promise<TakenKey | undefined> {
  return db('idempotency_keys')
    .where({ user_id: use.userId, route: use.route, key_digest: use.keyDigest })
    .first<TakenKey | undefined>('id', 'body_digest', 'effect', 'status', 'answer')
}

/**
 * Notes, in the act's own transaction, what the act changed. Throws, and so undoes the act, when a later request has taken the key
 * over: that one does the act again.
 */
export async function markEffect(trx: Transaction, requestId: string | undefined, effect: string): Promise<void> {
  if (requestId === undefined) return
  const count = await trx('idempotency_keys').where({ id: requestId }).update({ effect })
  if (count !== 1) throw new Error('the idempotency key was taken over by a later request')
}

const KEEP: Prepared = {
  name: 'keep-answer',
  text: 'update idempotency_keys set status = $2, answer = $3 where id = $1',
}

/** Keeps the sealed answer of a finished request. */
export async function keepAnswer(
  db: Database,
  { id, status, answer }: { id: string; status: number; answer: string },
): Promise<void> {
  await runPrepared(db, KEEP, [id, status, answer])
}

/** Frees the key of a request that was refused. One with an effect stays: its act is done, whatever happened afterwards. */
export async function releaseKey(db: Database, id: string): Promise<void> {
  await db('idempotency_keys').where({ id }).whereNull('effect').delete()
}

/** Deletes rows beyond the keeping time, at most `batch` of them; two processes never wait for each other. */
export async function purgeKeys(db: Database, batch: number): Promise<void> {
  await db.raw(
    `delete from idempotency_keys where id in (
       select id from idempotency_keys where taken_at < statement_timestamp() - make_interval(secs => :kept)
       order by taken_at limit :batch for update skip locked)`,
    { kept: KEY_KEPT_MS / 1000, batch },
  )
}
