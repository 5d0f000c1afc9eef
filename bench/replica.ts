import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PROJECT } from './launcher'
import { waitFor } from './load'
import type { Stack } from './stack'

/** Another API process beside the stack's own, on the same servers. */
export class Replica {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** Starts it; resolves when it is ready. */
  static async start(stack: Stack): Promise<Replica> {
    const port = await freePort()
    const child = spawn(process.execPath, [join(PROJECT, 'dist', 'api', 'main.js')], {
      cwd: PROJECT,
      env: { ...process.env, ...stack.env, KESI_PORT: String(port) },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    // The bench's own end takes it along, whatever way it ends.
    process.once('exit', () => child.kill('SIGKILL'))
    const url = `http://127.0.0.1:${port}`
    await waitFor('the second replica is ready', { withinSeconds: 60 }, () =>
      fetch(`${url}/health/ready`).then(
        reply => reply.ok,
        () => false,
      ),
    )
    return new Replica(child, url)
  }

  /** Memory in kilobytes; undefined where the system does not show it as a file. */
  memory(): number | undefined {
    try {
      const status = readFileSync(`/proc/${String(this.child.pid)}/status`, 'utf8')
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])
    } catch {
      return undefined
    }
  }

  /** Ends it without a word, as a lost machine would; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = new Promise(resolve => this.child.once('exit', resolve))
    this.child.kill('SIGKILL')
    await gone
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
