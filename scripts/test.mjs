// npm test [-- arguments of jest]: installs, starts the servers the tests need, runs jest, stops the servers, and counts what ran.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from './lib/command.mjs'
import { Failure } from './lib/failure.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { interruption } from './lib/interruption.mjs'
import { readJson } from './lib/private-file.mjs'
import { createProgress } from './lib/progress.mjs'
import { PROJECT } from './lib/project.mjs'
import { startTestServers } from './lib/test-servers.mjs'

const EXIT_WHEN_INTERRUPTED = 130

await runCommand(async () => {
  const ending = new AbortController()
  let servers
  void interruption(() => process.exit(EXIT_WHEN_INTERRUPTED)).then(() => ending.abort())
  try {
    const progress = createProgress()
    await ensureInstalled(progress, ending.signal)
    servers = await progress.step('Starting the servers of the tests', () =>
      startTestServers(progress.say, ending.signal),
    )
    progress.say('PostgreSQL and Temporal are ready')
    const result = await runJest(process.argv.slice(2), servers.env, ending.signal)
    await servers.stop()
    servers = undefined
    report(result)
  } catch (error) {
    await servers?.stop()
    if (!ending.signal.aborted) throw error
    process.exitCode = EXIT_WHEN_INTERRUPTED
  }
})

async function runJest(args, env, ending) {
  const resultFile = join(tmpdir(), `kesi-jest-${process.pid}.json`)
  const jest = join('node_modules', 'jest', 'bin', 'jest.js')
  const child = spawn(process.execPath, [jest, '--maxWorkers=2', '--json', `--outputFile=${resultFile}`, ...args], {
    cwd: PROJECT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
  ending.addEventListener('abort', () => child.kill('SIGTERM'))
  await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  ending.throwIfAborted()
  const result = readJson(resultFile)
  rmSync(resultFile, { force: true })
  if (!result) throw new Failure('jest ended without a result.', 'read what it printed above')
  return result
}

// The closing line is for people and machines alike, so it is the last one, whatever happened.
function report(result) {
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites
  const skipped = result.numPendingTests + result.numTodoTests
  process.exitCode = result.success && result.numPassedTests > 0 ? 0 : 1
  if (result.numTotalTests === 0) console.log('No test ran: see that the path names a test file.')
  if (result.numRuntimeErrorTestSuites > 0) {
    console.log(`${result.numRuntimeErrorTestSuites} test files could not be run; each counts as one failed test.`)
  }
  console.log(`${result.numPassedTests} passed, ${failed} failed, ${skipped} skipped`)
}
