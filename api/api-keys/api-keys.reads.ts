import type { ActDeps } from '../../acts/deps'
import { findApiKey, listApiKeys, listKeyUsage, type ApiKeyRow, type KeyUsageRow } from '../../db/api-keys.repository'
import { Refusal } from '../../domain/refusals'

type Reads = Pick<ActDeps, 'db'>
type Window = { readonly limit: number; readonly offset: number }

const DAY_MS = 86_400_000
const USAGE_DAYS = 30

const apiKeyView = (row: ApiKeyRow) => ({
  ...row,
  prefix: `kesi_${row.prefix}`,
  scopes: [...row.scopes],
  expires_at: row.expires_at.toISOString(),
  last_used_at: row.last_used_at?.toISOString() ?? null,
  revoked_at: row.revoked_at?.toISOString() ?? null,
  created_at: row.created_at.toISOString(),
})

/** The key of this id. Throws `API_KEY_NOT_FOUND`. */
export async function readApiKey({ db }: Reads, id: string) {
  const row = await findApiKey(db, id)
  if (!row) throw new Refusal('API_KEY_NOT_FOUND')
  return apiKeyView(row)
}

/** A page of the keys. */
export async function readApiKeys({ db }: Reads, window: Window) {
  const { count, results } = await listApiKeys(db, window)
  return { count, results: results.map(apiKeyView) }
}

/** A page of a key's usage by day and route; what was not written yet is missing. Throws `API_KEY_NOT_FOUND`. */
export async function readKeyUsage(
  deps: Reads,
  { keyId, from, to }: { keyId: string; from: string | undefined; to: string | undefined },
  window: Window,
): Promise<{ count: number; results: KeyUsageRow[] }> {
  const last = to ?? dayOf(Date.now())
  const first = from ?? dayOf(Date.parse(last) - USAGE_DAYS * DAY_MS)
  const [usage] = await Promise.all([
    listKeyUsage(deps.db, { keyId, from: first, to: last }, window),
    readApiKey(deps, keyId),
  ])
  return usage
}

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)
