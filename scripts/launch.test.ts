import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const LAUNCH = pathToFileURL(resolve('scripts/lib/launch.mjs')).href
const NICENESS = 7

/** The start scripts are modules that this test cannot load itself, so they are run: one sleeper is launched, looked at and ended. */
const LAUNCHES_A_SLEEPER = `
  import { readFileSync } from 'node:fs'
  import { getPriority } from 'node:os'
  import { launch } from '${LAUNCH}'
  const [dir, niceness] = process.argv.slice(1)
  const sleeper = await launch({
    name: 'sleeper', command: process.execPath, args: ['-e', 'setInterval(() => undefined, 1000)'],
    logFile: dir + '/sleeper.log', pidFile: dir + '/sleeper.json', niceness: Number(niceness),
    stopSignal: 'SIGTERM', graceMs: 5000, ready: async () => true, readyWithinMs: 5000, remedy: 'none',
  })
  const groupOf = pid => {
    try { return readFileSync('/proc/' + pid + '/autogroup', 'utf8') } catch { return null }
  }
  console.log(JSON.stringify({ own: getPriority(sleeper.pid), group: groupOf(sleeper.pid) }))
  await sleeper.stop()
`

test('a program that steps back does so before its own session and before others', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kesi-launch-'))
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--input-type=module', '-e', LAUNCHES_A_SLEEPER],
    ...[dir, String(NICENESS)],
  ])
  const { own, group } = JSON.parse(stdout) as { own: number; group: string | null }
  expect(own).toBe(NICENESS)
  if (existsSync('/proc/self/autogroup')) expect(group).toMatch(new RegExp(`nice ${NICENESS}$`, 'm'))
}, 30_000)
