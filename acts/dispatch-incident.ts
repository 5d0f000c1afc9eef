import { findService, isActive, isExcluded } from '../db/providers.repository'
import { caseTypeOf } from '../domain/case-types'
import type { Act } from '../domain/lifecycle'
import { Refusal } from '../domain/refusals'
import type { Snapshot } from '../domain/snapshot'
import type { Urgency } from '../domain/statuses'
import { changeIncident } from './change-incident'
import { personOf, type ActDeps, type By } from './deps'
import { cancelNow, withdrawOffers } from './end-incident'
import type { IncidentChange } from './incident-change'
import { mayAct } from './standing'
import { endEscalation } from './steps/escalate'
import { resumeEngine } from './steps/resume-engine'
import { startReview, startSearch } from './steps/start-search'
import { releaseAssignee } from './work-incident'

/** What a dispatcher decides about an incident. `rev` is the revision their screen showed. */
export type Decision = {
  readonly incidentId: string
  readonly rev?: number | undefined
  readonly reason?: string | undefined
} & (
  | { readonly act: 'assign' | 'reassign'; readonly provider: string; readonly force: boolean }
  | { readonly act: 'research' | 'hold' | 'release' | 'own' | 'cancel' | 'acknowledge' }
  | { readonly act: 'urgency'; readonly urgency: Urgency }
)

/**
 * Dispatch decides, and it is a fact when the answer leaves: whatever is open is superseded in the same transaction. On another
 * `rev` than the screen showed nothing is done (`CHANGED`). Capacity and exclusion give way only to `force` with a reason.
 */
export async function dispatchIncident(deps: ActDeps, decision: Decision, by: By): Promise<Snapshot> {
  const target = {
    incidentId: decision.incidentId,
    ...(decision.rev === undefined ? {} : { rev: decision.rev }),
    ...('provider' in decision ? { providers: [decision.provider] } : {}),
    mayOffer: decision.act === 'research' || decision.act === 'release' || decision.act === 'urgency',
    ...(decision.act === 'research' || decision.act === 'urgency' ? { maySearchAnew: true as const } : {}),
  }
  return changeIncident(deps, target, by, async change => {
    await mayAct(change, decision.act satisfies Act)
    change.signal = 'overridden'
    await decide(change, decision)
    keepOwnerActive(change)
  })
}

async function decide(change: IncidentChange, decision: Decision): Promise<void> {
  switch (decision.act) {
    case 'assign':
    case 'reassign':
      return assign(change, decision)
    case 'research':
      return research(change, decision.reason)
    case 'hold':
      return hold(change, decision.reason)
    case 'release':
      return release(change, decision.reason)
    case 'own':
      return own(change, 'dispatch.owned', decision.reason)
    case 'acknowledge':
      return acknowledge(change)
    case 'urgency':
      return changeUrgency(change, decision.urgency, decision.reason)
    case 'cancel':
      return cancelNow(change, decision.reason ?? 'cancelled_by_dispatch')
  }
}

type Assignment = Decision & { readonly act: 'assign' | 'reassign' }

async function assign(change: IncidentChange, decision: Assignment): Promise<void> {
  const { provider: providerId, reason } = decision
  const previous = change.state.assignee_id
  if (previous === providerId) throw new Refusal('RULE_BROKEN', { detail: 'This provider already has the case' })
  if (decision.force && !reason) throw new Refusal('RULE_BROKEN', { detail: 'Force needs a reason' })
  const isBarred = await requireAssignable(change, decision)
  withdrawOffers(change, 'assigned')
  releaseAssignee(change, 'reassigned')
  const isFull = claim(change, decision)
  const forced = isBarred || isFull
  endEscalation(change)
  change.assign({ provider_id: providerId, offer_id: null, assigned_by: personOf(change.grounds.by), forced })
  change.provider(providerId).last_assigned_at = change.at
  change.patch({ assignee_id: providerId, assigned_at: change.at, nudged_at: null, search: null, review_from: null })
  change.patch({ held: false, owner_id: null, owner_active_at: null })
  change.patchColumns({ started_at: null })
  const facts = { provider_id: providerId, previous_id: previous, forced }
  change.appendWithReason(previous ? 'incident.reassigned' : 'incident.assigned', reason, facts, 'assigned')
  change.notify('assignment.made', [providerId])
  if (previous) change.notify('assignment.ended', [previous])
  if (change.state.reporter_id) change.notify('incident.updated', [change.state.reporter_id])
}

