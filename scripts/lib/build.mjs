import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { Failure } from './failure.mjs'
import { PROJECT } from './project.mjs'

const SOURCE_FOLDERS = [
  ...['domain', 'acts', 'workflows', 'activities', 'api', 'worker', 'db', 'adapters', 'platform', 'scripts', 'bench'],
]
const SETTINGS = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json']
const NOT_BUILT = /\.test\.ts$/
const NOT_COPIED = new Set(['.ts', '.mjs', '.md'])

const DIST = join(PROJECT, 'dist')
const STAMP = join(DIST, '.build-stamp')
const BUNDLER = join(DIST, 'worker', 'bundle.js')

/** Compiles the sources into dist/ and bundles the workflows, unless dist/ was made from exactly these sources. */
export async function ensureBuilt(progress, ending) {
  const sources = SOURCE_FOLDERS.flatMap(folder => filesUnder(folder)).filter(file => !NOT_BUILT.test(file))
  const wanted = hashOf([...SETTINGS, ...sources])
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return
  rmSync(STAMP, { force: true })
  await progress.step('Building', async () => {
    await run(
      [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
      'npm run typecheck',
      ending,
    )
    removeStale(sources)
    copyAssets(sources)
  })
  if (existsSync(BUNDLER)) await progress.step('Bundling the workflows', () => run([BUNDLER], 'npm run build', ending))
  else progress.say('No worker/bundle.ts yet: the workflows are not bundled')
  writeFileSync(STAMP, wanted)
}

function filesUnder(folder) {
  const path = join(PROJECT, folder)
  if (!existsSync(path)) return []
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => (entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)]))
}

function hashOf(files) {
  const hash = createHash('sha256')
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(PROJECT, file)))
      .update('\0')
  return hash.digest('hex')
}

function run(args, mendedBy, ending) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'], signal: ending })
    let output = ''
    child.stdout.on('data', text => (output += text))
    child.stderr.on('data', text => (output += text))
    child.once('error', reject)
    child.once('close', code => {
      if (code === 0) return resolve()
      const remedy = `correct the sources ("${mendedBy}" shows the errors alone), or "git checkout" a version that builds`
      reject(new Failure(`The build failed.\n${output.trimEnd()}`, remedy))
    })
  })
}

// A source that is gone must go from dist/ too: knex, for one, runs whatever lies in the folder of the migrations.
function removeStale(sources) {
  const built = new Set(sources.map(file => file.replace(/\.ts$/, '.js')))
  for (const folder of SOURCE_FOLDERS) {
    for (const file of filesUnder(join('dist', folder))) {
      const source = file.slice('dist'.length + 1).replace(/\.map$/, '')
      if (!built.has(source)) rmSync(join(PROJECT, file))
    }
  }
}

function copyAssets(sources) {
  for (const file of sources.filter(each => !NOT_COPIED.has(extname(each)))) {
    mkdirSync(dirname(join(DIST, file)), { recursive: true })
    copyFileSync(join(PROJECT, file), join(DIST, file))
  }
}
