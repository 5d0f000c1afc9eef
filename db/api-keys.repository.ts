import type { Role } from '../domain/actors'
import type { Scope } from '../domain/api-scopes'
import type { Database, Transaction } from './database'
import { runPrepared, type Prepared } from './prepared'

/** What a request with a key asks of the record. */
export interface PresentedKey {
  readonly id: string
  readonly digest: string
  readonly scopes: readonly Scope[]
  /** Neither revoked nor over, and its account is active. */
  readonly good: boolean
  readonly user_id: string
  readonly role: Role
}

const PRESENTED: Prepared = {
  name: 'presented-key',
  text: `select k.id, k.digest, k.scopes, k.user_id, u.role,
      k.revoked_at is null and k.expires_at > clock_timestamp() and u.status = 'active' as good
    from api_keys k join users u on u.id = k.user_id where k.prefix = $1`,
}

/** The key with this prefix, with its account as it is now. By unique index and primary key. */
export async function findPresentedKey(db: Database, prefix: string): Promise<PresentedKey | undefined> {
  const [row] = await runPrepared<PresentedKey>(db, PRESENTED, [prefix])
  return row
}

/** A key as its administrators see it: the key itself is nowhere. */
export interface ApiKeyRow {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly user_id: string
  readonly scopes: readonly Scope[]
  readonly expires_at: Date
  readonly last_used_at: Date | null
  readonly revoked_at: Date | null
  readonly replaced_by: string | null
  readonly created_by: string | null
  readonly created_at: Date
}

const COLUMNS = [
  ...['id', 'name', 'prefix', 'user_id', 'scopes', 'expires_at', 'last_used_at', 'revoked_at', 'replaced_by'],
  ...['created_by', 'created_at'],
]

export interface NewApiKey {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly digest: string
  readonly userId: string
  readonly scopes: readonly Scope[]
  readonly expiresAt: Date
  readonly createdBy: string | null
}

export async function insertApiKey(trx: Transaction, key: NewApiKey): Promise<void> {
  const { id, name, prefix, digest, userId, scopes, expiresAt, createdBy } = key
  await trx('api_keys').insert({
    id,
    name,
    prefix,
    digest,
    user_id: userId,
    scopes: [...scopes],
    expires_at: expiresAt,
    created_by: createdBy,
  })
}

export async function findApiKey(db: Database, id: string): Promise<ApiKeyRow | undefined> {
  return db('api_keys').where({ id }).first<ApiKeyRow | undefined>(COLUMNS)
}

/** A page of the keys, the newest first, and how many there are. */
export async function listApiKeys(
  db: Database,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ count: number; results: ApiKeyRow[] }> {
  const [[counted], results] = await Promise.all([
    db('api_keys').count<{ count: number }[]>('* as count'),
    db('api_keys')
      .orderBy([
        { column: 'created_at', order: 'desc' },
        { column: 'id', order: 'desc' },
      ])
      .limit(limit)
      .offset(offset)
      .select<ApiKeyRow[]>(COLUMNS),
  ])
  return { count: counted?.count ?? 0, results }
}

/** Locks a key; `ended` when it was revoked or replaced, or its time is over. */
export async function lockApiKey(
  trx: Transaction,
  id: string,
): Promise<(ApiKeyRow & { readonly ended: boolean }) | undefined> {
  return trx('api_keys')
    .where({ id })
    .forUpdate()
    .first<(ApiKeyRow & { readonly ended: boolean }) | undefined>(
      ...COLUMNS,
      trx.raw('(revoked_at is not null or replaced_by is not null or expires_at <= clock_timestamp()) as ended'),
    )
}

/** Another key takes its place: it lives on for so many seconds, if it would have lived so long. */
export async function replaceApiKey(
  trx: Transaction,
  id: string,
  { newId, graceSeconds }: { readonly newId: string; readonly graceSeconds: number },
): Promise<void> {
  await trx('api_keys')
    .where({ id })
    .update({
      replaced_by: newId,
      expires_at: trx.raw('least(expires_at, clock_timestamp() + make_interval(secs => ?))', [graceSeconds]),
    })
}

/** Ends a key at once; answers whether there is one. The first time counts. */
export async function revokeApiKey(db: Database, id: string): Promise<boolean> {
  const count = await db('api_keys')
    .where({ id })
    .update({ revoked_at: db.raw('coalesce(revoked_at, clock_timestamp())') })
  return count > 0
}

/** So many requests by one key on one route. */
export interface KeyUse {
  readonly keyId: string
  readonly route: string
  readonly count: number
}

/** Adds to what is counted today, and notes that the keys were used. Keys that are gone are left out. */
export async function addKeyUsage(db: Database, uses: readonly KeyUse[]): Promise<void> {
  if (uses.length === 0) return
  await db.raw(
    `with used as (
       select u.key_id, u.route, u.count
       from unnest(:ids::uuid[], :routes::text[], :counts::bigint[]) as u (key_id, route, count)
       join api_keys k on k.id = u.key_id),
     noted as (
       update api_keys set last_used_at = clock_timestamp() where id in (select key_id from used))
     insert into api_key_usage as known (key_id, day, route, count)
     select key_id, (clock_timestamp() at time zone 'utc')::date, route, count from used order by key_id, route
     on conflict (key_id, day, route) do update set count = known.count + excluded.count`,
    { ids: uses.map(use => use.keyId), routes: uses.map(use => use.route), counts: uses.map(use => use.count) },
  )
}

export interface KeyUsageRow {
  readonly day: string
  readonly route: string
  readonly count: number
}

/** A page of a key's usage between two days, both included, the newest day first, and how many rows there are. */
export async function listKeyUsage(
  db: Database,
  { keyId, from, to }: { readonly keyId: string; readonly from: string; readonly to: string },
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ count: number; results: KeyUsageRow[] }> {
  const meant = db('api_key_usage').where({ key_id: keyId }).whereBetween('day', [from, to])
  const [[counted], results] = await Promise.all([
    meant.clone().count<{ count: number }[]>('* as count'),
    meant
      .clone()
      .orderBy([{ column: 'day', order: 'desc' }, 'route'])
      .limit(limit)
      .offset(offset)
      .select<KeyUsageRow[]>(db.raw("to_char(day, 'YYYY-MM-DD') as day"), 'route', 'count'),
  ])
  return { count: counted?.count ?? 0, results }
}