/** Refuses who cannot take the case; answers whether the reporter barred them and force overruled it. */
async function requireAssignable(
  change: IncidentChange,
  { provider: providerId, force }: Assignment,
): Promise<boolean> {
  const { trx } = change.grounds
  const service = await findService(trx, providerId)
  const { providerTypes } = caseTypeOf(change.state.case_type)
  if (!service) throw new Refusal('PROVIDER_NOT_FOUND')
  if (!service.verified || !(await isActive(trx, providerId)))
    throw new Refusal('RULE_BROKEN', { detail: 'The provider is not verified or not active' })
  if (!providerTypes.some(type => type.code === service.provider_type))
    throw new Refusal('RULE_BROKEN', { detail: 'The provider does not serve this case type' })
  const isBarred = await isExcluded(trx, change.state.id, providerId)
  if (isBarred && !force) throw new Refusal('PROVIDER_EXCLUDED')
  return isBarred
}

/** Takes the provider's slot; beyond the capacity only by force. Answers whether it took force. */
function claim(change: IncidentChange, { provider: providerId, force }: Assignment): boolean {
  const provider = change.provider(providerId)
  const isFull = provider.load >= provider.capacity
  if (isFull && !force) throw new Refusal('PROVIDER_AT_CAPACITY')
  change.claimSlot(providerId, isFull ? 'forced' : 'within_capacity')
  return isFull
}

function research(change: IncidentChange, reason: string | undefined): void {
  const { assignee_id } = change.state
  withdrawOffers(change, 'research')
  releaseAssignee(change, 'research')
  if (assignee_id) {
    change.excludeNow(assignee_id)
    change.notify('assignment.ended', [assignee_id])
  }
  change.appendWithReason('dispatch.researched', reason, { previous_id: assignee_id })
  startSearch(change)
}

function hold(change: IncidentChange, reason: string | undefined): void {
  withdrawOffers(change, 'held')
  change.appendWithReason('dispatch.held', reason)
  change.patch({ held: true })
  takeOwnership(change)
}

function release(change: IncidentChange, reason: string | undefined): void {
  change.appendWithReason('dispatch.released', reason)
  resumeEngine(change)
}

function acknowledge(change: IncidentChange): void {
  const me = personOf(change.grounds.by)
  if (change.state.owner_id === me) return
  if (change.state.owner_id !== null)
    throw new Refusal('TRANSITION_NOT_ALLOWED', { detail: 'Another dispatcher owns this case; take ownership instead' })
  own(change, 'dispatch.acknowledged', undefined)
}

function own(
  change: IncidentChange,
  type: 'dispatch.owned' | 'dispatch.acknowledged',
  reason: string | undefined,
): void {
  change.appendWithReason(type, reason, { previous_id: change.state.owner_id })
  takeOwnership(change)
}

/** The dispatcher is the named person now: the ladder stops climbing. */
function takeOwnership(change: IncidentChange): void {
  const { escalation } = change.state
  change.withdrawNotices('escalation')
  change.patch({
    owner_id: personOf(change.grounds.by),
    owner_active_at: change.at,
    escalation: escalation && { ...escalation, climb_at: null },
  })
}

async function changeUrgency(change: IncidentChange, urgency: Urgency, reason: string | undefined): Promise<void> {
  if (change.state.urgency === urgency) return
  change.patch({ urgency })
  change.appendWithReason('incident.urgency_changed', reason, { urgency })
  const begins = change.caseType.begins[urgency]
  if (change.state.status === 'pending_dispatcher_review' && begins === 'search') startSearch(change)
  else if (change.state.status === 'reported' && begins === 'review') await startReview(change)
}

function keepOwnerActive(change: IncidentChange): void {
  if (change.state.owner_id !== null && change.state.owner_id === personOf(change.grounds.by))
    change.patch({ owner_active_at: change.at })
}
