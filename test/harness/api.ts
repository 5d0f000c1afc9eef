import { randomBytes } from 'node:crypto'
import type { AccountDeps } from '../../acts/accounts/deps'
import { openSession } from '../../acts/accounts/open-session'
import { insertAccount } from '../../db/accounts.repository'
import { inTransaction } from '../../db/unit-of-work'
import { sealColumns } from '../../db/vault'
import type { ApiDeps } from '../../api/deps'
import type { Route } from '../../api/route'
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
import { createTestDatabase, type TestDatabase } from './database'

/** What a test sends; a string body goes out as it is, everything else as JSON. */
export interface Ask {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
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
  /** Every line that was logged, parsed. */
  readonly log: Record<string, unknown>[]
  call(method: string, path: string, ask?: Ask): Promise<Reply>
  /** An account of that role, signed in, without the cost of a password. */
  someone(role: Role, more?: { providerType?: string }): Promise<Someone>
  stop(): Promise<void>
}

const key = (name: string): string => `${name}:${randomBytes(32).toString('base64')}`

/** The API over real HTTP on a database of its own. */
export async function startTestApi(
  more: {
    readonly routes?: readonly Route[]
    readonly acts?: Partial<ActDeps>
    readonly now?: () => Date
    readonly publicUrl?: string
  } = {},
): Promise<TestApi> {
  const database = await createTestDatabase()
  const log: Record<string, unknown>[] = []
  const logger = logInto(log)
  const acts = actDeps(database.db, { logger, ...more.acts })
  const accounts: AccountDeps = {
    db: database.db,
    vault: acts.vault,
    logger,
    indexKey: parseNamedKey(key('index')),
    accessTokens: rememberVerified(createAccessTokens({ keys: parseKeyRing(key('jwt')), seconds: 900 })),
    refreshTokenDays: 30,
    now: more.now ?? (() => new Date()),
  }
  const publicUrl = more.publicUrl ?? 'http://kesi.test'
  const deps: ApiDeps = { acts, accounts, publicUrl, checks: {} }
  const server = createServer({
    // Port 0: the system chooses a free one.
    config: { bind: '127.0.0.1', port: 0, publicUrl, trustedProxies: [] },
    deps,
    logger,
    version: '0.0.0-test',
    ...(more.routes && { routes: more.routes }),
  })
  const { port } = await server.listen()
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    deps,
    database,
    log,
    call: (method, path, ask) => callApi(url + path, method, ask),
    someone: (role, about) => signUp(accounts, role, about),
    async stop() {
      await server.close()
      await database.drop()
    },
  }
}

function logInto(lines: Record<string, unknown>[]): Logger {
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>)
  return createLogger({ level: 'info', name: 'test', stream: { write } })
}

/** One request; whatever status comes back is an answer. Throws when none comes. */
export async function callApi(url: string, method: string, { token, body, headers }: Ask = {}): Promise<Reply> {
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: parsed(text) }
}

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
