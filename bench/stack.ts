import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { migrateToHead } from '../db/migrate'
import { closeDatabase, openDatabase, type Database } from '../db/database'
import { connectTemporal, type TemporalLink } from '../platform/temporal/connection'
import { loadConfig, type Config } from '../platform/config'
import { ensurePolicies } from '../acts/ensure-policies'
import { cpuSeconds, type CpuSeconds } from './cpu'
import { PROJECT, type Folders, type Launcher, type Program, type Running, type Secrets } from './launcher'

const NAMESPACE = 'kesi'
/** A run may take longer than the quarter of an hour that an access token usually lives. */
const TOKEN_SECONDS = '3600'

export interface StackOptions {
  readonly launcher: Launcher
  readonly say: (text: string) => void
  /** Where the API writes a CPU profile when it ends; none without it. */
  readonly profileDir?: string | undefined
  /** Further settings of PostgreSQL, as `name=value`. */
  readonly settings?: readonly string[] | undefined
}

/**
 * Throw-away servers for one run: a durable PostgreSQL, a Temporal with the file settings of `npm start`, and on demand the product's own
 * API and worker as processes.
 */
export class Stack {
  readonly #running = new Map<string, Running>()
  readonly #program = new Map<string, Program>()
  #productEnv: Readonly<Record<string, string>> | undefined
  #closed: Promise<void> | undefined

  private constructor(
    private readonly options: StackOptions,
    private readonly dir: string,
    readonly env: Readonly<Record<string, string>>,
    readonly config: Config,
    /** The bench's own connections to the product's database. */
    readonly db: Database,
    readonly temporal: TemporalLink,
    readonly temporalDb: string,
  ) {}

  /** Makes and starts the servers; the product's processes come with `startProduct`. */
  static async start(options: StackOptions): Promise<Stack> {
    const { launcher, say } = options
    const dir = join(PROJECT, '.kesi', `${DIR_PREFIX}${randomBytes(4).toString('hex')}`)
    mkdirSync(dir, { recursive: true })
    launcher.rememberProcess(join(dir, OWNER), process.pid)
    const folders = launcher.foldersIn(dir)
    const secrets = launcher.loadSecrets(dir)
    const ports = {
      database: await launcher.anyFreePort(),
      temporal: await launcher.anyFreePort(),
      ui: await launcher.anyFreePort(),
      api: await launcher.anyFreePort(),
    }
    const env = environment(launcher, { dir, ports, secrets, folders })
    const config = loadConfig(env)
    const temporalDb = join(dir, 'temporal.db')
    const stack = new Stack(
      options,
      dir,
      env,
      config,
      openDatabase({ url: config.databaseUrl, pool: 10, name: 'kesi-bench' }),
      connectTemporal(config),
      temporalDb,
    )
    open.add(stack)
    const postgres = await launcher.preparePostgres({
      dataDir: join(dir, 'postgres'),
      port: ports.database,
      password: secrets.databasePassword,
      // As npm start runs it: fsync and synchronous_commit stay on.
      settings: ['max_connections=200', ...(options.settings ?? [])],
      initdbFlags: [],
      ...{ folders, say },
    })
    const temporal = launcher.temporalForProduct({
      cli: await launcher.findTemporalCli(say),
      dbFile: temporalDb,
      namespace: NAMESPACE,
      port: ports.temporal,
      uiPort: ports.ui,
      codecEndpoint: `${String(env['KESI_URL'])}/api/codec`,
      folders,
    })
    await stack.#launchAll([postgres, temporal])
    const access = { port: ports.database, password: secrets.databasePassword }
    await launcher.createDatabase(launcher.postgresUrl({ ...access, database: 'postgres' }), NAMESPACE)
    await migrateToHead(stack.db)
    await ensurePolicies(stack.db)
    return stack
  }

  get url(): string {
    return `http://127.0.0.1:${this.config.port}`
  }

  /** The log file of a server. */
  logOf(name: 'postgres' | 'temporal' | 'worker' | 'api'): string {
    return join(this.options.launcher.foldersIn(this.dir).logs, `${name}.log`)
  }

