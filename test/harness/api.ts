import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountDeps, SignInDeps } from '../../acts/accounts/deps'
import { openSession } from '../../acts/accounts/open-session'
import { insertAccount } from '../../db/accounts.repository'
import { createLocalFiles } from '../../adapters/files/local-files'
import { createSealedFiles } from '../../adapters/files/sealed-files'
import { inTransaction } from '../../db/unit-of-work'
import { sealColumns, Vault } from '../../db/vault'
import { KeyUsage } from '../../api/api-keys/key-usage'
import type { ApiDeps } from '../../api/deps'
import type { MountedClient } from '../../api/dialects/mount-client'
import type { Route } from '../../api/route'
import { ROUTES } from '../../api/routes'
import { createLimits, type LimitSettings } from '../../api/limits/limits'
import type { Bounds } from '../../api/realtime/bounds'
import { createSockets } from '../../api/realtime/sockets'
import { createServer } from '../../api/server'
import { rememberVerified } from '../../api/verified-tokens'
import type { ActDeps } from '../../acts/deps'
import type { Role } from '../../domain/actors'
import { blindIndex } from '../../platform/envelope'
import { newId } from '../../platform/ids'
import { parseKeyRing, parseNamedKey } from '../../platform/keyring'
import { createLogger, type Logger } from '../../platform/logger'
import { createAccessTokens } from '../../platform/tokens'
import { actDeps } from '../builders/record'
import { contractOf, contractOfClient, Contracts, type Contract } from './contract'
import { createTestDatabase, type TestDatabase } from './database'

/** What a test sends; a string or a form goes out as it is, everything else as JSON. */
export interface Ask {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** For a reply that is meant to contradict the document: every other one is held against it. */
  readonly unchecked?: true
}

/** What came back; `body` is parsed JSON, or the text when it is none. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  // A test looks into answers of every shape; what it expects of them is what it tests.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any
}

/** Somebody with an account and a live session. */
export interface Someone {
  readonly id: string
  readonly email: string
  readonly access: string
  readonly refresh: string
}

export interface TestApi {
  readonly url: string
  readonly deps: ApiDeps
  readonly database: TestDatabase
  /** The folder of the uploads. */
  readonly filesDir: string
  /** Every line that was logged, parsed. */
  readonly log: Record<string, unknown>[]
  call(method: string, path: string, ask?: Ask): Promise<Reply>
  /** An account of that role, signed in, without the cost of a password. */
  someone(role: Role, more?: { providerType?: string }): Promise<Someone>
  /** Another server on the same database with the same keys, which shares no memory with this one. */
  replica(): Promise<Pick<TestApi, 'url' | 'call' | 'stop'>>
  stop(): Promise<void>
}

/** How a test wants its API. */
export interface TestApiOptions {
  readonly routes?: readonly Route[]
  readonly acts?: Partial<ActDeps>
  readonly accounts?: Partial<SignInDeps>
  readonly now?: () => Date
  readonly publicUrl?: string
  readonly corsOrigins?: readonly string[]
  readonly trustedProxies?: readonly string[]
  /** Without them requests are not counted. */
  readonly limits?: LimitSettings
  readonly clients?: readonly MountedClient[]
  /** Without it there are no sockets, and nothing but requests asks the database. */
  readonly sockets?: Partial<Bounds>
  readonly receiptSecrets?: NonNullable<ApiDeps['receiptSecrets']>
}

const key = (name: string): string => `${name}:${randomBytes(32).toString('base64')}`

