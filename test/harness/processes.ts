import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { closeDatabase, openDatabase } from '../../db/database'

/** The project's folder. */
export const ROOT = join(__dirname, '../..')

/** Two test files that build at once would write over each other; any constant number does. */
const BUILD_LOCK = 4_217_004
const ENDS_WITHIN_MS = 10_000

/** A process that a test started: its log, and its end, of this very process alone. */
export class TestProcess {
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  /** Where the log of the newest start begins. */
  #from = 0

  constructor(
    private readonly program: {
      readonly command: string
      readonly args: readonly string[]
      readonly env: Readonly<Record<string, string>>
      readonly logFile: string
    },
  ) {}

  get runs(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts it; its output is appended to the log file. */
  start(): void {
    if (this.runs) throw new Error('it runs already')
    const { command, args, env, logFile } = this.program
    this.#from = existsSync(logFile) ? readFileSync(logFile).length : 0
    const log = openSync(logFile, 'a')
    const child = spawn(command, [...args], { cwd: ROOT, env: { ...PLAIN_ENV, ...env }, stdio: ['ignore', log, log] })
    closeSync(log)
    this.#child = child
    this.#ended = new Promise(resolve => {
      child.once('exit', () => resolve())
      child.once('error', () => resolve())
    })
  }

  /** Sends a signal and waits for the end; SIGKILL when it takes longer than 10 s. */
  async end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<void> {
    if (!this.runs) return
    const late = setTimeout(() => this.#child?.kill('SIGKILL'), ENDS_WITHIN_MS)
    this.#child?.kill(signal)
    await this.#ended
    clearTimeout(late)
  }

  /** Everything that it has ever written. */
  get log(): string {
    const { logFile } = this.program
    return existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''
  }

  /** What it has written since its newest start. */
  get newLog(): string {
    const { logFile } = this.program
    return existsSync(logFile) ? readFileSync(logFile).subarray(this.#from).toString() : ''
  }
}

/** What a process needs of this one's environment; settings of whoever runs the tests must not reach the product. */
const PLAIN_ENV: Readonly<Record<string, string>> = Object.fromEntries(
  ['PATH', 'HOME', 'SystemRoot', 'TMPDIR', 'XDG_CACHE_HOME', 'TEMPORAL_CLI_PATH', 'PIP_INDEX_URL']
    .map(name => [name, process.env[name]])
    .filter((entry): entry is [string, string] => entry[1] !== undefined),
)

const run = promisify(execFile)

/** Compiles the sources into dist/ unless it is made from exactly these; one test file does it, the others wait. */
export async function ensureBuilt(adminUrl: string): Promise<void> {
  const admin = openDatabase({ url: adminUrl, pool: 1, name: 'kesi-test-build' })
  try {
    await admin.raw('select pg_advisory_lock(?)', [BUILD_LOCK])
    await run(process.execPath, [join('scripts', 'build.mjs')], { cwd: ROOT, env: PLAIN_ENV })
    await admin.raw('select pg_advisory_unlock(?)', [BUILD_LOCK])
  } finally {
    await closeDatabase(admin)
  }
}

const TEMPORAL_PROGRAM = `
  import { findTemporalCli } from './scripts/lib/temporal-cli.mjs'
  import { temporalForProduct } from './scripts/lib/temporal-server.mjs'
  const cli = await findTemporalCli(text => console.error(text))
  const { command, args } = temporalForProduct({ ...JSON.parse(process.argv[1]), cli })
  console.log(JSON.stringify({ command, args }))`

/** The Temporal server that \`npm start\` runs, as a program; the start scripts are modules of their own that jest cannot load. */
export async function temporalProgram(settings: {
  readonly dbFile: string
  readonly namespace: string
  readonly port: number
  readonly uiPort: number
}): Promise<{ command: string; args: string[] }> {
  const given = { ...settings, codecEndpoint: 'http://127.0.0.1:1', folders: { logs: '', pids: '' } }
  const args = ['--input-type=module', '-e', TEMPORAL_PROGRAM, JSON.stringify(given)]
  const { stdout } = await run(process.execPath, args, { cwd: ROOT, env: PLAIN_ENV })
  return JSON.parse(stdout) as { command: string; args: string[] }
}

/** Runs a compiled script of the product to its end; answers what it printed. Throws when it fails. */
export async function runScript(path: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await run(process.execPath, [path], { cwd: ROOT, env: { ...PLAIN_ENV, ...env } })
  return stdout
}

/** Below the range from which systems give out ports by themselves: Temporal takes several of those for its own parts. */
const PORTS = { first: 20_000, count: 10_000 }

/** So many different ports that nobody listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  while (found.size < count) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count)
    if (await isFree(port)) found.add(port)
  }
  return [...found]
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
