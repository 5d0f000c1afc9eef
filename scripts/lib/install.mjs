import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Failure } from './failure.mjs'
import { readJson } from './private-file.mjs'
import { lastLines } from './processes.mjs'
import { DATA_DIR, PROJECT } from './project.mjs'

const MODULES = join(PROJECT, 'node_modules')
const STAMP = join(MODULES, '.install-stamp')
const INSTALLED = join(MODULES, '.package-lock.json')

/** Installs the packages of the lock unless exactly these are installed for this Node and machine; needs no network then. */
export async function ensureInstalled(progress, ending) {
  const lock = readFileSync(join(PROJECT, 'package-lock.json'))
  const wanted = stampOf(lock)
  if (readStamp() === wanted) return
  // Somebody may have run npm themselves: what it put there is as good, and node_modules in use must not be taken away.
  if (!holdsAll(JSON.parse(lock).packages)) {
    await progress.step('Installing packages (npm ci; about a minute, once)', () => npmCi(ending))
  }
  // npm ci begins by removing node_modules, so an install that broke has no stamp.
  writeFileSync(STAMP, wanted)
}

// npm writes down what it has installed when it is done. A package that is optional may be missing, unless it is the one for this very
// platform; of those that also name a C library only npm knows which fits.
function holdsAll(packages) {
  const installed = readJson(INSTALLED)?.packages
  return Object.entries(packages).every(([place, { version, integrity, optional, os, cpu, libc }]) => {
    const found = installed?.[place]
    if (place === '' || (found && found.version === version && found.integrity === integrity)) return true
    const isForHere = os?.includes(process.platform) && cpu?.includes(process.arch) && libc === undefined
    return installed !== undefined && !found && Boolean(optional) && !isForHere
  })
}

function stampOf(lock) {
  return createHash('sha256')
    .update(lock)
    .update(`${process.version} ${process.platform} ${process.arch}`)
    .digest('hex')
}

function readStamp() {
  return existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : undefined
}

async function npmCi(ending) {
  mkdirSync(DATA_DIR, { recursive: true })
  const logFile = join(DATA_DIR, 'install.log')
  const log = openSync(logFile, 'w')
  const [command, ...args] = npmCommand()
  // The build needs the development packages, also where NODE_ENV says production.
  const child = spawn(command, [...args, 'ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: PROJECT,
    stdio: ['ignore', log, log],
    shell: command === 'npm' && process.platform === 'win32',
    signal: ending,
  })
  closeSync(log)
  const code = await new Promise(resolve => {
    child.once('exit', resolve)
    child.once('error', error => resolve(error.message))
  })
  ending?.throwIfAborted()
  if (code === 0) return
  throw new Failure(
    `npm ci did not succeed (${code}). Last lines of ${logFile}:\n${lastLines(logFile, 15)}`,
    'see that the package registry can be reached ("npm ping") and the disk has 1 GB free, then run the command again',
  )
}

// npm's own script under this very Node: the npm of the PATH may belong to another one, and on Windows it is a shell script.
function npmCommand() {
  const beside = dirname(process.execPath)
  const script = [
    process.env.npm_execpath,
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ].find(path => path && basename(path) === 'npm-cli.js' && existsSync(path))
  return script ? [process.execPath, script] : ['npm']
}
