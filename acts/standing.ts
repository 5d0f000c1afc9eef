import { readRelation } from '../db/incidents.repository'
import type { Standing } from '../domain/actors'
import { standingsOf } from '../domain/incident-access'
import { judge, type Act, type Transition } from '../domain/lifecycle'
import { Refusal } from '../domain/refusals'
import { isOpen } from '../domain/statuses'
import { personOf } from './deps'
import type { IncidentChange } from './incident-change'

/** What the person who acts is to this incident, in the words of the lifecycle table. */
export function standingsIn(change: IncidentChange): Standing[] {
  const { actor } = change.grounds.by
  if (actor.kind === 'engine') return ['clock']
  const { state } = change
  return standingsOf(actor.role, {
    is_reporter: state.reporter_id === actor.id,
    is_assignee: state.assignee_id === actor.id && isOpen(state.status),
    has_open_offer: state.open_offers.some(offer => offer.provider_id === actor.id),
    had_access: false,
  })
}

/**
 * The lifecycle's row for this act by this person, else a refusal. Somebody who is nothing to the incident learns no more than
 * a stranger: 404, or 403 `ACCESS_ENDED` if they once had access.
 */
export async function mayAct(change: IncidentChange, act: Act): Promise<Transition> {
  const standings = standingsIn(change)
  if (standings.length === 0) throw await strangerRefusal(change)
  return judge(change.caseType.lifecycle, change.state.status, act, standings)
}

/** Which of the two acts; what is theirs alone is refused to everybody else, and to strangers as if the incident did not exist. */
export async function requireReporterOrDispatch(change: IncidentChange): Promise<'reporter' | 'dispatch'> {
  const standings = standingsIn(change)
  if (standings.includes('reporter')) return 'reporter'
  if (standings.includes('dispatcher') || standings.includes('admin')) return 'dispatch'
  throw standings.length > 0 ? new Refusal('FORBIDDEN') : await strangerRefusal(change)
}

/** The refusal for somebody who has no standing now: their access has ended, or the incident does not exist for them. */
export async function strangerRefusal(change: IncidentChange): Promise<Refusal> {
  const personId = personOf(change.grounds.by)
  if (personId === null) throw new Error('the engine is no stranger')
  const { had_access } = await readRelation(change.grounds.trx, change.state.id, personId)
  return new Refusal(had_access ? 'ACCESS_ENDED' : 'INCIDENT_NOT_FOUND')
}
