import { commandLine, parentOf } from './processes.mjs'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const LOOK_EVERY_MS = 500

// npm passes Ctrl-C on to its script, which has already had it from the terminal: two signals this close are one key press.
const SAME_PRESS_MS = 1000

/**
 * Resolves with the reason when this process is asked to end: a signal, or the npm that ran it is gone (killed, it passes nothing on).
 * A second Ctrl-C calls `onSecond`.
 */
export function interruption(onSecond) {
  // With the terminal gone nobody reads the output any more, and that must not be what ends the clean-up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  return new Promise(resolve => {
    let first
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (first !== undefined && Date.now() - first > SAME_PRESS_MS) onSecond()
        first ??= Date.now()
        resolve(signal)
      })
    }
    if (process.env.npm_lifecycle_event) whenNpmIsGone(() => resolve('npm is gone'))
  })
}

function whenNpmIsGone(callback) {
  // npm runs its script through a shell, which may stay between the two and outlives a killed npm.
  const underShell = /^\S*sh -c /.test(commandLine(process.ppid))
  const line = () => `${process.ppid} ${underShell ? parentOf(process.ppid) : ''}`
  const atFirst = line()
  const timer = setInterval(() => {
    if (line() === atFirst) return
    clearInterval(timer)
    callback()
  }, LOOK_EVERY_MS)
  timer.unref()
}
