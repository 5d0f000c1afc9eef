import type { Incident } from '../client'
import type { Morning } from '../morning'

interface Dashboard {
  readonly queue: { readonly results: readonly { readonly id: string }[] }
}

/** A routine report waits for a dispatcher, who looks at the recommendations and assigns it. */
export async function routineReviewed(morning: Morning): Promise<void> {
  const { stage, dispatcher } = morning
  const { incident } = await morning.report(morning.survivor('Halima'), 'routine')
  stage.expect('the status in the answer to the report', incident.status, 'pending_dispatcher_review')
  stage.tell(`Halima reports ${incident.code}; it is not urgent, so it waits for a review.`, incident.id)

  const path = '/api/dispatch/dashboard/?status=pending_dispatcher_review&page_size=100'
  const { queue } = await dispatcher.get<Dashboard>(path)
  stage.expect(
    'the case in the queue',
    queue.results.some(({ id }) => id === incident.id),
    true,
  )
  stage.tell('Wanjiku finds it in the queue of her board.')

  const recommended = await dispatcher.get<{ provider: string; rank: number | null; eligible: boolean }[]>(
    `/api/dispatch/recommendations/?incident=${incident.id}`,
  )
  const best = morning.workers.find(({ id }) => id === recommended[0]?.provider)
  stage.expect(
    'somebody who can come at the top of the recommendations',
    best !== undefined && recommended[0]?.eligible,
    true,
  )
  if (!best) return
  stage.tell(`She asks for recommendations: ${best.name} is first.`)

  const order = { incident: incident.id, provider: best.id, rev: incident.rev }
  const assigned = await dispatcher.post<Incident>('/api/dispatch/assign/', order)
  stage.expect('the status after the assignment', assigned.status, 'assigned')
  stage.tell(`She assigns it to ${best.name}.`)

  await morning.workOn(best, incident.id, 'referred')
  stage.tell(`${best.name} sees to it and refers Halima to the clinic.`)
}
