import { done } from '../../../api/client/kesi-client'
import type { Morning } from '../morning'
import { timed } from '../stage'

/** An urgent report is offered, accepted, worked and completed; the chain of its events holds. */
export async function urgentAccepted(morning: Morning): Promise<void> {
  const { stage } = morning
  const neema = morning.survivor('Neema')
  const { incident, ms } = await morning.report(neema, 'urgent')
  stage.expect('the status in the answer to the report', incident.status, 'offering')
  stage.expect('an open offer in the answer to the report', incident.offer !== null, true)
  stage.tell(
    `Neema reports ${incident.code}; after ${ms} ms the answer says that somebody is being asked.`,
    incident.id,
  )

  const worker = await morning.offeredTo(incident.id)
  const preview = await worker.look(incident.id)
  stage.expect('the story in the preview', 'description' in preview || 'reporter' in preview, false)
  stage.tell(`${worker.name} sees the request: how urgent, which area; no name, no story.`)

  const { result: accepted, ms: acceptMs } = await timed(() => worker.accept(incident.id))
  stage.expect('the status after the accept', accepted.status, 'assigned')
  stage.tell(`${worker.name} accepts; the yes is a fact after ${acceptMs} ms.`)

  const seen = await neema.see(incident.id)
  stage.expect('who comes, as Neema sees it', seen.assigned_to?.id, worker.id)
  stage.tell(`Neema reads that ${seen.assigned_to?.name ?? 'somebody'} is coming.`)

  await morning.workOn(worker, incident.id, 'resolved')
  const params = { path: { id: incident.id }, query: { verify: '1' } } as const
  const chain = await done(morning.admin.api.GET('/api/incidents/{id}/timeline/', { params }))
  if (Array.isArray(chain)) throw new Error('the timeline came without its proof')
  stage.expect('the chain of events', chain.valid, true)
  stage.tell(`${worker.name} starts and completes the work; ${chain.checked} events, their chain is whole.`)
}
