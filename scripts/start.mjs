// npm start: installs, builds, finds or starts PostgreSQL and Temporal, migrates, seeds the demo, runs the worker and the API, and
// keeps them running until Ctrl-C. Until the install is done only node: modules may be imported here.
import { ensureBuilt } from './lib/build.mjs'
import { runCommand } from './lib/command.mjs'
import { productEnvironment } from './lib/environment.mjs'
import { printFailure } from './lib/failure.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { interruption } from './lib/interruption.mjs'
import { stopLeftovers } from './lib/leftovers.mjs'
import { bringUp, checkConfiguration, planRun } from './lib/product.mjs'
import { createProgress } from './lib/progress.mjs'
import { DATA_DIR, productFolders } from './lib/project.mjs'
import { removeRun, writeRun } from './lib/run-file.mjs'
import { loadSecrets } from './lib/secrets.mjs'
import { takeStartLock } from './lib/start-lock.mjs'
import { Supervisor } from './lib/supervisor.mjs'
import { welcome } from './lib/welcome.mjs'

const EXIT_WHEN_INTERRUPTED = 130

async function bringUpFromNothing({ progress, supervisor, ending }) {
  const folders = productFolders()
  await stopLeftovers(folders, progress.say)
  await ensureInstalled(progress, ending)
  await ensureBuilt(progress, ending)
  const secrets = loadSecrets(DATA_DIR)
  const plan = await planRun({ dataDir: DATA_DIR, folders, secrets, say: progress.say })
  checkConfiguration(productEnvironment({ ...plan, secrets }))
  await bringUp({ plan, secrets, folders, supervisor, progress, ending })
  supervisor.settled()
  writeRun(DATA_DIR, plan.run)
  progress.say('Ready')
  console.log(welcome(plan.run))
}

/** Runs until it is interrupted or cannot go on; answers how it ended: `{code}` or `{failure}`. */
async function runUntilEnd({ progress, supervisor, ending, interrupted }) {
  const up = bringUpFromNothing({ progress, supervisor, ending })
  try {
    const first = await Promise.race([up, interrupted, supervisor.failed])
    if (first !== undefined) return { code: EXIT_WHEN_INTERRUPTED }
    await Promise.race([interrupted, supervisor.failed])
    return { code: 0 }
  } catch (failure) {
    return { failure }
  }
}

await runCommand(async () => {
  const progress = createProgress()
  const lock = await takeStartLock(DATA_DIR, progress.say)
  const supervisor = new Supervisor(progress.say)
  const ending = new AbortController()
  const interrupted = interruption(() => {
    supervisor.killAll()
    lock.release()
    process.exit(EXIT_WHEN_INTERRUPTED)
  })
  const { code, failure } = await runUntilEnd({ progress, supervisor, ending: ending.signal, interrupted })
  progress.say(failure ? 'Cannot go on; stopping what was started' : 'Stopping what was started')
  lock.leave()
  removeRun(DATA_DIR)
  ending.abort()
  await supervisor.stopAll()
  lock.release()
  progress.say('Stopped')
  if (failure) printFailure(failure)
  process.exit(failure ? 1 : code)
})
