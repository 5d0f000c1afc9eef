import { execFileSync } from 'node:child_process'
import { linesOf, type Figure, type Line } from './figures'
import { loadLauncher, type Launcher } from './launcher'
import { removeLeftovers } from './leftovers'
import { readOptions } from './options'
import { commitOf, keepResults, machineOf, resultsOf, tableOf, type Machine } from './report'
import type { Row } from './row'
import { accept } from './rows/accept'
import { firstOffer } from './rows/first-offer'
import { intake } from './rows/intake'
import { lateness } from './rows/lateness'
import { push } from './rows/push'
import { reads } from './rows/reads'
import { rebuild } from './rows/rebuild'
import { sockets } from './rows/sockets'
import { whole } from './rows/whole'
import { closeAllStacks, Stack } from './stack'

/** In this order, so that a short run on one set of servers leaves nothing due behind for the next row. */
const ROWS: readonly Row[] = [intake, accept, whole, firstOffer, push, reads, sockets, lateness, rebuild]
const EXIT_WHEN_INTERRUPTED = 130

/** The bench has servers of its own, so what points at an installation must not reach it. */
function forgetInstallation(): void {
  for (const key of Object.keys(process.env)) {
    if (key.startsWith('KESI_') || key === 'DATABASE_URL' || key === 'TEMPORAL_ADDRESS') delete process.env[key]
  }
}

async function main(): Promise<void> {
  forgetInstallation()
  const options = readOptions(
    process.argv.slice(2),
    ROWS.map(row => row.name),
  )
  const launcher = await loadLauncher()
  const began = performance.now()
  const say = (text: string): void =>
    console.log(`[${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s] ${text}`)
  await removeLeftovers(launcher, say)
  const commit = commitOf()
  const measured: { row: Row; lines: Line[] }[] = []
  let machine: Machine | undefined
  for (const row of ROWS.filter(each => options.rows.includes(each.name))) {
    const runs: Figure[][] = []
    for (let run = 1; run <= options.runs; run++) {
      say(`${row.name}: run ${run} of ${options.runs}`)
      const stack = await Stack.start({ launcher, say, profileDir: options.profileDir, settings: row.settings })
      try {
        machine ??= await describeMachine(stack, launcher)
        runs.push(await row.measure(stack, options.sizes, say))
      } finally {
        await stack.close()
      }
    }
    const lines = linesOf(runs)
    console.log(`\n${row.name}\n${tableOf(lines)}\n`)
    measured.push({ row, lines })
  }
  if (machine) say(`Results: ${keepResults(resultsOf(measured, { machine, options, commit }))}.{json,md}`)
}

async function describeMachine({ db }: Stack, launcher: Launcher): Promise<Machine> {
  const { rows } = await db.raw<{ rows: [{ server_version: string }] }>('show server_version')
  const cli = await launcher.findTemporalCli(() => undefined)
  const temporal = execFileSync(cli, ['--version']).toString().trim().replace('temporal version ', '')
  return machineOf({ postgres: rows[0].server_version, temporal })
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    console.log('Stopping the servers of the bench')
    void closeAllStacks().finally(() => process.exit(EXIT_WHEN_INTERRUPTED))
  })
}

main().catch(async (error: unknown) => {
  await closeAllStacks()
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
