// Starts the servers of the tests and keeps them until Ctrl-C, so that single test files can be run quickly beside them:
//   set -a; . .kesi/test-servers.env; set +a; node_modules/.bin/jest path/to/file
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { printFailure } from './lib/failure.mjs'
import { DATA_DIR } from './lib/project.mjs'
import { startTestServers } from './lib/test-servers.mjs'

const ENV_FILE = join(DATA_DIR, 'test-servers.env')

async function main() {
  const servers = await startTestServers(console.log)
  const lines = Object.entries(servers.env).map(([name, value]) => `export ${name}='${value}'\n`)
  mkdirSync(DATA_DIR, { recursive: true })
  writeFileSync(ENV_FILE, lines.join(''), { mode: 0o600 })
  console.log(`Test servers are up. In another terminal: set -a; . ${ENV_FILE}; set +a`)
  await new Promise(resolve => {
    // The timer keeps the process alive: waiting for a signal alone does not.
    const keepAlive = setInterval(() => {}, 60_000)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.once(signal, () => {
        clearInterval(keepAlive)
        resolve()
      })
    }
  })
  rmSync(ENV_FILE, { force: true })
  await servers.stop()
}

main().catch(error => {
  printFailure(error)
  process.exitCode = 1
})
