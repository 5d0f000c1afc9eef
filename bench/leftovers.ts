import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT, type Launcher } from './launcher'
import { DIR_PREFIX, OWNER } from './stack'

/** Ends the servers, and removes the data, of benches that were killed. */
export async function removeLeftovers(launcher: Launcher, say: (text: string) => void): Promise<void> {
  const kesi = join(PROJECT, '.kesi')
  if (!existsSync(kesi)) return
  for (const name of readdirSync(kesi).filter(each => each.startsWith(DIR_PREFIX))) {
    const dir = join(kesi, name)
    if (launcher.rememberedProcess(join(dir, OWNER))) continue
    say(`Removing what a bench that was killed left behind (${name})`)
    for (const server of ['api', 'worker', 'temporal', 'postgres']) {
      const pid = launcher.rememberedProcess(join(launcher.foldersIn(dir).pids, `${server}.json`))
      if (pid) await launcher.stopProcess(pid, { signal: 'SIGINT', graceMs: 5000 })
    }
    rmSync(dir, { recursive: true, force: true })
  }
}