/** The API over real HTTP on a database of its own. */
export async function startTestApi(more: TestApiOptions = {}): Promise<TestApi> {
  const database = await createTestDatabase()
  const log: Record<string, unknown>[] = []
  const logger = logInto(log)
  const acts = actDeps(database.db, { logger, ...more.acts })
  const tokenKeys = parseKeyRing(key('jwt'))
  const tokens = (): AccountDeps['accessTokens'] =>
    rememberVerified(createAccessTokens({ keys: tokenKeys, seconds: 900 }))
  const publicUrl = more.publicUrl ?? 'http://kesi.test'
  const accounts: SignInDeps = {
    db: database.db,
    vault: acts.vault,
    logger,
    indexKey: parseNamedKey(key('index')),
    accessTokens: tokens(),
    refreshTokenDays: 30,
    publicUrl,
    staffIdleMinutes: 60,
    secondFactorRequired: false,
    now: more.now ?? (() => new Date()),
    ...more.accounts,
  }
  const filesDir = mkdtempSync(join(tmpdir(), 'kesi-files-'))
  const files = createSealedFiles(createLocalFiles(filesDir))
  const outbound = { allowHttp: true, allowPrivate: false }
  const keyUsage = new KeyUsage(database.db, logger)
  const { receiptSecrets = {} } = more
  const deps: ApiDeps = { acts, accounts, files, outbound, keyUsage, publicUrl, receiptSecrets, checks: {} }
  const server = await serve(deps, more, database.url)
  return {
    ...server,
    deps,
    database,
    filesDir,
    log,
    someone: (role, about) => signUp(accounts, role, about),
    replica() {
      const vault = more.acts?.vault ?? new Vault(parseKeyRing(acts.ring))
      const own = { ...deps, acts: actDeps(database.db, { logger, ...more.acts, vault }) }
      return serve({ ...own, accounts: { ...accounts, vault, accessTokens: tokens() } }, more, database.url)
    },
    async stop() {
      await server.stop()
      await keyUsage.write()
      await database.drop()
      rmSync(filesDir, { recursive: true })
    },
  }
}

/** One server on these dependencies. */
async function serve(
  deps: ApiDeps,
  more: TestApiOptions,
  databaseUrl: string,
): Promise<Pick<TestApi, 'url' | 'call' | 'stop'>> {
  const { corsOrigins = [], trustedProxies = [], clients = [], sockets: bounds } = more
  const { db, indexKey } = deps.accounts
  const limits = more.limits && createLimits(db, indexKey, more.limits)
  const server = createServer({
    // Port 0: the system chooses a free one.
    config: { bind: '127.0.0.1', port: 0, publicUrl: deps.publicUrl, trustedProxies, corsOrigins },
    deps,
    logger: deps.acts.logger,
    version: '0.0.0-test',
    ...(limits && { limits }),
    ...(bounds && { gateway: createSockets({ deps, limits, databaseUrl, corsOrigins, clients, bounds }) }),
    ...(more.routes && { routes: more.routes }),
    clients,
  })
  const { port } = await server.listen()
  const url = `http://127.0.0.1:${port}`
  const contract = new Contracts([contractOf(more.routes ?? ROUTES), ...clients.map(contractOfClient)])
  return { url, call: (method, path, ask) => callApi(url + path, method, ask, contract), stop: () => server.close() }
}

function logInto(lines: Record<string, unknown>[]): Logger {
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>)
  return createLogger({ level: 'info', name: 'test', stream: { write } })
}

/** One request; whatever status comes back is an answer. Throws when none comes, and when it contradicts the document. */
export async function callApi(
  url: string,
  method: string,
  { token, body, headers, unchecked }: Ask = {},
  contract: Pick<Contract, 'contradiction'> = contractOf(ROUTES),
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && !(body instanceof FormData) && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isWritten(body) ? body : JSON.stringify(body) }),
  })
  const reply = { status: response.status, headers: response.headers, body: parsed(await response.text()) }
  const type = response.headers.get('content-type')
  const wrong = unchecked ? undefined : contract.contradiction({ ...reply, method, path: pathOf(url), type })
  if (wrong) throw new Error(wrong)
  return reply
}

const isWritten = (body: unknown): body is string | FormData => typeof body === 'string' || body instanceof FormData

/** As it was written: `new URL` would tidy it. */
const pathOf = (url: string): string => url.replace(/^\w+:\/\/[^/]*/, '')

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** An account with a live session, without the cost of a password. */
export async function signUp(
  deps: AccountDeps,
  role: Role,
  { providerType }: { readonly providerType?: string } = {},
): Promise<Someone> {
  const id = newId()
  const email = `${role}-${id}@example.org`
  const tokens = await inTransaction(deps.db, async trx => {
    const { key: dataKey, wrapped } = deps.vault.newKey(id)
    await insertAccount(trx, {
      id,
      role,
      sealed: sealColumns(dataKey, 'users', id, { email, first_name: 'Test', last_name: role }),
      email_index: blindIndex(deps.indexKey, email),
      username_index: null,
      password_hash: 'none',
      language: 'en',
      is_anonymous: false,
      wrapped,
      provider_type: role === 'provider' ? (providerType ?? 'gbv_rescue') : null,
    })
    return openSession(deps, trx, { userId: id, role, device: 'Test' })
  })
  return { id, email, ...tokens }
}
