import { done } from '../../../api/client/kesi-client'
import { at, refusalOf, type Incident, type Person } from '../client'
import type { Morning } from '../morning'
import { FAST_POLICY } from '../fast-policy'

/** Refused twice and met with silence once: dispatch is woken step by step, takes notice, and decides over the engine. */
export async function urgentEscalated(morning: Morning): Promise<void> {
  const { stage } = morning
  const { incident } = await morning.report(morning.survivor('Wambui'), 'urgent')
  stage.expect('the status in the answer to the report', incident.status, 'offering')
  stage.tell(`Wambui reports ${incident.code}.`, incident.id)

  const first = await refuse(morning, incident.id, [])
  const second = await refuse(morning, incident.id, [first])
  const third = await morning.offeredTo(incident.id, [first, second])
  stage.tell(`${third.name} is asked and says nothing.`)

  await untilEvent(morning, incident.id, 'offer.expired', 1, FAST_POLICY.offer.window_seconds + 5)
  const late = await refusalOf(third.accept(incident.id))
  stage.expect('a yes after the deadline', late, 'OFFER_EXPIRED')
  stage.tell(`The time is over; ${third.name}'s late yes is refused (OFFER_EXPIRED).`)

  const { escalation_reason } = await morning.dispatcher.see(incident.id)
  stage.expect('the reason of the escalation', escalation_reason, 'all_refused')
  stage.tell('Nobody is left: the dispatch centre is called (all_refused).')

  await untilEvent(morning, incident.id, 'dispatch.woken', 2, 10)
  stage.tell('Nobody reacts for two seconds: the ladder climbs to its second step.')

  await decide(morning, incident)
}

async function refuse(morning: Morning, incidentId: string, before: readonly Person[]): Promise<Person> {
  const worker = await morning.offeredTo(incidentId, before)
  await done(worker.api.POST('/api/incidents/{id}/reject/', { ...at(incidentId), body: { reason: 'too_far' } }))
  morning.stage.tell(`${worker.name} is asked and refuses (too far).`)
  return worker
}

async function untilEvent(
  { stage, dispatcher }: Morning,
  incidentId: string,
  type: string,
  times: number,
  withinSeconds: number,
): Promise<void> {
  await stage.until(`${type} in the timeline`, withinSeconds, async () => {
    const entries = await dispatcher.timeline(incidentId)
    return entries.filter(entry => entry.type === type).length >= times ? true : undefined
  })
}

async function decide(morning: Morning, { id, rev: oldRev }: Incident): Promise<void> {
  const { stage, dispatcher } = morning
  const dalmas = morning.worker('Dalmas')
  const owned = await done(dispatcher.api.POST('/api/dispatch/acknowledge/', { body: { incident: id } }))
  stage.expect('the owner', owned.owner?.id, dispatcher.id)
  stage.tell('Wanjiku, on duty at dispatch, acknowledges: she owns the case now, and the ladder stops.')

  const order = { incident: id, act: 'assign', provider: dalmas.id, reason: 'called him, he can come' } as const
  const override = (rev: number) => done(dispatcher.api.POST('/api/dispatch/override/', { body: { ...order, rev } }))
  const stale = await refusalOf(override(oldRev))
  stage.expect('a decision on an old state', stale, 'CHANGED')
  stage.tell('A decision made on an old screen is refused (CHANGED): nothing happens behind anybody’s back.')

  const assigned = await override(owned.rev)
  stage.expect('the status after the override', assigned.status, 'assigned')
  stage.expect('the responder after the override', assigned.assigned_to?.id, dalmas.id)
  stage.tell('She calls Dalmas, who had set himself to busy, and gives him the case over the engine’s head.')

  await morning.workOn(dalmas, id, 'resolved')
  stage.tell('Dalmas starts and completes the work.')
}
