import type { WorkflowHandle } from '@temporalio/client'
import type { Database } from '../../db/database'
import { incidentStoryQuery } from '../../workflows/contracts/incident'

/**
 * Does an incident's run know this revision? One that sleeps before its first task cannot be asked: then what it was told waits in its
 * history, and the record says whether that is everything.
 */
export async function knowsRevision(
  db: Database,
  handle: WorkflowHandle,
  incident: { readonly id: string; readonly rev: number },
): Promise<boolean> {
  if (await isAsleep(handle)) {
    const untold = await db('events').where({ incident_id: incident.id }).whereNotNull('signal').first('id')
    return untold === undefined
  }
  const { snapshot } = await handle.query(incidentStoryQuery)
  return snapshot !== null && snapshot.rev >= incident.rev
}

async function isAsleep(handle: WorkflowHandle): Promise<boolean> {
  const { events } = await handle.fetchHistory()
  return !events?.some(event => event.workflowTaskScheduledEventAttributes)
}
