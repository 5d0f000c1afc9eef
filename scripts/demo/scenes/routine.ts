import { done } from '../../../api/client/kesi-client'
import type { Morning } from '../morning'

/** A routine report waits for a dispatcher, who looks at the recommendations and assigns it. */
export async function routineReviewed(morning: Morning): Promise<void> {
  const { stage, dispatcher } = morning
  const { incident } = await morning.report(morning.survivor('Halima'), 'routine')
  stage.expect('the status in the answer to the report', incident.status, 'pending_dispatcher_review')
  stage.tell(`Halima reports ${incident.code}; it is not urgent, so it waits for a review.`, incident.id)

  const waiting = { status: 'pending_dispatcher_review', page_size: 100 } as const
  const { queue } = await done(dispatcher.api.GET('/api/dispatch/dashboard/', { params: { query: waiting } }))
  stage.expect(
    'the case in the queue',
    queue.results.some(({ id }) => id === incident.id),
    true,
  )
  stage.tell('Wanjiku finds it in the queue of her board.')

  const query = { incident: incident.id }
  const recommended = await done(dispatcher.api.GET('/api/dispatch/recommendations/', { params: { query } }))
  const best = morning.workers.find(({ id }) => id === recommended[0]?.provider)
  stage.expect(
    'somebody who can come at the top of the recommendations',
    best !== undefined && recommended[0]?.eligible,
    true,
  )
  if (!best) return
  stage.tell(`She asks for recommendations: ${best.name} is first.`)

  const order = { incident: incident.id, provider: best.id, rev: incident.rev }
  const assigned = await done(dispatcher.api.POST('/api/dispatch/assign/', { body: order }))
  stage.expect('the status after the assignment', assigned.status, 'assigned')
  stage.tell(`She assigns it to ${best.name}.`)

  await morning.workOn(best, incident.id, 'referred')
  stage.tell(`${best.name} sees to it and refers Halima to the clinic.`)
}
