import { createRequire } from 'node:module'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase, postgresUrl, preparePostgres } from './embedded-postgres.mjs'
import { productEnvironment } from './environment.mjs'
import { Failure } from './failure.mjs'
import { readJson, writePrivateJson } from './private-file.mjs'
import { anyFreePort, choosePort } from './ports.mjs'
import { PROJECT } from './project.mjs'
import { runOnce } from './run-once.mjs'
import { keepLogins } from './secrets.mjs'
import { findTemporalCli } from './temporal-cli.mjs'
import { askForNamespace, BEHIND_THE_RECORD, namespaceCommand, temporalForProduct } from './temporal-server.mjs'

const DATABASE = 'kesi'
const NAMESPACE = 'kesi'
const STAGE = { database: 1, temporal: 2, product: 3 }
const PRODUCT_GRACE_MS = 5000
const REQUEST_WITHIN_MS = 2000

/**
 * Decides every port and address of this start, before anything runs: `{run, database, temporal}`, `run` being what
 * run.json will say, the others undefined where a server of the person's own is used.
 */
export async function planRun({ dataDir, folders, secrets, say }) {
  const taken = new Set()
  const port = await choosePort({ what: 'API', setting: 'KESI_PORT', fallback: 8000, taken, say })
  const database = process.env.DATABASE_URL ? undefined : await databasePlan({ dataDir, taken, secrets, say })
  const temporal = process.env.TEMPORAL_ADDRESS ? undefined : await temporalPlan({ dataDir, taken, say })
  const run = {
    pid: process.pid,
    url: `http://localhost:${port}`,
    database_url:
      process.env.DATABASE_URL ||
      postgresUrl({ port: database.port, password: secrets.databasePassword, database: DATABASE }),
    temporal_address: process.env.TEMPORAL_ADDRESS || `127.0.0.1:${temporal.port}`,
    temporal_ui: temporal ? `http://localhost:${temporal.uiPort}` : (process.env.KESI_TEMPORAL_UI_URL ?? null),
    temporal_db: temporal?.dbFile ?? null,
    temporal_cli: temporal?.cli ?? null,
    log_dir: folders.logs,
    data_dir: dataDir,
    logins: secrets.logins ?? null,
  }
  return { run, database, temporal }
}

/** Fails with everything that is wrong with the settings at once, before a server is started. */
export function checkConfiguration(env) {
  const { loadConfig } = createRequire(import.meta.url)(join(PROJECT, 'dist', 'platform', 'config.js'))
  try {
    loadConfig({ ...process.env, ...env })
  } catch (error) {
    if (error.code !== 'CONFIG_INVALID') throw error
    throw new Failure(error.message, 'change the settings named above in the environment, then start again')
  }
}

/** Starts what `planRun` decided, in order, and resolves when the product answers; the servers run side by side while they start. */
export async function bringUp({ plan, secrets, folders, supervisor, progress, ending }) {
  const context = {
    plan,
    secrets,
    folders,
    supervisor,
    progress,
    ending,
    env: productEnvironment({ ...plan, secrets }),
  }
  await Promise.all([startDatabase(context), startTemporal(context)])
  await progress.step('Starting the worker and the API', () =>
    Promise.all([
      supervisor.start(workerProgram(context), STAGE.product),
      supervisor.start(apiProgram(context), STAGE.product),
    ]),
  )
}

async function databasePlan({ dataDir, taken, secrets, say }) {
  const port = await databasePort({ dataDir, taken, say })
  const access = { port, password: secrets.databasePassword, database: DATABASE }
  return { port, url: postgresUrl({ ...access, dataDir: postgresDir(dataDir) }) }
}

const postgresDir = dataDir => join(dataDir, 'postgres')

// Kept from start to start, so that a connection string written down somewhere goes on working.
async function databasePort({ dataDir, taken, say }) {
  const file = join(dataDir, 'postgres-port.json')
  const kept = readJson(file)
  const fallback = kept ?? (await anyFreePort())
  const port = await choosePort({ what: 'database', setting: 'KESI_DATABASE_PORT', fallback, taken, say })
  if (port !== kept) writePrivateJson(file, port)
  return port
}

async function temporalPlan({ dataDir, taken, say }) {
  const choose = (what, setting, fallback) => choosePort({ what, setting, fallback, taken, say })
  return {
    cli: await findTemporalCli(say),
    dbFile: join(dataDir, 'temporal.db'),
    port: await choose('Temporal server', 'KESI_TEMPORAL_PORT', 7233),
    uiPort: await choose('Temporal UI', 'KESI_TEMPORAL_UI_PORT', 8233),
  }
}

