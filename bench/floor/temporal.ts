import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import { bundleWorkflowCode } from '@temporalio/worker'
import type { Config } from '../../platform/config'
import { newId } from '../../platform/ids'
import { closedLoop, waitFor, type Load } from '../load'
import type { BareNotice } from './activities'
import type { BareWorkerOptions } from './worker'
import type { bareIncident, bareTimer } from './workflows'

const TASK_QUEUE = 'bare'
const ACCEPT = 'accept'
const RESOLVE = 'resolve'
/** How many starts or reads the driver has under way at once. */
const AT_ONCE = 20

/** The hand-written workflows on the same Temporal server: no HTTP, no database, no codec. */
export interface BareTemporal {
  /** Whole incidents: start, accept when the notice comes, resolve, result. */
  incidents(size: { count: number; atOnce: number }): Promise<Load>
  /** Timers due at these moments (milliseconds since 1970); answers how late each was, in milliseconds. */
  timers(due: readonly number[]): Promise<number[]>
  /** Starts workflows that wait for an hour; resolves when all of them run, and answers in how many seconds. */
  starts(count: number): Promise<number>
  close(): Promise<void>
}

/** Starts a worker process for the bare workflows and answers what runs on it. */
export async function openBareTemporal(config: Config): Promise<BareTemporal> {
  const connection = await Connection.connect({ address: config.temporalAddress })
  const client = new Client({ connection, namespace: config.temporalNamespace })
  const told = new Map<string, (to: string) => void>()
  const worker = await forkWorker(config, notice => {
    if (notice.to === 'reporter') return
    told.get(notice.id)?.(notice.to)
    told.delete(notice.id)
  })
  return {
    incidents: size => closedLoop(size, () => wholeIncident(client, told)),
    timers: due => runTimers(client, due),
    starts: count => startMany(client, count),
    close: async () => {
      worker.disconnect()
      await new Promise(resolve => worker.once('exit', resolve))
      await connection.close()
    },
  }
}

async function wholeIncident(client: Client, told: Map<string, (to: string) => void>): Promise<void> {
  const id = newId()
  const offered = new Promise<string>(resolve => told.set(id, resolve))
  const handle = await client.workflow.start<typeof bareIncident>('bareIncident', {
    workflowId: `bare:${id}`,
    taskQueue: TASK_QUEUE,
    args: [{ id, windowSeconds: 120 }],
  })
  const provider = await offered
  await handle.executeUpdate<string, [string]>(ACCEPT, { args: [provider] })
  await handle.signal(RESOLVE)
  await handle.result()
}

async function runTimers(client: Client, due: readonly number[]): Promise<number[]> {
  const batch = newId()
  const handles: WorkflowHandle<typeof bareTimer>[] = []
  await closedLoop({ count: due.length, atOnce: AT_ONCE }, async index => {
    handles.push(
      await client.workflow.start<typeof bareTimer>('bareTimer', {
        workflowId: `timer:${batch}:${index}`,
        taskQueue: TASK_QUEUE,
        args: [due[index] ?? 0],
      }),
    )
  })
  const last = Math.max(...due)
  // Nothing is asked while timers fire: the questions would be part of the load.
  await new Promise(resolve => setTimeout(resolve, Math.max(0, last - Date.now())))
  await waitFor('bare timers fire', { withinSeconds: 300, everyMs: 500 }, async () => {
    const { count } = await client.workflow.count(
      `WorkflowType = 'bareTimer' and ExecutionStatus = 'Completed' and WorkflowId starts_with 'timer:${batch}:'`,
    )
    return count === due.length
  })
  const late: number[] = []
  await closedLoop({ count: handles.length, atOnce: AT_ONCE }, async index => {
    const handle = handles[index]
    if (handle) late.push(await handle.result())
  })
  return late
}

async function startMany(client: Client, count: number): Promise<number> {
  const batch = newId()
  const began = performance.now()
  await closedLoop({ count, atOnce: AT_ONCE }, async index => {
    await client.workflow.start<typeof bareTimer>('bareTimer', {
      workflowId: `start:${batch}:${index}`,
      taskQueue: TASK_QUEUE,
      args: [Date.now() + 3_600_000],
    })
  })
  await waitFor('bare starts run', { withinSeconds: 120 }, async () => {
    const found = await client.workflow.count(
      `WorkflowType = 'bareTimer' and ExecutionStatus = 'Running' and WorkflowId starts_with 'start:${batch}:'`,
    )
    return found.count === count
  })
  return (performance.now() - began) / 1000
}

async function forkWorker(config: Config, deliver: (notice: BareNotice) => void): Promise<ChildProcess> {
  const options: BareWorkerOptions = {
    address: config.temporalAddress,
    namespace: config.temporalNamespace,
    taskQueue: TASK_QUEUE,
    bundle: await bundleOnce(),
    cachedWorkflows: config.cachedWorkflows,
  }
  const child = fork(join(__dirname, 'worker.js'), [JSON.stringify(options)])
  await new Promise<void>((resolve, reject) => {
    child.once('exit', code => reject(new Error(`the bare worker ended with ${code}`)))
    child.on('message', message => {
      if (message === 'ready') resolve()
      else deliver(message as BareNotice)
    })
  })
  return child
}

let bundled: Promise<string> | undefined

/** The bundle of the bare workflows, made once for all runs. */
function bundleOnce(): Promise<string> {
  bundled ??= bundleWorkflowCode({
    workflowsPath: require.resolve('./workflows'),
    logger: { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore },
  }).then(({ code }) => {
    const dir = mkdtempSync(join(tmpdir(), 'kesi-bench-'))
    process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
    const file = join(dir, 'bare-workflows.js')
    writeFileSync(file, code)
    return file
  })
  return bundled
}

const ignore = (): void => undefined
