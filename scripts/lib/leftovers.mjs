import { join } from 'node:path'
import { forgetProcess, rememberedProcess, stopProcess } from './processes.mjs'

const SIGNALS = { api: 'SIGTERM', worker: 'SIGTERM', temporal: 'SIGINT', postgres: 'SIGINT' }
const GRACE_MS = 5000

/** Ends the processes that a start left behind when it was killed; two servers on one data file would spoil it. */
export async function stopLeftovers({ pids }, say) {
  for (const [name, signal] of Object.entries(SIGNALS)) {
    const file = join(pids, `${name}.json`)
    const pid = rememberedProcess(file)
    if (pid) {
      say(`Stopping the ${name} that an earlier start left behind (process ${pid})`)
      await stopProcess(pid, { signal, graceMs: GRACE_MS })
    }
    forgetProcess(file)
  }
}
