import { randomUUID } from 'node:crypto'
import type { Client } from '@temporalio/client'
import { temporal } from '@temporalio/proto'

const { FastForwardPollingResult: RESULT } = temporal.api.enums.v1

type SkippingConfig = temporal.api.workflow.v1.IWorkflowExecutionOptions['timeSkippingConfig']

/**
 * Moves the clock of one workflow ahead by `ms`, of this one alone; every timer that is due on the way fires, in order, and whatever
 * runs holds the clock. Needs a server that was started for it. Answers false when the workflow ended on the way.
 */
export async function fastForward(client: Client, workflowId: string, ms: number): Promise<boolean> {
  const { namespace } = client.options
  const id = randomUUID()
  const duration = { seconds: Math.floor(ms / 1000), nanos: Math.round((ms % 1000) * 1e6) } as never
  const timeSkippingConfig: SkippingConfig = { enabled: true, fastForwardConfig: { id, duration } }
  await client.workflowService.updateWorkflowExecutionOptions({
    namespace,
    workflowExecution: { workflowId },
    identity: 'test',
    workflowExecutionOptions: { timeSkippingConfig },
    updateMask: { paths: ['time_skipping_config'] },
  })
  for (;;) {
    const { fastForwardPollingResult, failedReason } = await client.workflowService.pollWorkflowExecutionTimeSkipping({
      namespace,
      workflowExecution: { workflowId },
      fastForwardId: id,
    })
    if (fastForwardPollingResult === RESULT.FAST_FORWARD_POLLING_RESULT_FAST_FORWARD_COMPLETED) return true
    if (fastForwardPollingResult !== RESULT.FAST_FORWARD_POLLING_RESULT_FAST_FORWARD_FAILED) continue
    const { status } = await client.workflow.getHandle(workflowId).describe()
    if (status.name === 'RUNNING') throw new Error(`the clock could not be moved: ${failedReason}`)
    return false
  }
}