async function startDatabase({ plan: { run, database }, secrets, folders, supervisor, progress, ending, env }) {
  const { say, step } = progress
  if (database) {
    const dataDir = postgresDir(run.data_dir)
    await step(existsSync(dataDir) ? 'Starting PostgreSQL' : 'Making and starting PostgreSQL', async () => {
      const access = { port: database.port, password: secrets.databasePassword }
      const program = await preparePostgres({
        dataDir,
        ...access,
        settings: ['max_connections=200'],
        initdbFlags: [],
        folders,
        say,
      })
      await supervisor.start(program, STAGE.database)
      await createDatabase(postgresUrl({ ...access, database: 'postgres' }), DATABASE)
    })
    say(`PostgreSQL is ready on port ${database.port}`)
  } else {
    say('Using the PostgreSQL that DATABASE_URL names')
  }
  const remedy = database
    ? `read the lines above; "npm run doctor" explains the installation`
    : 'see that the server in DATABASE_URL runs, is PostgreSQL 15 or newer, and its user owns the database'
  const logFile = join(folders.logs, 'migrate.log')
  const migrate = { name: 'migration of the database', args: ['dist/db/migrate.js'], env, logFile, remedy, ending }
  await step('Bringing the database to its newest form', () => runOnce(migrate))
  if ((process.env.KESI_MODE || 'demo') === 'demo') await seedDemo({ run, secrets, progress, ending, env })
}

// The seed prints passwords, so nothing of what it prints is kept in a log.
async function seedDemo({ run, secrets, progress, ending, env }) {
  const remedy = 'read the lines above; to begin with an empty database, stop and remove the data folder'
  const seed = { name: 'demo seed', args: ['dist/scripts/seed.js'], env, remedy, ending }
  const printed = await progress.step('Looking after the demo data', () => runOnce(seed))
  const { logins } = JSON.parse(printed.trim().split('\n').at(-1))
  if (!logins) return
  keepLogins(run.data_dir, secrets, logins)
  run.logins = logins
}

async function startTemporal({ plan: { run, temporal }, folders, supervisor, progress }) {
  if (!temporal) return useGivenTemporal(run.temporal_address, progress)
  const program = temporalForProduct({
    ...temporal,
    namespace: NAMESPACE,
    codecEndpoint: `${run.url}/api/codec`,
    folders,
  })
  await progress.step(existsSync(temporal.dbFile) ? 'Starting Temporal' : 'Making and starting Temporal', () =>
    supervisor.start(program, STAGE.temporal),
  )
  progress.say(`Temporal is ready on port ${temporal.port}`)
}

async function useGivenTemporal(address, progress) {
  const namespace = process.env.KESI_TEMPORAL_NAMESPACE || NAMESPACE
  progress.say(`Using the Temporal server at ${address}, namespace ${namespace}`)
  const answer = await askForNamespace(address, namespace)
  if (answer === 'silent') {
    throw new Failure(
      `No Temporal server answers at ${address}.`,
      'start it, or unset TEMPORAL_ADDRESS to have one started',
    )
  }
  if (answer === 'missing') {
    throw new Failure(
      `The Temporal server at ${address} has no namespace ${namespace}.`,
      namespaceCommand(address, namespace),
    )
  }
}

function workerProgram({ folders, env }) {
  const program = nodeProgram({ name: 'worker', file: 'dist/worker/main.js', folders, env, ready: async () => true })
  return { ...program, niceness: BEHIND_THE_RECORD }
}

function apiProgram({ folders, env }) {
  const health = `http://127.0.0.1:${env.KESI_PORT}/health/ready`
  const answersReady = () =>
    fetch(health, { signal: AbortSignal.timeout(REQUEST_WITHIN_MS) }).then(
      reply => reply.ok,
      () => false,
    )
  return nodeProgram({ name: 'api', file: 'dist/api/main.js', folders, env, ready: answersReady })
}

function nodeProgram({ name, file, folders, env, ready }) {
  return {
    name,
    command: process.execPath,
    args: ['--enable-source-maps', join(PROJECT, file)],
    env,
    cwd: PROJECT,
    logFile: join(folders.logs, `${name}.log`),
    pidFile: join(folders.pids, `${name}.json`),
    stopSignal: 'SIGTERM',
    graceMs: PRODUCT_GRACE_MS,
    ready,
    readyWithinMs: 60_000,
    remedy: 'read the lines above; "npm run doctor" explains the installation',
  }
}
