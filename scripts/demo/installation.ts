import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Logins } from '../seed'
import { createKesiClient, done } from '../../api/client/kesi-client'

/** The demo cannot be played here; the remedy is what mends it. */
export class NoStage extends Error {
  override readonly name = 'NoStage'
  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message)
  }
}

/** The running product: where it is, who may sign in, and whose Temporal it uses. */
export interface Installation {
  readonly url: string
  readonly logins: Logins
  readonly dataDir: string
  readonly temporalUi: string | undefined
  /** Did `npm start` start the Temporal server, so that it starts it again when it ends? */
  readonly hasOwnTemporal: boolean
}

interface Run {
  readonly url: string
  readonly data_dir: string
  readonly temporal_ui: string | null
  readonly temporal_db: string | null
  readonly logins: Logins | null
}

const START_IT = 'start it in another terminal (npm start), wait until it says that it is ready, then run this again'

/** Finds the product that runs beside this script; throws `NoStage` when there is none, or none that the demo may play in. */
export async function findInstallation(env: NodeJS.ProcessEnv): Promise<Installation> {
  const run = readRun(env['KESI_DATA_DIR'])
  if (!run) throw new NoStage('Kesi is not running.', START_IT)
  await done(createKesiClient({ baseUrl: run.url }).GET('/health/ready/')).catch(() => {
    throw new NoStage(`Kesi does not answer at ${run.url}, or is not ready.`, START_IT)
  })
  if (!run.logins)
    throw new NoStage(
      'This installation has no demo log-ins: its database had accounts before the demo came.',
      'play in an empty one: KESI_DATA_DIR=.kesi-demo npm start, and KESI_DATA_DIR=.kesi-demo npm run demo',
    )
  return {
    url: run.url,
    logins: run.logins,
    dataDir: run.data_dir,
    temporalUi: run.temporal_ui ?? undefined,
    hasOwnTemporal: run.temporal_db !== null,
  }
}

function readRun(dataDir: string | undefined): Run | undefined {
  if (!dataDir) return undefined
  try {
    return JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as Run
  } catch {
    return undefined
  }
}

/** The process id of the Temporal server that `npm start` runs; undefined while it is down. */
export async function temporalPid({ dataDir }: Installation): Promise<number | undefined> {
  const file = join(__dirname, '..', '..', '..', 'scripts', 'lib', 'processes.mjs')
  const processes = (await import(pathToFileURL(file).href)) as { rememberedProcess(note: string): number | undefined }
  return processes.rememberedProcess(join(dataDir, 'pids', 'temporal.json'))
}
