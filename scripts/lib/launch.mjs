import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from './failure.mjs'
import { forgetProcess, lastLines, rememberProcess, stopProcess } from './processes.mjs'

const POLL_MS = 25
const LINES_IN_AN_ERROR = 15

/**
 * Starts one server process and resolves when it is ready; fails with its last log lines when it ends before or is not ready in time.
 *
 * The program: `{name, command, args, env, cwd, uid, gid, logFile, pidFile, niceness, stopSignal, graceMs, ready, readyWithinMs, remedy}`,
 * where `ready(pid)` answers true once it serves, and a higher `niceness` leaves the processor to the others when it is short. It gets
 * a session of its own: Ctrl-C in the terminal reaches only the start script, which then ends its children in order instead of all at
 * once. When `ending`, an AbortSignal, says so while it is starting, it is ended.
 */
export async function launch(program, ending) {
  ending?.throwIfAborted()
  const child = spawnLogged(program)
  const running = { name: program.name, pid: child.pid, exit: exitOf(child), stop: () => stopRunning(program, running) }
  if (child.pid === undefined) throw endedEarly(program, await running.exit)
  rememberProcess(program.pidFile, child.pid)
  try {
    await untilReady(program, running, ending)
    return running
  } catch (error) {
    await running.stop()
    throw error
  }
}

/** Moves the log of the last run aside, so that each start begins an empty one. */
export function rotateLog(logFile) {
  mkdirSync(dirname(logFile), { recursive: true })
  rmSync(`${logFile}.1`, { force: true })
  try {
    renameSync(logFile, `${logFile}.1`)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

/** How a process ended, in words. */
export function describeExit({ code, signal, error }) {
  if (error) return error.message
  return signal ? `ended by ${signal}` : `ended with exit code ${code}`
}

function spawnLogged({ command, args, env, cwd, uid, gid, logFile, niceness }) {
  mkdirSync(dirname(logFile), { recursive: true })
  const log = openSync(logFile, 'a', 0o600)
  try {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      cwd,
      ...(uid === undefined ? {} : { uid, gid }),
      stdio: ['ignore', log, log],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    if (niceness && child.pid !== undefined) stepBack(child.pid, niceness)
    return child
  } finally {
    closeSync(log)
  }
}

/**
 * Lets a process in a session of its own step back behind the others. Where Linux shares the processor out by session (autogroup), a
 * process's own niceness counts only within its session, so the session's is set too; elsewhere there is no such file.
 */
function stepBack(pid, niceness) {
  setPriority(pid, niceness)
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness))
  } catch (error) {
    if (!['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'EAGAIN', 'EIO'].includes(error.code)) throw error
  }
}

function exitOf(child) {
  return new Promise(resolve => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', error => resolve({ code: null, signal: null, error }))
  })
}

async function untilReady(program, running, ending) {
  let exit
  void running.exit.then(how => (exit = how))
  const until = Date.now() + program.readyWithinMs
  while (!(await program.ready(running.pid))) {
    if (exit) throw endedEarly(program, exit)
    if (Date.now() > until) throw notReady(program)
    ending?.throwIfAborted()
    await delay(POLL_MS)
  }
}

function endedEarly(program, exit) {
  return new Failure(`${program.name} ${describeExit(exit)} before it was ready.${logTail(program)}`, program.remedy)
}

function notReady(program) {
  const seconds = Math.round(program.readyWithinMs / 1000)
  return new Failure(`${program.name} was not ready after ${seconds} s.${logTail(program)}`, program.remedy)
}

function logTail({ logFile }) {
  const lines = lastLines(logFile, LINES_IN_AN_ERROR)
  return lines === '' ? '' : `\nLast lines of ${logFile}:\n${lines}`
}

async function stopRunning(program, running) {
  await stopProcess(running.pid, { signal: program.stopSignal, graceMs: program.graceMs })
  forgetProcess(program.pidFile)
}
