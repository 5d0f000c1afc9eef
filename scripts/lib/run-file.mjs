import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writePrivateJson } from './private-file.mjs'
import { rememberedProcess } from './processes.mjs'
import { startLockFile } from './project.mjs'

/** Tells other programs of this machine where the running product is; readable by the owner alone, for it holds passwords. */
export function writeRun(dataDir, run) {
  writePrivateJson(runFile(dataDir), run)
}

/** What the running product wrote about itself, or undefined when it does not run. */
export function readRun(dataDir) {
  const run = readJson(runFile(dataDir))
  return run && run.pid === rememberedProcess(startLockFile(dataDir)) ? run : undefined
}

/** Removes the file: the product does not run any more. */
export function removeRun(dataDir) {
  rmSync(runFile(dataDir), { force: true })
}

function runFile(dataDir) {
  return join(dataDir, 'run.json')
}
