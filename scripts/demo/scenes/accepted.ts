import type { Incident } from '../client'
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
  const preview = await worker.get<object>(`/api/incidents/${incident.id}/`)
  stage.expect('the story in the preview', 'description' in preview || 'reporter' in preview, false)
  stage.tell(`${worker.name} sees the request: how urgent, which area; no name, no story.`)

  const accept = `/api/incidents/${incident.id}/accept/`
  const { result: accepted, ms: acceptMs } = await timed(() => worker.post<Incident>(accept))
  stage.expect('the status after the accept', accepted.status, 'assigned')
  stage.tell(`${worker.name} accepts; the yes is a fact after ${acceptMs} ms.`)

  const seen = await neema.see(incident.id)
  stage.expect('who comes, as Neema sees it', seen.assigned_to?.id, worker.id)
  stage.tell(`Neema reads that ${seen.assigned_to?.name ?? 'somebody'} is coming.`)

  await morning.workOn(worker, incident.id, 'resolved')
  const chain = await morning.admin.get<{ valid: boolean; checked: number }>(
    `/api/incidents/${incident.id}/timeline/?verify=1`,
  )
  stage.expect('the chain of events', chain.valid, true)
  stage.tell(`${worker.name} starts and completes the work; ${chain.checked} events, their chain is whole.`)
}
