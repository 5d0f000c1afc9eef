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

const SHARED = ['--maxWorkers=2']
// The fault tests kill whole products and count seconds: they have the machine to themselves, after everything else.
const EVERYTHING_ELSE = [...SHARED, '--testPathIgnorePatterns', '/node_modules/', '<rootDir>/dist/', '/test/faults/']
const FAULTS = ['--runInBand', 'test/faults']

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
    const passes = process.argv.length > 2 ? [[...SHARED, ...process.argv.slice(2)]] : [EVERYTHING_ELSE, FAULTS]
    const results = []
    for (const args of passes) results.push(await runJest(args, servers.env, ending.signal))
    await servers.stop()
    servers = undefined
    report(results)
  } catch (error) {
    await servers?.stop()
    if (!ending.signal.aborted) throw error
    process.exitCode = EXIT_WHEN_INTERRUPTED
  }
})

async function runJest(args, env, ending) {
  const resultFile = join(tmpdir(), `kesi-jest-${process.pid}.json`)
  const jest = join('node_modules', 'jest', 'bin', 'jest.js')
  const child = spawn(process.execPath, [jest, '--json', `--outputFile=${resultFile}`, ...args], {
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
function report(results) {
  const sum = name => results.reduce((total, result) => total + result[name], 0)
  const unrunnable = sum('numRuntimeErrorTestSuites')
  const passed = sum('numPassedTests')
  const skipped = sum('numPendingTests') + sum('numTodoTests')
  process.exitCode = results.every(result => result.success) && passed > 0 ? 0 : 1
  if (sum('numTotalTests') === 0) console.log('No test ran: see that the path names a test file.')
  if (unrunnable > 0) console.log(`${unrunnable} test files could not be run; each counts as one failed test.`)
  console.log(`${passed} passed, ${sum('numFailedTests') + unrunnable} failed, ${skipped} skipped`)
}
