import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { bareActivities } from './activities'

/** What the bench tells this process when it forks it. */
export interface BareWorkerOptions {
  readonly address: string
  readonly namespace: string
  readonly taskQueue: string
  readonly bundle: string
  readonly cachedWorkflows: number
}

/** Runs the worker of the bare workflows until the bench disconnects; says `ready` and passes notices on by the process channel. */
async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? '{}') as BareWorkerOptions
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  const connection = await NativeConnection.connect({ address: options.address })
  const worker = await Worker.create({
    connection,
    namespace: options.namespace,
    taskQueue: options.taskQueue,
    workflowBundle: { codePath: options.bundle },
    activities: { ...bareActivities(notice => process.send?.(notice)) },
    maxCachedWorkflows: options.cachedWorkflows,
  })
  process.once('disconnect', () => worker.shutdown())
  process.send?.('ready')
  await worker.run()
  await connection.close()
}

main().catch((error: unknown) => {
  process.stderr.write(`bare worker: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
