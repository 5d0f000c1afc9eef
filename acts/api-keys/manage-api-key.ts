import { randomBytes } from 'node:crypto'
import { lockAccount } from '../../db/accounts.repository'
import { insertApiKey, lockApiKey, replaceApiKey, revokeApiKey, type NewApiKey } from '../../db/api-keys.repository'
import type { Transaction } from '../../db/database'
import { markEffect } from '../../db/idempotency.repository'
import { inTransaction } from '../../db/unit-of-work'
import { KEY_ROLES, scopesBeyond, type Scope } from '../../domain/api-scopes'
import { Refusal } from '../../domain/refusals'
import { newId } from '../../platform/ids'
import { digestToken, newOpaqueToken } from '../../platform/tokens'
import { fieldRefusal } from '../accounts/account-words'
import { personOf, type ActDeps, type By } from '../deps'

/** A key that is asked for. */
export interface ApiKeyWords {
  readonly name: string
  /** In whose name it acts. */
  readonly userId: string
  readonly scopes: readonly Scope[]
  /** Absent: in a year. */
  readonly expiresAt: Date | undefined
}

const DAY_MS = 86_400_000
const LIVES_DAYS = 365
/** A key that nobody has to renew is forgotten and lives on where it leaked to. */
const LIVES_AT_MOST_DAYS = 730
const PREFIX_BYTES = 5

type Deps = Pick<ActDeps, 'db' | 'logger'>

/** A key as its maker gets it: the only time that it is seen. */
export interface IssuedKey {
  readonly id: string
  readonly key: string
}

/** Draws a key: what is stored of it opens nothing. */
function drawKey(): { key: string; prefix: string; digest: string } {
  const prefix = randomBytes(PREFIX_BYTES).toString('hex')
  const secret = newOpaqueToken()
  return { key: `kesi_${prefix}_${secret}`, prefix, digest: digestToken(secret) }
}

/**
 * Issues a key by which another system acts in somebody's name, within scopes that this account's role has itself. Throws
 * `VALIDATION_FAILED` for scopes beyond it, for a survivor's account, and for an end that is past or more than two years away.
 */
export async function issueApiKey({ db, logger }: Deps, words: ApiKeyWords, by: By): Promise<IssuedKey> {
  const id = newId()
  const { key, prefix, digest } = drawKey()
  const expiresAt = endOf(words.expiresAt)
  await inTransaction(db, async trx => {
    await requireFit(trx, words)
    await insertApiKey(trx, {
      id,
      prefix,
      digest,
      name: words.name,
      userId: words.userId,
      scopes: words.scopes,
      expiresAt,
      createdBy: personOf(by),
    })
    await markEffect(trx, by.requestId, id)
  })
  logger.info({ api_key: id, user: words.userId, scopes: words.scopes, by: personOf(by) }, 'API key issued')
  return { id, key }
}

function endOf(wanted: Date | undefined): Date {
  const now = Date.now()
  if (wanted === undefined) return new Date(now + LIVES_DAYS * DAY_MS)
  if (wanted.getTime() <= now) throw fieldRefusal('expires_at', 'past', 'Must be in the future')
  if (wanted.getTime() > now + LIVES_AT_MOST_DAYS * DAY_MS)
    throw fieldRefusal('expires_at', 'too_late', 'Must be within two years')
  return wanted
}

async function requireFit(trx: Transaction, { userId, scopes }: ApiKeyWords): Promise<void> {
  const account = await lockAccount(trx, userId)
  if (account?.status !== 'active' || !KEY_ROLES.includes(account.role))
    throw fieldRefusal(
      'user_id',
      'not_eligible',
      'Must be an active account of a provider, dispatcher or administrator',
    )
  const beyond = scopesBeyond(account.role, scopes)
  if (beyond.length > 0)
    throw fieldRefusal('scopes', 'beyond_role', `The role ${account.role} does not have ${beyond.join(', ')}`)
}

/**
 * Issues a key in the place of another, with the same name, account, scopes and length of life; the old one lives for the grace yet.
 * Throws `API_KEY_NOT_FOUND`, and `API_KEY_ENDED` for one that was revoked or replaced or is over.
 */
export async function rotateApiKey(
  { db, logger }: Deps,
  { id: oldId, graceSeconds }: { readonly id: string; readonly graceSeconds: number },
  by: By,
): Promise<IssuedKey> {
  const id = newId()
  const { key, prefix, digest } = drawKey()
  await inTransaction(db, async trx => {
    const old = await lockApiKey(trx, oldId)
    if (!old) throw new Refusal('API_KEY_NOT_FOUND')
    if (old.ended) throw new Refusal('API_KEY_ENDED')
    const livesMs = old.expires_at.getTime() - old.created_at.getTime()
    const next: NewApiKey = {
      id,
      prefix,
      digest,
      name: old.name,
      userId: old.user_id,
      scopes: old.scopes,
      expiresAt: new Date(Date.now() + livesMs),
      createdBy: personOf(by),
    }
    await insertApiKey(trx, next)
    await replaceApiKey(trx, oldId, { newId: id, graceSeconds })
    await markEffect(trx, by.requestId, id)
  })
  logger.info({ api_key: id, in_place_of: oldId, by: personOf(by) }, 'API key rotated')
  return { id, key }
}

/** Ends a key at once, on every replica. Throws `API_KEY_NOT_FOUND`. */
export async function endApiKey({ db, logger }: Deps, id: string, by: By): Promise<void> {
  if (!(await revokeApiKey(db, id))) throw new Refusal('API_KEY_NOT_FOUND')
  logger.info({ api_key: id, by: personOf(by) }, 'API key revoked')
}
