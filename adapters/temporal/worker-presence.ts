import type { TemporalLink } from '../../platform/temporal/connection'

/** `TASK_QUEUE_TYPE_WORKFLOW` of Temporal's API. */
const WORKFLOW_TASKS = 1
/** A worker asks for work for a minute at a time, so one that was seen this long ago still waits. */
const SEEN_WITHIN_MS = 70_000

/** Does a worker wait for workflow tasks of this queue? False also when Temporal does not answer within 2 s. */
export async function isWorkerPolling(link: Pick<TemporalLink, 'withDeadline'>, taskQueue: string): Promise<boolean> {
  try {
    const { pollers } = await link.withDeadline(client =>
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: taskQueue },
        taskQueueType: WORKFLOW_TASKS,
      }),
    )
    return (pollers ?? []).some(({ lastAccessTime }) => {
      const seenAt = Number(lastAccessTime?.seconds ?? 0) * 1000
      return Date.now() - seenAt < SEEN_WITHIN_MS
    })
  } catch {
    return false
  }
}
