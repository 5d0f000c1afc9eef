import type { TemporalLink } from '../../platform/temporal/connection'
import { INCIDENT_WORKFLOW, taskQueueName } from '../../workflows/contracts/incident'

/** How many incident workflows of this installation Temporal knows to run. Throws when it does not answer within 2 s. */
export async function countIncidentRuns(
  link: Pick<TemporalLink, 'withDeadline'>,
  queuePrefix: string | undefined,
): Promise<number> {
  const taskQueue = taskQueueName(queuePrefix, 'incidents')
  const running = `WorkflowType = '${INCIDENT_WORKFLOW}' AND TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`
  const { count } = await link.withDeadline(client => client.workflow.count(running))
  return count
}
