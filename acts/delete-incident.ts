import { Refusal } from '../domain/refusals'
import type { Snapshot } from '../domain/snapshot'
import { isOpen } from '../domain/statuses'
import { changeIncident } from './change-incident'
import type { ActDeps, By } from './deps'
import { cancelNow } from './end-incident'
import { standingsIn, strangerRefusal } from './standing'
import { closeIncident } from './steps/close-incident'

/**
 * Takes an incident off every list, for its reporter or dispatch; its events stay. An open one is ended first, so that nobody goes
 * on being asked or woken for it.
 */
export async function deleteIncident(deps: ActDeps, incidentId: string, by: By): Promise<Snapshot> {
  return changeIncident(deps, { incidentId, mayOffer: false }, by, async change => {
    const standings = standingsIn(change)
    if (standings.length === 0) throw await strangerRefusal(change)
    const isReporter = standings.includes('reporter')
    if (!isReporter && !standings.includes('dispatcher') && !standings.includes('admin')) throw new Refusal('FORBIDDEN')
    const reason = isReporter ? 'deleted_by_reporter' : 'deleted_by_dispatch'
    if (isOpen(change.state.status)) change.signal = 'statusChanged'
    // A completed incident has nothing left to cancel.
    if (change.state.status === 'completed') closeIncident(change, reason)
    else if (isOpen(change.state.status)) cancelNow(change, reason)
    change.append('incident.deleted', { reason })
    change.patchColumns({ deleted_at: new Date(change.at) })
  })
}
