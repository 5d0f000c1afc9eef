// npm run build: compiles the sources and bundles the workflows, when they changed.
import { ensureBuilt } from './lib/build.mjs'
import { runCommand } from './lib/command.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { createProgress } from './lib/progress.mjs'

await runCommand(async () => {
  const progress = createProgress()
  await ensureInstalled(progress)
  await ensureBuilt(progress)
  progress.say('dist/ is up to date')
})
