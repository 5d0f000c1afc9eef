import type { Snapshot } from '../domain/snapshot'
import { isOpen } from '../domain/statuses'
import { changeIncident } from './change-incident'
import type { ActDeps, By } from './deps'
import { cancelNow } from './end-incident'
import { requireReporterOrDispatch } from './standing'
import { closeIncident } from './steps/close-incident'

/**
 * Takes an incident off every list, for its reporter or dispatch; its events stay. An open one is ended first, so that nobody goes
 * on being asked or woken for it.
 */
export async function deleteIncident(deps: ActDeps, incidentId: string, by: By): Promise<Snapshot> {
  return changeIncident(deps, { incidentId, mayOffer: false }, by, async change => {
    const reason = `deleted_by_${await requireReporterOrDispatch(change)}`
    if (isOpen(change.state.status)) change.signal = 'statusChanged'
    // A completed incident has nothing left to cancel.
    if (change.state.status === 'completed') closeIncident(change, reason)
    else if (isOpen(change.state.status)) cancelNow(change, reason)
    change.append('incident.deleted', { reason })
    change.patchColumns({ deleted_at: new Date(change.at) })
  })
}
