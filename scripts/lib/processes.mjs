import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 20

/** True while a process with this id exists, also when it belongs to somebody else. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** The command line of a running process, or an empty string when it is gone or cannot be read. */
export function commandLine(pid) {
  try {
    if (existsSync('/proc/self/cmdline')) {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    }
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
  } catch {
    return ''
  }
}

/** The parent of a process, where the system shows it as a file; undefined when it does not or the process is gone. */
export function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in the second field may hold spaces and brackets; the state and the parent come after its last bracket.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}

/** Writes down which process this is, so that a later start can recognise it after this one was killed. */
export function rememberProcess(file, pid) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify({ pid, command: commandLine(pid) }))
}

/** The id of the process written down in the file if that very process still runs, else undefined. */
export function rememberedProcess(file) {
  try {
    const { pid, command } = JSON.parse(readFileSync(file, 'utf8'))
    // A process id is given out again after a while; the same id with another command line is a stranger.
    return isAlive(pid) && command !== '' && commandLine(pid) === command ? pid : undefined
  } catch {
    return undefined
  }
}

/** Removes what rememberProcess wrote. */
export function forgetProcess(file) {
  rmSync(file, { force: true })
}

/** Resolves to true once the process is gone, to false when it still runs after the time given in milliseconds. */
export async function waitUntilGone(pid, withinMs) {
  const until = Date.now() + withinMs
  while (isAlive(pid) && !isZombie(pid)) {
    if (Date.now() > until) return false
    await delay(POLL_MS)
  }
  return true
}

/** Ends a process: the polite signal first, SIGKILL when it has not ended after the grace in milliseconds. */
export async function stopProcess(pid, { signal, graceMs }) {
  try {
    process.kill(pid, signal)
    if (await waitUntilGone(pid, graceMs)) return
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
  await waitUntilGone(pid, graceMs)
}

/** The last lines of a log file, for the text of an error. */
export function lastLines(file, count) {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
  } catch {
    return ''
  }
}

// An orphan's new parent may be slow to collect it (a container without an init process never does): it is gone all the same.
function isZombie(pid) {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
