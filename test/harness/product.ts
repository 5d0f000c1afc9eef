import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountDeps } from '../../acts/accounts/deps'
import { ensurePolicies } from '../../acts/ensure-policies'
import type { Database } from '../../db/database'
import { Vault } from '../../db/vault'
import type { Role } from '../../domain/actors'
import { isOpen, type Status } from '../../domain/statuses'
import { loadConfig, type Config } from '../../platform/config'
import { createLogger } from '../../platform/logger'
import { connectTemporal, type TemporalLink } from '../../platform/temporal/connection'
import { createAccessTokens } from '../../platform/tokens'
import { incidentWorkflowId } from '../../workflows/contracts/incident'
import { callApi, signUp, type Ask, type Reply, type Someone } from './api'
import { createTestDatabase, type TestDatabase } from './database'
import { eventually } from './eventually'
import { ensureBuilt, freePorts, ROOT, TestProcess, temporalProgram } from './processes'
import { knowsRevision } from './run-knowledge'

const NAMESPACE = 'kesi-faults'
const STARTS_WITHIN_MS = 60_000

export interface ProductOptions {
  /** Further settings of API and worker. */
  readonly env?: Readonly<Record<string, string>>
}

/** One API process. */
export interface TestReplica {
  readonly url: string
  readonly process: TestProcess
  /** Resolves when it answers. */
  start(): Promise<void>
}

/**
 * The product as it runs: API and worker as processes of their own over HTTP, a Temporal server of its own that keeps a file, and a
 * database of its own. Each of them can be killed and started again; nothing else is ever touched.
 */
export class TestProduct {
  readonly #replicas: TestReplica[] = []

  private constructor(
    readonly test: TestDatabase,
    readonly env: Readonly<Record<string, string>>,
    readonly config: Config,
    readonly link: TemporalLink,
    readonly temporal: TestProcess,
    readonly api: TestProcess,
    readonly worker: TestProcess,
    readonly dir: string,
  ) {}

  /** Builds if needed, and starts everything. */
  static async start({ env: more = {} }: ProductOptions = {}): Promise<TestProduct> {
    await ensureBuilt(setting('TEST_DATABASE_ADMIN_URL'))
    const [apiPort = 0, temporalPort = 0, uiPort = 0] = await freePorts(3)
    const dir = mkdtempSync(join(tmpdir(), 'kesi-faults-'))
    const test = await createTestDatabase({ pool: 5 })
    const env = {
      ...environment({ url: test.url, apiPort, temporalPort }),
      KESI_FILES_DIR: join(dir, 'files'),
      ...more,
    }
    const server = await temporalProgram({
      dbFile: join(dir, 'temporal.db'),
      namespace: NAMESPACE,
      port: temporalPort,
      uiPort,
    })
    const temporal = new TestProcess({ ...server, env: {}, logFile: join(dir, 'temporal.log') })
    const config = loadConfig(env)
    const product = new TestProduct(
      test,
      env,
      config,
      connectTemporal(config),
      temporal,
      node('api', { env, logFile: join(dir, 'api.log') }),
      node('worker', { env, logFile: join(dir, 'worker.log') }),
      dir,
    )
    try {
      await ensurePolicies(test.db)
      await Promise.all([product.startTemporal(), product.startApi()])
      await product.startWorker()
    } catch (error) {
      await product.stop()
      throw error
    }
    return product
  }

  get db(): Database {
    return this.test.db
  }

  get temporalFile(): string {
    return join(this.dir, 'temporal.db')
  }

  /** Where uploads are kept. */
  get filesDir(): string {
    return join(this.dir, 'files')
  }

  call(method: string, path: string, ask?: Ask): Promise<Reply> {
    return callApi(this.url + path, method, ask)
  }

  /** The same, and an error that says what came back when its status is none of `wanted`. */
  async ask(method: string, path: string, ask: Ask, ...wanted: number[]): Promise<Reply['body']> {
    const reply = await this.call(method, path, ask)
    if (wanted.includes(reply.status)) return reply.body
    throw new Error(
      `${method} ${path} answered ${reply.status} ${String(reply.body?.code)} ${String(reply.body?.detail)}`,
    )
  }

  /** An account of that role, signed in. */
  someone(role: Role, about?: { readonly providerType?: string }): Promise<Someone> {
    return signUp(this.#accounts, role, about)
  }

  /** Verified, available providers, by their ids. */
  async providers(count: number, { capacity }: { readonly capacity: number }): Promise<Map<string, Someone>> {
    const people = await Promise.all(Array.from({ length: count }, () => this.someone('provider')))
    const ids = people.map(person => person.id)
    await this.db('provider_profiles').whereIn('user_id', ids).update({ verification: 'verified', capacity })
    return new Map(people.map(person => [person.id, person]))
  }

  /** Resolves when Temporal serves its namespace; milliseconds on this process's clock of when that was. */
  async startTemporal(): Promise<number> {
    this.temporal.start()
    await this.#until(this.temporal, () =>
      this.link.withDeadline(client => client.workflowService.describeNamespace({ namespace: NAMESPACE })),
    )
    return Date.now()
  }

