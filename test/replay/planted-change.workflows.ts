import { sleep } from '@temporalio/workflow'
import type { IncidentInput } from '../../workflows/contracts/incident'
import { incidentWorkflow as unchanged } from '../../workflows/incident.workflow'

/** A change that no stored history can replay: a timer that was not there. */
export async function incidentWorkflow(input: IncidentInput): Promise<void> {
  await sleep(1)
  await unchanged(input)
}
