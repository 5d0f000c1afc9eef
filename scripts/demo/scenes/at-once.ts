import type { Person } from '../client'
import type { Morning } from '../morning'

/** Three at once and three free places: each gets another responder; a fourth waits until a place comes free. */
export async function threeAtOnce(morning: Morning): Promise<void> {
  const { stage } = morning
  const reporters = (['Neema', 'Wambui', 'Halima'] as const).map(name => morning.survivor(name))
  const reports = await Promise.all(reporters.map(reporter => morning.report(reporter, 'urgent')))
  const incidents = reports.map(({ incident }) => incident)
  for (const { id, code, status } of incidents) {
    stage.expect('the status in the answer to the report', status, 'offering')
    stage.tell(`In the same moment comes ${code}.`, id)
  }

  const asked = await Promise.all(incidents.map(({ id }) => morning.offeredTo(id)))
  stage.expect('different responders asked', new Set(asked).size, 3)
  stage.tell(`Each is offered to somebody else: ${asked.map(({ name }) => name).join(', ')}. Everybody has one place.`)

  const fourth = (await morning.report(morning.survivor('Zawadi'), 'urgent')).incident
  stage.expect('the status of one too many', fourth.status, 'escalated')
  const { escalation_reason } = await morning.dispatcher.see(fourth.id)
  stage.expect('its reason', escalation_reason, 'all_at_capacity')
  stage.tell(`A fourth, ${fourth.code}, finds all places taken: dispatch is called in its own report.`, fourth.id)

  await Promise.all(incidents.map(({ id }, index) => accept(morning, asked[index], id)))
  stage.tell('All three accept at once; nobody got two, no case got two.')

  const [first, ...others] = incidents.map(({ id }, index) => ({ id, worker: asked[index] as Person }))
  if (first) await morning.workOn(first.worker, first.id, 'resolved')
  stage.tell(`${first?.worker.name} completes the first: a place comes free.`)

  const next = await stage.until('the waiting case is offered', 5, async () =>
    (await first?.worker.askedFor())?.includes(fourth.id) ? first?.worker : undefined,
  )
  await accept(morning, next, fourth.id)
  stage.tell(`At once the waiting case is offered to ${next.name}, who accepts.`)

  for (const { worker, id } of [...others, { worker: next, id: fourth.id }])
    await morning.workOn(worker, id, 'resolved')
  stage.tell('The three remaining cases are worked and completed.')
}

async function accept({ stage }: Morning, worker: Person | undefined, incidentId: string): Promise<void> {
  const accepted = await worker?.accept(incidentId)
  stage.expect('the status after the accept', accepted?.status, 'assigned')
  stage.expect('the responder after the accept', accepted?.assigned_to?.id, worker?.id)
}
