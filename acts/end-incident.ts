import { Refusal } from '../domain/refusals'
import type { Snapshot } from '../domain/snapshot'
import { isOpen } from '../domain/statuses'
import { changeIncident } from './change-incident'
import { personOf, type ActDeps, type By } from './deps'
import type { IncidentChange } from './incident-change'
import { mayAct } from './standing'
import { closeIncident as close } from './steps/close-incident'
import { endEscalation } from './steps/escalate'
import { beginAnew } from './steps/start-search'
import { releaseAssignee } from './work-incident'

const MS_PER_DAY = 86_400_000

export interface Ending {
  readonly incidentId: string
  readonly rev?: number | undefined
  readonly reason: string
}

/** Ends an incident before its completion, with a reason: open offers are withdrawn, the assignee freed, everybody told. */
export async function cancelIncident(deps: ActDeps, ending: Ending, by: By): Promise<Snapshot> {
  return changeIncident(deps, target(ending, false), by, async change => {
    await mayAct(change, 'cancel')
    cancelNow(change, ending.reason)
  })
}

/** The cancelling itself, once allowed. */
export function cancelNow(change: IncidentChange, reason: string): void {
  const { assignee_id, reporter_id } = change.state
  withdrawOffers(change, 'cancelled')
  releaseAssignee(change, 'cancelled')
  endEscalation(change)
  change.signal = 'statusChanged'
  change.patch({
    ended_at: change.at,
    search: null,
    review_from: null,
    held: false,
    owner_id: null,
    owner_active_at: null,
  })
  change.appendWithReason('incident.cancelled', reason, {}, 'cancelled')
  if (assignee_id) change.notify('assignment.ended', [assignee_id])
  if (reporter_id && reporter_id !== personOf(change.grounds.by)) change.notify('incident.updated', [reporter_id])
}

/** Withdraws every open offer: its provider's access ends, the slot is free, and unsent notices about it are stopped. */
export function withdrawOffers(change: IncidentChange, reason: string): void {
  for (const offer of change.state.open_offers) {
    change.closeOffer(offer.id, 'withdrawn', reason)
    change.append('offer.withdrawn', { offer_id: offer.id, provider_id: offer.provider_id, reason })
    change.notify('offer.withdrawn', [offer.provider_id], { offerId: offer.id })
  }
  change.withdrawNotices('offer')
}

/** Somebody closes a completed incident before the clock does. */
export async function closeIncident(deps: ActDeps, ending: Ending, by: By): Promise<Snapshot> {
  return changeIncident(deps, target(ending, false), by, async change => {
    await mayAct(change, 'close')
    change.signal = 'statusChanged'
    close(change, ending.reason)
  })
}

/** Opens a completed or ended incident again, with a reason, within the case type's days; it searches or is reviewed anew. */
export async function reopenIncident(deps: ActDeps, ending: Ending, by: By): Promise<Snapshot> {
  return changeIncident(deps, { ...target(ending, true), maySearchAnew: true }, by, async change => {
    await mayAct(change, 'reopen')
    const { ended_at } = change.state
    if (ended_at !== null && change.at - ended_at > change.caseType.reopenDays * MS_PER_DAY)
      throw new Refusal('RULE_BROKEN', {
        detail: `Only possible within ${change.caseType.reopenDays} days after the end`,
      })
    const wasOpen = isOpen(change.state.status)
    if (wasOpen) change.endAssignment('reopened')
    change.patch({ assignee_id: null, assigned_at: null, nudged_at: null })
    change.patch({ completed_at: null, ended_at: null, outcome: null })
    change.signal = 'statusChanged'
    change.patchColumns({ started_at: null })
    change.appendWithReason('incident.reopened', ending.reason)
    await beginAnew(change)
    if (change.state.reporter_id) change.notify('incident.updated', [change.state.reporter_id])
  })
}

const target = ({ incidentId, rev }: Ending, mayOffer: boolean) => ({
  incidentId,
  mayOffer,
  ...(rev === undefined ? {} : { rev }),
})
