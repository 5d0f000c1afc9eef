import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from './failure.mjs'
import { describeExit } from './launch.mjs'
import { PROJECT } from './project.mjs'

/**
 * Runs a script of dist/ to its end and answers what it printed; fails with its last lines. Its output is kept in the log file unless
 * that is left out, as it must be where the output holds passwords.
 */
export async function runOnce({ name, args, env, logFile, remedy, ending }) {
  ending.throwIfAborted()
  const child = spawn(process.execPath, args, {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: ending,
  })
  const output = { out: '', err: '' }
  child.stdout.on('data', text => (output.out += text))
  child.stderr.on('data', text => (output.err += text))
  const how = await new Promise(resolve => {
    child.once('error', error => resolve({ error }))
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  ending.throwIfAborted()
  if (logFile) keep(logFile, output)
  if (how.code === 0) return output.out
  const said = output.err.trim() || output.out.trim()
  throw new Failure(`The ${name} ${describeExit(how)}.\n${said.split('\n').slice(-20).join('\n')}`, remedy)
}

function keep(logFile, { out, err }) {
  mkdirSync(dirname(logFile), { recursive: true })
  appendFileSync(logFile, out + err, { mode: 0o600 })
}
