import { continueAsNew } from '@temporalio/workflow'
import type { IncidentInput } from './contracts/incident'
import { IncidentWatch } from './incident-watch'

/**
 * Keeps an incident's promise: whenever something is due it is done, by one transaction on the record, until the incident is over.
 * Level-triggered: started at any moment, in any state, it goes on from the record, and carries nothing that the record does not.
 */
export async function incidentWorkflow({ incidentId }: IncidentInput): Promise<void> {
  const watch = new IncidentWatch(incidentId) // sets the handlers, before anything is awaited
  while (watch.isOpen) {
    if (watch.historyIsLong) await continueAsNew<typeof incidentWorkflow>({ incidentId })
    const due = watch.whatIsDue
    if (due) await watch.perform(due)
    else await watch.changeOrDeadline()
  }
}
