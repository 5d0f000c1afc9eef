import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { postgresUrl, preparePostgres } from './embedded-postgres.mjs'
import { launch } from './launch.mjs'
import { anyFreePort } from './ports.mjs'
import { rememberedProcess, rememberProcess, stopProcess } from './processes.mjs'
import { DATA_DIR, foldersIn } from './project.mjs'
import { findTemporalCli } from './temporal-cli.mjs'
import { temporalForTests } from './temporal-server.mjs'

const NAMESPACE = 'kesi-test'
const PREFIX = 'test-run-'
const OWNER = 'owner.json'

// The data is thrown away with the run, so nothing is gained by waiting for the disk.
const FAST_SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300']

/**
 * Finds or starts the servers the tests need and answers `{env, stop}`: the variables that say where they are, and the end of what was
 * started here. A PostgreSQL is taken from TEST_DATABASE_URL or DATABASE_URL when set; Temporal is always its own, because only that
 * one can skip time. When `ending`, an AbortSignal, says so meanwhile, what was started is ended.
 */
export async function startTestServers(say, ending) {
  await removeLeftBehind(say)
  const dir = join(DATA_DIR, `${PREFIX}${randomBytes(4).toString('hex')}`)
  mkdirSync(dir, { recursive: true })
  rememberProcess(join(dir, OWNER), process.pid)
  const started = []
  const stop = async () => {
    for (const server of started.toReversed()) await server.stop()
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    const database =
      process.env.TEST_DATABASE_URL || process.env.DATABASE_URL || (await startPostgres({ dir, started, say, ending }))
    const temporal = await startTemporal({ dir, started, say, ending })
    return {
      env: { TEST_DATABASE_ADMIN_URL: database, TEST_TEMPORAL_ADDRESS: temporal, TEST_TEMPORAL_NAMESPACE: NAMESPACE },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startPostgres({ dir, started, say, ending }) {
  const port = await anyFreePort()
  const password = randomBytes(16).toString('hex')
  const dataDir = join(dir, 'postgres')
  const program = await preparePostgres({
    dataDir,
    port,
    password,
    settings: FAST_SETTINGS,
    initdbFlags: ['--no-sync'],
    folders: foldersIn(dir),
    say,
  })
  started.push(await launch(program, ending))
  return postgresUrl({ port, password, database: 'postgres', dataDir })
}

async function startTemporal({ dir, started, say, ending }) {
  const port = await anyFreePort()
  const cli = await findTemporalCli(say)
  started.push(await launch(temporalForTests({ cli, namespace: NAMESPACE, port, folders: foldersIn(dir) }), ending))
  return `127.0.0.1:${port}`
}

// A run that was killed leaves its servers and its folder behind; the next one clears them away.
async function removeLeftBehind(say) {
  if (!existsSync(DATA_DIR)) return
  for (const name of readdirSync(DATA_DIR).filter(each => each.startsWith(PREFIX))) {
    const dir = join(DATA_DIR, name)
    if (rememberedProcess(join(dir, OWNER))) continue
    say(`Removing the test servers that an earlier run left behind (${name})`)
    for (const server of ['temporal', 'postgres']) {
      const pid = rememberedProcess(join(foldersIn(dir).pids, `${server}.json`))
      if (pid) await stopProcess(pid, { signal: 'SIGINT', graceMs: 5000 })
    }
    rmSync(dir, { recursive: true, force: true })
  }
}
