import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from './failure.mjs'
import { commandLine, rememberedProcess } from './processes.mjs'
import { startLockFile } from './project.mjs'
import { readRun } from './run-file.mjs'

const LEAVES_WITHIN_MS = 30_000
const POLL_MS = 200

/**
 * Makes this process the only start of the data folder and answers `{leave, release}`. A start that is just ending is waited for; one
 * that runs is left alone, and this one fails naming its address.
 */
export async function takeStartLock(dataDir, say) {
  const file = startLockFile(dataDir)
  mkdirSync(dataDir, { recursive: true })
  const until = Date.now() + LEAVES_WITHIN_MS
  for (let told = false; !tryToTake(file); told = true) {
    if (!isLeaving(file) || Date.now() > until) throw alreadyRuns(file, dataDir)
    if (!told) say('Waiting for the start that is just ending')
    await delay(POLL_MS)
  }
  return {
    leave: () => writeFileSync(file, lockOf({ leaving: true })),
    release: () => rmSync(file, { force: true }),
  }
}

function tryToTake(file) {
  try {
    writeFileSync(file, lockOf({ leaving: false }), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  if (rememberedProcess(file)) return false
  // Its owner was killed. Of two starts that see this at once, the second one's exclusive write above fails.
  rmSync(file, { force: true })
  return tryToTake(file)
}

function lockOf(state) {
  return JSON.stringify({ pid: process.pid, command: commandLine(process.pid), ...state })
}

function isLeaving(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).leaving
  } catch {
    // Removed or half written between two looks: look again.
    return true
  }
}

function alreadyRuns(file, dataDir) {
  const run = readRun(dataDir)
  const pid = rememberedProcess(file)
  return new Failure(
    run
      ? `Kesi already runs at ${run.url} (process ${pid}).`
      : `Another npm start (process ${pid}) is at work on ${dataDir}.`,
    run ? 'use that one, or stop it first (Ctrl-C in its terminal)' : 'wait until it is ready, or stop it first',
  )
}
