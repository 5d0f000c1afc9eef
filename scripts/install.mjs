// Installs the packages of the lock, unless they are installed already.
import { runCommand } from './lib/command.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { createProgress } from './lib/progress.mjs'

await runCommand(async () => {
  const progress = createProgress()
  await ensureInstalled(progress)
  progress.say('Packages are installed')
})
