import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The project's folder; the compiled bench stands in its `dist/bench`. */
export const PROJECT = join(__dirname, '..', '..')

/** A server process to launch, as `scripts/lib/launch.mjs` describes it. */
export interface Program {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly niceness?: number
  readonly [setting: string]: unknown
}

export interface Running {
  readonly name: string
  readonly pid: number
  stop(): Promise<void>
}

export interface Folders {
  readonly logs: string
  readonly pids: string
}

export interface Secrets {
  readonly databasePassword: string
  readonly settings: Readonly<Record<string, string>>
}

type Say = (text: string) => void

/** The parts of the start scripts that the bench uses too, so that it measures the servers that `npm start` runs. */
export interface Launcher {
  launch(program: Program): Promise<Running>
  anyFreePort(): Promise<number>
  foldersIn(dir: string): Folders
  loadSecrets(dir: string): Secrets
  productEnvironment(of: { run: Record<string, unknown>; secrets: Secrets }): Record<string, string>
  preparePostgres(options: Record<string, unknown>): Promise<Program>
  postgresUrl(options: { port: number; password: string; database: string; dataDir?: string }): string
  createDatabase(adminUrl: string, name: string): Promise<void>
  findTemporalCli(say: Say): Promise<string>
  temporalForProduct(options: Record<string, unknown>): Program
  /** The niceness of the worker, as `npm start` has it. */
  readonly BEHIND_THE_RECORD: number
  rememberProcess(file: string, pid: number): void
  rememberedProcess(file: string): number | undefined
  stopProcess(pid: number, how: { signal: string; graceMs: number }): Promise<void>
}

/** Loads the start scripts. They are modules of their own that need no build, so they are found by path. */
export async function loadLauncher(): Promise<Launcher> {
  const files = [
    ...['launch', 'ports', 'project', 'secrets', 'environment'],
    ...['embedded-postgres', 'temporal-cli', 'temporal-server', 'processes'],
  ]
  const modules = await Promise.all(
    files.map(file => import(pathToFileURL(join(PROJECT, 'scripts', 'lib', `${file}.mjs`)).href) as Promise<object>),
  )
  return Object.assign({}, ...modules) as Launcher
}
