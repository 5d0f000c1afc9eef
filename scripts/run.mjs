// node scripts/run.mjs <path under dist/, without .js> [arguments]: runs a compiled script with the settings of the running product.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuilt } from './lib/build.mjs'
import { runCommand } from './lib/command.mjs'
import { productEnvironment } from './lib/environment.mjs'
import { Failure } from './lib/failure.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { createProgress } from './lib/progress.mjs'
import { DATA_DIR, PROJECT } from './lib/project.mjs'
import { readRun } from './lib/run-file.mjs'
import { loadSecrets } from './lib/secrets.mjs'

await runCommand(async () => {
  const [path, ...args] = process.argv.slice(2)
  if (!path) throw new Failure('Which script?', 'node scripts/run.mjs scripts/doctor')
  // On stderr, because stdout belongs to the script: somebody may pipe it.
  const progress = createProgress(console.error)
  await ensureInstalled(progress)
  await ensureBuilt(progress)
  const file = join(PROJECT, 'dist', `${path}.js`)
  if (!existsSync(file))
    throw new Failure(`There is no ${path}.ts.`, 'name a script as its path without .ts, such as scripts/doctor')
  process.exitCode = await runToEnd([file, ...args], environmentBesideProduct())
})

// What the person set wins here, also over the addresses: that is how a script is pointed at another installation.
function environmentBesideProduct() {
  const run = readRun(DATA_DIR)
  return run ? { ...productEnvironment({ run, secrets: loadSecrets(DATA_DIR) }), ...process.env } : process.env
}

function runToEnd(args, env) {
  const child = spawn(process.execPath, ['--enable-source-maps', ...args], { cwd: PROJECT, env, stdio: 'inherit' })
  // From a terminal the child has had the same signal; from elsewhere it gets it here. Either way its end is waited for.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal ? 1 : code))
  })
}