  /** Starts the product's worker and API, once, with these settings beside the usual ones; resolves when the API is ready. */
  async startProduct(more: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.#productEnv) return
    this.#productEnv = more
    const { profileDir } = this.options
    const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`]
    const ready = (): Promise<boolean> =>
      fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2000) }).then(
        reply => reply.ok,
        () => false,
      )
    await this.#launchAll([
      {
        ...this.#node('worker', ['dist/worker/main.js'], async () => true),
        niceness: this.options.launcher.BEHIND_THE_RECORD,
      },
      this.#node('api', [...profile, 'dist/api/main.js'], ready),
    ])
  }

  /** The processor time each server process has used so far, and the bench itself as `client`. */
  cpu(): CpuSeconds {
    const pids = [...this.#running].map(([name, { pid }]) => [name, pid] as const)
    const self = process.cpuUsage()
    const servers = cpuSeconds(new Map(pids))
    return Object.keys(servers).length === 0 ? {} : { ...servers, client: (self.user + self.system) / 1_000_000 }
  }

  /** Ends one server process and waits until it is gone. */
  async stop(name: 'postgres' | 'temporal' | 'worker' | 'api'): Promise<void> {
    await this.#running.get(name)?.stop()
    this.#running.delete(name)
  }

  /** Starts a server process again that was stopped. */
  async startAgain(name: 'postgres' | 'temporal' | 'worker' | 'api'): Promise<void> {
    const program = this.#program.get(name)
    if (!program) throw new Error(`${name} was never started`)
    await this.#launch(program)
  }

  /** Runs a script of the product beside it, to its end. */
  async run(script: string): Promise<void> {
    const child = spawn(process.execPath, [join('dist', `${script}.js`)], {
      cwd: PROJECT,
      env: { ...process.env, ...this.env },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const code = await new Promise(resolve => child.once('exit', resolve))
    if (code !== 0) throw new Error(`${script} ended with ${String(code)}`)
  }

  /** Ends everything, the product first, and removes the data; called again, it answers the same end. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    for (const name of ['api', 'worker'] as const) await this.stop(name)
    await this.temporal.close().catch(() => undefined)
    await closeDatabase(this.db)
    for (const name of ['temporal', 'postgres'] as const) await this.stop(name)
    rmSync(this.dir, { recursive: true, force: true })
    open.delete(this)
  }

  /** Starts several at once. When one does not start, everything is ended: one that is still starting would be left running. */
  async #launchAll(programs: readonly Program[]): Promise<void> {
    const launched = await Promise.allSettled(programs.map(each => this.#launch(each)))
    const failed = launched.find(each => each.status === 'rejected')
    if (!failed) return
    await this.close()
    throw failed.reason
  }

  async #launch(program: Program): Promise<void> {
    this.#program.set(program.name, program)
    this.#running.set(program.name, await this.options.launcher.launch(program))
  }

  #node(name: string, args: readonly string[], ready: () => Promise<boolean>): Program {
    const { logs, pids } = this.options.launcher.foldersIn(this.dir)
    return {
      name,
      command: process.execPath,
      args,
      env: { ...this.env, ...this.#productEnv },
      cwd: PROJECT,
      logFile: join(logs, `${name}.log`),
      pidFile: join(pids, `${name}.json`),
      stopSignal: 'SIGTERM',
      graceMs: 10_000,
      ready,
      readyWithinMs: 60_000,
      remedy: 'read the lines above',
    }
  }
}

/** The folders of throw-away servers, under `.kesi`. */
export const DIR_PREFIX = 'bench-run-'
/** In such a folder: the process that the servers belong to. */
export const OWNER = 'owner.json'
const open = new Set<Stack>()

/** Ends every stack that still runs: for Ctrl-C. */
export async function closeAllStacks(): Promise<void> {
  await Promise.all([...open].map(stack => stack.close()))
}

function environment(
  launcher: Launcher,
  of: {
    dir: string
    ports: { database: number; temporal: number; ui: number; api: number }
    secrets: Secrets
    folders: Folders
  },
): Record<string, string> {
  const { dir, ports, secrets, folders } = of
  const run = {
    url: `http://localhost:${ports.api}`,
    database_url: launcher.postgresUrl({
      port: ports.database,
      password: secrets.databasePassword,
      database: NAMESPACE,
      dataDir: join(dir, 'postgres'),
    }),
    temporal_address: `127.0.0.1:${ports.temporal}`,
    temporal_ui: `http://localhost:${ports.ui}`,
    log_dir: folders.logs,
    data_dir: dir,
  }
  return {
    ...launcher.productEnvironment({ run, secrets }),
    KESI_ACCESS_TOKEN_SECONDS: TOKEN_SECONDS,
    // Counted as in life, but never reached.
    KESI_LIMIT_USER: '1000000',
    KESI_LIMIT_STAFF: '1000000',
  }
}
