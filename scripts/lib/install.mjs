import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Failure } from './failure.mjs'
import { lastLines } from './processes.mjs'
import { DATA_DIR, PROJECT } from './project.mjs'

const MODULES = join(PROJECT, 'node_modules')
const STAMP = join(MODULES, '.install-stamp')

/** Installs the packages of the lock unless exactly these are installed for this Node and machine; needs no network then. */
export async function ensureInstalled(progress, ending) {
  const wanted = stampOf(readFileSync(join(PROJECT, 'package-lock.json')))
  if (readStamp() === wanted) return
  await progress.step('Installing packages (npm ci; about a minute, once)', () => npmCi(ending))
  // npm ci begins by removing node_modules, so an install that broke has no stamp.
  writeFileSync(STAMP, wanted)
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