  /** Kills Temporal and deletes everything it knew. */
  async loseTemporal(): Promise<void> {
    await this.temporal.end('SIGKILL')
    for (const end of ['', '-wal', '-shm']) rmSync(`${this.temporalFile}${end}`, { force: true })
  }

  get url(): string {
    return `http://127.0.0.1:${this.config.port}`
  }

  startApi(): Promise<void> {
    return this.#startApi(this.api, this.url)
  }

  /** Another API on the same record, started. */
  async addReplica(): Promise<TestReplica> {
    const [port = 0] = await freePorts(1)
    const env = { ...this.env, KESI_PORT: String(port) }
    const process = node('api', { env, logFile: join(this.dir, `api-${port}.log`) })
    const url = `http://127.0.0.1:${port}`
    const replica = { url, process, start: () => this.#startApi(process, url) }
    this.#replicas.push(replica)
    await replica.start()
    return replica
  }

  async #startApi(api: TestProcess, url: string): Promise<void> {
    api.start()
    await this.#until(api, async () => (await callApi(`${url}/health/live/`, 'GET')).status === 200)
  }

  /** Resolves when the worker takes work. */
  async startWorker(): Promise<void> {
    this.worker.start()
    await this.#until(this.worker, async () => this.worker.newLog.includes('"msg":"working"'))
  }

  /** Waits until every workflow has heard of every change; answers how long that took, in milliseconds. */
  async untilAllHeard(withinMs: number): Promise<number> {
    const began = performance.now()
    await eventually(async () => !(await this.db('events').whereNotNull('signal').first('id')), {
      withinMs,
      everyMs: 50,
    })
    return performance.now() - began
  }

  /** Fails unless every open incident has a run that knows its newest revision. */
  async untilAllKnown(withinMs = 60_000): Promise<number> {
    const rows = await this.db('incidents').select<{ id: string; status: Status }[]>('id', 'status')
    const open = rows.filter(row => isOpen(row.status))
    for (const { id } of open)
      await eventually(
        async () => {
          const row = await this.db('incidents').where({ id }).first<{ rev: number; status: Status }>('rev', 'status')
          if (!isOpen(row.status)) return true
          return knowsRevision(this.db, this.link.client.workflow.getHandle(incidentWorkflowId(id)), { id, ...row })
        },
        { withinMs, everyMs: 100 },
      )
    return open.length
  }

  /** Ends everything that was started here and removes it. */
  async stop(): Promise<void> {
    const processes = [this.api, this.worker, ...this.#replicas.map(replica => replica.process)]
    await Promise.all(processes.map(process => process.end('SIGTERM')))
    await this.link.close().catch(() => undefined)
    await this.temporal.end('SIGKILL')
    await this.test.drop()
    rmSync(this.dir, { recursive: true, force: true })
  }

  get #accounts(): AccountDeps {
    const { config } = this
    return {
      db: this.db,
      vault: new Vault(config.keyRing),
      logger: createLogger({ level: 'silent', name: 'test' }),
      indexKey: config.blindIndexKey,
      accessTokens: createAccessTokens({ keys: config.jwtKeys, seconds: config.accessTokenSeconds }),
      refreshTokenDays: config.refreshTokenDays,
      now: () => new Date(),
    }
  }

  async #until(started: TestProcess, isReady: () => Promise<unknown>): Promise<void> {
    await eventually(
      async () => {
        if (!started.runs) return 'ended'
        return (await isReady()) ? 'ready' : undefined
      },
      { withinMs: STARTS_WITHIN_MS, everyMs: 50 },
    ).then(state => {
      if (state === 'ended') throw new Error(`a process ended while it was starting:\n${started.newLog.slice(-2_000)}`)
    })
  }
}

/** One of the product's own processes. */
function node(
  name: 'api' | 'worker',
  { env, logFile }: { readonly env: Readonly<Record<string, string>>; readonly logFile: string },
): TestProcess {
  const args = ['--enable-source-maps', join(ROOT, 'dist', name, 'main.js')]
  return new TestProcess({ command: process.execPath, args, env, logFile })
}

function environment({ url, apiPort, temporalPort }: { url: string; apiPort: number; temporalPort: number }) {
  const key = (): string => `t1:${randomBytes(32).toString('base64')}`
  return {
    KESI_MODE: 'test',
    DATABASE_URL: url,
    TEMPORAL_ADDRESS: `127.0.0.1:${temporalPort}`,
    KESI_TEMPORAL_NAMESPACE: NAMESPACE,
    KESI_TASK_QUEUE_PREFIX: `f${randomBytes(6).toString('hex')}`,
    KESI_PORT: String(apiPort),
    KESI_KEY_RING: key(),
    KESI_CODEC_KEYS: key(),
    KESI_BLIND_INDEX_KEY: key(),
    KESI_JWT_KEYS: key(),
    KESI_ACCESS_TOKEN_SECONDS: '3600',
    // A crowd of a test comes from one address and a few people.
    KESI_LIMITS: 'off',
  }
}

function setting(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run the tests by \`npm test\``)
  return value
}
