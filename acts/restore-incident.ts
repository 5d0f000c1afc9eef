import { Refusal } from '../domain/refusals'
import type { Snapshot } from '../domain/snapshot'
import { changeIncident } from './change-incident'
import type { ActDeps, By } from './deps'
import { standingsIn } from './standing'

/**
 * Puts a deleted incident back on the lists, for an administrator; it stays ended as it was. Nobody is told: whoever deleted it may have
 * done so because somebody else looks at their phone.
 */
export async function restoreIncident(deps: ActDeps, incidentId: string, by: By): Promise<Snapshot> {
  return changeIncident(deps, { incidentId, mayOffer: false, deleted: 'included' }, by, change => {
    if (!standingsIn(change).includes('admin')) throw new Refusal('FORBIDDEN')
    if (change.grounds.row.deleted_at === null)
      throw new Refusal('TRANSITION_NOT_ALLOWED', { detail: 'The incident is not deleted' })
    change.append('incident.restored')
    change.patchColumns({ deleted_at: null })
  })
}
