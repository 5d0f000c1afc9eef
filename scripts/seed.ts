import { randomBytes } from 'node:crypto'
import type { AccountDeps } from '../acts/accounts/deps'
import { invite } from '../acts/accounts/invite'
import { registerAccount, type Registration } from '../acts/accounts/register-account'
import { verifyProvider } from '../acts/accounts/verify-provider'
import type { ActDeps } from '../acts/deps'
import { editProvider } from '../acts/edit-provider'
import { ensurePolicies } from '../acts/ensure-policies'
import { updateAccount } from '../db/accounts.repository'
import { closeDatabase, openDatabase, type Database, type Transaction } from '../db/database'
import { PolicyCache } from '../db/policies.repository'
import { revokeAllSessions } from '../db/sessions.repository'
import { inTransaction } from '../db/unit-of-work'
import { Vault } from '../db/vault'
import { ENGINE } from '../domain/actors'
import { loadConfig, type Config } from '../platform/config'
import { createLogger } from '../platform/logger'
import { passwordFault } from '../platform/password'
import { createAccessTokens } from '../platform/tokens'
import { DEMO_PEOPLE, type DemoPerson, type DemoProvider } from './seed-people'

/** The seed does acts on accounts and one on provider profiles. */
export type SeedDeps = AccountDeps & ActDeps

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
export async function seedDemo(deps: SeedDeps, passwordOf: () => string): Promise<Logins | null> {
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

async function addPerson(deps: SeedDeps, trx: Transaction, person: DemoPerson, password: string): Promise<void> {
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
  if (person.role === 'provider') await putToWork(deps, account.id, person)
}

async function putToWork(deps: SeedDeps, userId: string, { capacity, position }: DemoProvider): Promise<void> {
  await verifyProvider(deps, { userId, decision: 'verified' }, { actor: ENGINE })
  const by = { actor: { kind: 'person', id: userId, role: 'provider' } } as const
  await editProvider(deps, userId, { availability: 'available', capacity, position }, by)
}

function passwords({ demoPassword }: Config): () => string {
  if (demoPassword === undefined) return () => randomBytes(12).toString('base64url')
  const fault = passwordFault(demoPassword)
  if (fault) throw new Error(`KESI_DEMO_PASSWORD is refused (${fault}); set a longer, less common one, or unset it`)
  return () => demoPassword
}

/** What the acts of the seed need, from the configuration. */
export function seedDeps(db: Database, config: Config): SeedDeps {
  return {
    db,
    vault: new Vault(config.keyRing),
    logger: createLogger({ level: 'silent', name: 'seed' }),
    indexKey: config.blindIndexKey,
    accessTokens: createAccessTokens({ keys: config.jwtKeys, seconds: config.accessTokenSeconds }),
    refreshTokenDays: config.refreshTokenDays,
    now: () => new Date(),
    policies: new PolicyCache(),
    configuredChannels: new Set(),
    timeTravel: false,
    tell: () => undefined,
  }
}

async function main(): Promise<void> {
  const config = loadConfig(process.env)
  const db = openDatabase({ url: config.databaseUrl, pool: 2, name: 'kesi-seed' })
  try {
    await ensurePolicies(db)
    const logins = await seedDemo(seedDeps(db, config), passwords(config))
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
