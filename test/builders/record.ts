import { randomBytes } from 'node:crypto'
import type { ActDeps, By, Told } from '../../acts/deps'
import type { Database } from '../../db/database'
import { activatePolicy, insertPolicy, PolicyCache } from '../../db/policies.repository'
import { inTransaction } from '../../db/unit-of-work'
import { Vault } from '../../db/vault'
import type { Role } from '../../domain/actors'
import { caseTypeOf } from '../../domain/case-types'
import { coarse, type Position } from '../../domain/places'
import type { Policy } from '../../domain/policy'
import { newId } from '../../platform/ids'
import { parseKeyRing } from '../../platform/keyring'
import { createLogger } from '../../platform/logger'

/** Acts' dependencies on a test database; `told` collects what the workflows would hear. */
export function actDeps(
  db: Database,
  more: Partial<ActDeps> = {},
): ActDeps & { readonly told: Told[]; readonly ring: string } {
  const told: Told[] = []
  const ring = `test:${randomBytes(32).toString('base64')}`
  return {
    db,
    vault: new Vault(parseKeyRing(ring)),
    policies: new PolicyCache(),
    logger: createLogger({ level: 'silent', name: 'test' }),
    configuredChannels: new Set(),
    timeTravel: true,
    tell: each => told.push(each),
    told,
    ring,
    ...more,
  }
}

/** A change of a case type's default policy: whole groups are merged, single values replaced. */
export type PolicyChange = {
  readonly [Key in keyof Policy]?: Policy[Key] extends object ? Partial<Policy[Key]> : Policy[Key]
}

/** Stores and activates a policy: the case type's default with changes. Answers its id. */
export async function addPolicy(db: Database, caseType = 'gbv', change: PolicyChange = {}): Promise<string> {
  const base = caseTypeOf(caseType).policy
  const rules = {
    ...base,
    ...change,
    offer: { ...base.offer, ...change.offer },
    review: { ...base.review, ...change.review },
    start: { ...base.start, ...change.start },
    dispatch_ladder: change.dispatch_ladder ?? base.dispatch_ladder,
  } as Policy
  const id = newId()
  await inTransaction(db, async trx => {
    await insertPolicy(trx, { id, rules, createdBy: null })
    await activatePolicy(trx, { id, caseType })
  })
  return id
}

/** A bare account, without a password that anybody could sign in with; answers its id. */
export async function addUser(db: Database, role: Role, more: { onDuty?: 'no' } = {}): Promise<string> {
  const id = newId()
  await db('users').insert({
    id,
    role,
    email: 'sealed',
    email_index: id,
    password_hash: 'none',
    on_duty: more.onDuty !== 'no',
  })
  return id
}

export interface ProviderFacets {
  readonly type?: string
  readonly capacity?: number
  readonly verified?: 'no'
  readonly availability?: string
  readonly at?: Position
}

/** A verified, available provider with capacity 1 unless said otherwise; answers the id. */
export async function addProvider(db: Database, facets: ProviderFacets = {}): Promise<string> {
  const id = await addUser(db, 'provider')
  const base = facets.at ? coarse(facets.at) : null
  await db('provider_profiles').insert({
    user_id: id,
    provider_type: facets.type ?? 'gbv_rescue',
    verification: facets.verified === 'no' ? 'pending' : 'verified',
    availability: facets.availability ?? 'available',
    capacity: facets.capacity ?? 1,
    base_lat: base?.lat ?? null,
    base_lng: base?.lng ?? null,
  })
  return id
}

/** Somebody acting, at a time of the test's choosing. */
export const by = (role: Role, id: string, at?: number): By => ({
  actor: { kind: 'person', id, role },
  ...(at === undefined ? {} : { at }),
})
