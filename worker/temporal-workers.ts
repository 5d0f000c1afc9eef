import type { DataConverter } from '@temporalio/common'
import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker'
import type { IncidentActivities } from '../activities/incident.activities'
import type { NoticeActivities } from '../activities/notice.activities'
import type { WebhookActivities } from '../activities/webhook.activities'
import { temporalLogger, type Logger } from '../platform/logger'
import { taskQueueName } from '../workflows/contracts/incident'
import { startLoop, type Loop } from '../platform/loop'

/** What the workers of both queues need. */
export interface TemporalWorkersOptions {
  readonly address: string
  readonly namespace: string
  readonly queuePrefix: string | undefined
  readonly dataConverter: DataConverter
  readonly cachedWorkflows: number
  readonly bundle: NonNullable<WorkerOptions['workflowBundle']>
  readonly incidentActivities: IncidentActivities
  readonly noticeActivities: NoticeActivities
  readonly webhookActivities: WebhookActivities
  readonly logger: Logger
}

/** Running activities may end; together with what follows it is less than the 5 s a supervisor waits before it kills. */
const SHUTDOWN_GRACE = '2 s'
const SHUTDOWN_FORCED = '4 s'
/** A worker that is gone is noticed by its workflows after so long, not after the default 10 s. */
const STICKY_TIMEOUT = '2 s'
/** A ladder waits half a minute and more for a receipt; so many may wait at once before a run must be read again. */
const CACHED_NOTICES = 1_000

/** Has the log of Temporal's SDK come out in ours, and leaves the end of the process to its guard. Once a process, before any worker. */
export function installTemporalRuntime(logger: Logger): void {
  Runtime.install({
    logger: temporalLogger(logger),
    // While the server is away its native side warns at every try, some hundred lines a minute; our own log says it once.
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
    shutdownSignals: [],
  })
}

/**
 * Runs a worker for each task queue until it is stopped. While Temporal is down it tries again and again; when a worker fails both
 * are made anew.
 */
export function startTemporalWorkers(options: TemporalWorkersOptions): Loop {
  return startLoop('temporal-workers', options.logger, async stopping => {
    const connection = await NativeConnection.connect({ address: options.address })
    try {
      await runBoth(await createWorkers(connection, options), options.logger, stopping)
    } finally {
      await connection.close()
    }
    return 0
  })
}

/** The workers of both queues over one connection, not running yet. */
export async function createWorkers(connection: NativeConnection, options: TemporalWorkersOptions): Promise<Worker[]> {
  const common: Omit<WorkerOptions, 'taskQueue'> = {
    connection,
    namespace: options.namespace,
    dataConverter: options.dataConverter,
    workflowBundle: options.bundle,
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCED,
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
  }
  return [
    await Worker.create({
      ...common,
      taskQueue: taskQueueName(options.queuePrefix, 'incidents'),
      activities: options.incidentActivities,
      maxCachedWorkflows: options.cachedWorkflows,
    }),
    await Worker.create({
      ...common,
      taskQueue: taskQueueName(options.queuePrefix, 'notices'),
      activities: { ...options.noticeActivities, ...options.webhookActivities },
      maxCachedWorkflows: CACHED_NOTICES,
    }),
  ]
}

async function runBoth(workers: readonly Worker[], logger: Logger, stopping: AbortSignal): Promise<void> {
  const endAll = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
  }
  const runs = workers.map(worker => worker.run())
  stopping.addEventListener('abort', endAll, { once: true })
  logger.info({ queues: workers.map(worker => worker.options.taskQueue) }, 'working')
  if (stopping.aborted) endAll()
  try {
    // One that ends, for whatever reason, takes the other with it: they share the connection.
    await Promise.race(runs)
  } finally {
    endAll()
    await Promise.allSettled(runs)
    stopping.removeEventListener('abort', endAll)
  }
}
