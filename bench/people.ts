import { openSession } from '../acts/accounts/open-session'
import { registerDevice } from '../acts/accounts/devices'
import type { AccountDeps } from '../acts/accounts/deps'
import { insertAccount } from '../db/accounts.repository'
import { inTransaction } from '../db/unit-of-work'
import { sealColumns, Vault } from '../db/vault'
import type { Role } from '../domain/actors'
import { coarse } from '../domain/places'
import { blindIndex } from '../platform/envelope'
import { newId } from '../platform/ids'
import { createLogger } from '../platform/logger'
import { createAccessTokens } from '../platform/tokens'
import type { Stack } from './stack'

/** Somebody who is signed in already. */
export interface SignedInPerson {
  readonly id: string
  readonly token: string
}

/** The middle of Nairobi; people of the bench stand within about 15 km of it. */
export const NAIROBI = { lat: -1.286, lng: 36.817 }

/** Adds accounts with an open session each. Their passwords are nobody's: signing in is not what is measured. */
export async function addPeople(stack: Stack, role: Role, count: number): Promise<SignedInPerson[]> {
  const deps = accountDeps(stack)
  return inTransaction(stack.db, async trx => {
    const people: SignedInPerson[] = []
    for (let index = 0; index < count; index++) {
      const id = newId()
      const { key, wrapped } = deps.vault.newKey(id)
      const email = `${id}@bench.kesi.example`
      await insertAccount(trx, {
        id,
        role,
        sealed: sealColumns(key, 'users', id, { email, first_name: 'Bench', last_name: String(index) }),
        email_index: blindIndex(deps.indexKey, email),
        username_index: null,
        password_hash: 'none',
        language: 'en',
        is_anonymous: false,
        wrapped,
        provider_type: role === 'provider' ? 'gbv_rescue' : null,
      })
      const { access } = await openSession(deps, trx, { userId: id, role, device: 'Bench' })
      people.push({ id, token: access })
    }
    return people
  })
}

/** Adds verified, available providers around Nairobi and answers them by id. */
export async function addProviders(
  stack: Stack,
  { count, capacity }: { count: number; capacity: number },
): Promise<Map<string, SignedInPerson>> {
  const people = await addPeople(stack, 'provider', count)
  const base = coarse(NAIROBI)
  await stack
    .db('provider_profiles')
    .whereIn(
      'user_id',
      people.map(({ id }) => id),
    )
    .update({ verification: 'verified', capacity, base_lat: base.lat, base_lng: base.lng })
  return new Map(people.map(person => [person.id, person]))
}

/** Gives each of these providers a phone with the app, which is reached by way of Expo. */
export async function giveApps(stack: Stack, providers: Iterable<SignedInPerson>): Promise<void> {
  const deps = accountDeps(stack)
  for (const { id } of providers) {
    const device = { userId: id, address: `ExponentPushToken[${id}]`, deviceType: 'android' } as const
    await registerDevice(deps, device, { actor: { kind: 'person', id, role: 'provider' } })
  }
}

function accountDeps({ db, config }: Stack): AccountDeps {
  return {
    db,
    vault: new Vault(config.keyRing),
    logger: createLogger({ level: 'silent', name: 'bench' }),
    indexKey: config.blindIndexKey,
    accessTokens: createAccessTokens({ keys: config.jwtKeys, seconds: config.accessTokenSeconds }),
    refreshTokenDays: config.refreshTokenDays,
    now: () => new Date(),
  }
}
