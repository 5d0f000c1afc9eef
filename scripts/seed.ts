import { randomBytes } from 'node:crypto'
import type { AccountDeps } from '../acts/accounts/deps'
import { invite } from '../acts/accounts/invite'
import { registerAccount, type Registration } from '../acts/accounts/register-account'
import { verifyProvider } from '../acts/accounts/verify-provider'
import { ensurePolicies } from '../acts/ensure-policies'
import { findAccountKey, updateAccount } from '../db/accounts.repository'
import { closeDatabase, openDatabase, type Transaction } from '../db/database'
import { revokeAllSessions } from '../db/sessions.repository'
import { inTransaction } from '../db/unit-of-work'
import { sealColumns, Vault } from '../db/vault'
import { ENGINE } from '../domain/actors'
import { coarse } from '../domain/places'
import { loadConfig, type Config } from '../platform/config'
import { createLogger } from '../platform/logger'
import { passwordFault } from '../platform/password'
import { createAccessTokens } from '../platform/tokens'
import { DEMO_PEOPLE, type DemoPerson, type DemoProvider } from './seed-people'

/** A demo account as the person in front of the screen needs it. */
interface Login {
  readonly email: string
  readonly password: string
}

/** The demo log-ins, or null when the database already had accounts; `run.json` carries them on. */
export interface Logins {
  readonly admin: Login
  readonly dispatcher: Login
  readonly survivor: Login
  readonly providers: readonly (Login & { readonly provider_type: string })[]
}

/** Two seeds at once must not both find the database empty; any constant number does. */
const SEED_LOCK = 4_217_002

/**
 * Seeds the demo accounts into a database without accounts, all of them or none, and answers their log-ins; null when there were
 * accounts. The passwords are told only here: the record keeps their digests.
 */
async function seedDemo(deps: AccountDeps, passwordOf: () => string): Promise<Logins | null> {
  return inTransaction(deps.db, async trx => {
    await trx.raw('select pg_advisory_xact_lock(?)', [SEED_LOCK])
    if (await trx<{ id: string }>('users').first('id')) return null
    // The acts open transactions of their own; within this one they are savepoints, so that half a seed never stays.
    const within = { ...deps, db: trx }
    const add = async (person: DemoPerson): Promise<Login> => {
      const password = passwordOf()
      await addPerson(within, trx, person, password)
      return { email: person.email, password }
    }
    const [admin, dispatcher, survivor] = [
      await add(DEMO_PEOPLE.admin),
      await add(DEMO_PEOPLE.dispatcher),
      await add(DEMO_PEOPLE.survivor),
    ]
    await add(DEMO_PEOPLE.secondDispatcher)
    const providers: (Login & { provider_type: string })[] = []
    for (const provider of DEMO_PEOPLE.providers) {
      providers.push({ ...(await add(provider)), provider_type: provider.provider_type })
    }
    return { admin, dispatcher, survivor, providers }
  })
}

async function addPerson(deps: AccountDeps, trx: Transaction, person: DemoPerson, password: string): Promise<void> {
  const { role, email, first_name, last_name, language } = person
  const invited = role === 'admin' || role === 'dispatcher'
  const registration: Registration = {
    ...{ role, email, first_name, last_name, language, password },
    username: null,
    phone: null,
    is_anonymous: false,
    provider_type: person.role === 'provider' ? person.provider_type : null,
    invitation: invited ? (await invite(deps, { email, role }, { actor: ENGINE })).token : null,
  }
  const { account } = await registerAccount(deps, registration, 'Demo seed')
  await updateAccount(trx, account.id, { is_demo: true })
  // Registering signs in, and nobody holds that session.
  await revokeAllSessions(trx, account.id)
  if (person.role === 'provider') await putToWork(deps, trx, account.id, person)
}

async function putToWork(deps: AccountDeps, trx: Transaction, userId: string, provider: DemoProvider): Promise<void> {
  await verifyProvider(deps, { userId, decision: 'verified' }, { actor: ENGINE })
  const key = await findAccountKey(trx, deps.vault, userId)
  if (!key) throw new Error('the account that was just made has no key')
  const base = coarse(provider.position)
  await trx('provider_profiles')
    .where({ user_id: userId })
    .update({
      availability: 'available',
      capacity: provider.capacity,
      base_lat: base.lat,
      base_lng: base.lng,
      ...sealColumns(key, 'provider_profiles', userId, { position: provider.position }),
    })
}

function passwords({ demoPassword }: Config): () => string {
  if (demoPassword === undefined) return () => randomBytes(12).toString('base64url')
  const fault = passwordFault(demoPassword)
  if (fault) throw new Error(`KESI_DEMO_PASSWORD is refused (${fault}); set a longer, less common one, or unset it`)
  return () => demoPassword
}

async function main(): Promise<void> {
  const config = loadConfig(process.env)
  const db = openDatabase({ url: config.databaseUrl, pool: 2, name: 'kesi-seed' })
  try {
    await ensurePolicies(db)
    const deps: AccountDeps = {
      db,
      vault: new Vault(config.keyRing),
      logger: createLogger({ level: 'warn', name: 'seed' }),
      indexKey: config.blindIndexKey,
      accessTokens: createAccessTokens({ keys: config.jwtKeys, seconds: config.accessTokenSeconds }),
      refreshTokenDays: config.refreshTokenDays,
      now: () => new Date(),
    }
    const logins = await seedDemo(deps, passwords(config))
    process.stdout.write(`${JSON.stringify({ logins })}\n`)
  } finally {
    await closeDatabase(db)
  }
}

if (require.main === module)
  main().catch((error: unknown) => {
    process.stderr.write(`seed failed: ${error instanceof Error ? error.message : 'unknown error'}\n`)
    process.exitCode = 1
  })
