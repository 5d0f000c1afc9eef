import { deleteExclusions, findExclusions, insertExclusions } from '../db/exclusions.repository'
import { Refusal } from '../domain/refusals'
import type { Snapshot } from '../domain/snapshot'
import { changeIncident } from './change-incident'
import type { ActDeps, By } from './deps'
import type { IncidentChange } from './incident-change'
import { requireReporterOrDispatch } from './standing'
import { endEscalation, startLadder } from './steps/escalate'
import { withdrawOfferOf } from './withdraw-offer'

/** More than so many providers barred from one incident is a mistake of the caller. */
export const EXCLUSIONS_AT_MOST = 100

/**
 * Bars providers from an incident, whatever its state: they are never offered it (S8). Their open offer is withdrawn in the same act and
 * the next is asked; about one who is working on it dispatch is called. Barring the barred changes nothing.
 */
export async function barProviders(
  deps: ActDeps,
  { incidentId, providers }: { readonly incidentId: string; readonly providers: readonly string[] },
  by: By,
): Promise<Snapshot> {
  return changeIncident(deps, { incidentId, mayOffer: true }, by, async change => {
    await requireReporterOrDispatch(change)
    if ((await bar(change, providers)).length > 0) noteEdit(change)
  })
}

/** Lifts one bar. Throws `EXCLUSION_NOT_FOUND`, or `RULE_BROKEN` where dispatch would lift what the reporter barred. */
export async function liftExclusion(
  deps: ActDeps,
  { incidentId, provider }: { readonly incidentId: string; readonly provider: string },
  by: By,
): Promise<Snapshot> {
  return changeIncident(deps, { incidentId, mayOffer: false }, by, async change => {
    await requireReporterOrDispatch(change)
    const lifted = await lift(change, [provider])
    if (lifted.length === 0) throw new Refusal('EXCLUSION_NOT_FOUND')
    noteEdit(change)
  })
}

/** Makes these the barred providers, and no others, within an edit. */
export async function replaceExclusions(change: IncidentChange, providers: readonly string[]): Promise<void> {
  const barred = await findExclusions(change.grounds.trx, change.state.id)
  const others = barred.map(row => row.provider_id).filter(id => !providers.includes(id))
  if (others.length > 0) await lift(change, others)
  await bar(change, providers)
}

async function bar(change: IncidentChange, providers: readonly string[]): Promise<string[]> {
  const { trx } = change.grounds
  const { id, assignee_id, status } = change.state
  const who = await requireReporterOrDispatch(change)
  const barred = await insertExclusions(trx, id, providers, who)
  if (barred.length > 0 && (await findExclusions(trx, id)).length > EXCLUSIONS_AT_MOST)
    throw new Refusal('RULE_BROKEN', { detail: `At most ${EXCLUSIONS_AT_MOST} providers can be excluded` })
  for (const providerId of providers) {
    change.excludeNow(providerId)
    withdrawOfferOf(change, providerId, `excluded_by_${who}`)
  }
  const isAtWork = status === 'assigned' || status === 'in_progress'
  if (isAtWork && assignee_id && barred.includes(assignee_id)) callDispatch(change)
  return barred
}

/**
 * The reporter does not want the person who is working on it. To refuse the bar would leave them with that person, and to end the
 * assignment by itself would leave them alone: a dispatcher decides, at once.
 */
function callDispatch(change: IncidentChange): void {
  change.append('incident.escalated', { reason: 'assignee_barred' })
  startLadder(change, 'assignee_barred')
  change.signal = 'statusChanged'
}

async function lift(change: IncidentChange, providers: readonly string[]): Promise<string[]> {
  const { trx } = change.grounds
  const { id, assignee_id, escalation } = change.state
  if ((await requireReporterOrDispatch(change)) === 'dispatch') await requireBarredByDispatch(change, providers)
  const lifted = await deleteExclusions(trx, id, providers)
  if (escalation?.reason === 'assignee_barred' && assignee_id && lifted.includes(assignee_id)) {
    endEscalation(change)
    change.signal = 'statusChanged'
  }
  return lifted
}

async function requireBarredByDispatch(change: IncidentChange, providers: readonly string[]): Promise<void> {
  const barred = await findExclusions(change.grounds.trx, change.state.id)
  if (barred.some(row => row.barred_by === 'reporter' && providers.includes(row.provider_id)))
    throw new Refusal('RULE_BROKEN', {
      detail:
        'Whom the reporter has excluded, only the reporter lets in again; an assignment can be forced, with a reason',
    })
}

/** Nobody is told: the barred provider would be one of them. */
function noteEdit(change: IncidentChange): void {
  const version = change.grounds.row.version + 1
  change.patchColumns({ version })
  change.append('incident.edited', { version, fields: 'excluded_providers' })
}
