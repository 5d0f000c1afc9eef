import { createKesiClient, done } from '../../../api/client/kesi-client'
import { at, type Incident } from '../client'
import { FAST_POLICY } from '../fast-policy'
import { temporalPid } from '../installation'
import type { Morning } from '../morning'
import { timed } from '../stage'

/** `npm start` gives a server that ended one second, then the server needs some to start, and the relay some to tell everybody. */
const BACK_WITHIN_SECONDS = 60

/** Temporal is stopped in the middle of a case: everybody who acts is answered as ever, and nothing is forgotten. */
export async function withoutTemporal(morning: Morning): Promise<void> {
  const { stage, installation } = morning
  if (!installation.hasOwnTemporal) {
    stage.aside('Left out: this Temporal server is not ours to stop (TEMPORAL_ADDRESS is set).')
    return
  }
  const { incident } = await morning.report(morning.survivor('Neema'), 'urgent')
  const worker = await morning.offeredTo(incident.id)
  stage.tell(`Neema reports ${incident.code}; ${worker.name} is asked.`, incident.id)

  const pid = await stage.until('Temporal runs', 10, () => temporalPid(installation))
  process.kill(pid, 'SIGTERM')
  await stage.until('Temporal ends', 15, async () => ((await temporalPid(installation)) === pid ? undefined : true))
  stage.tell('Temporal is stopped. Nobody is told.')

  const accepted = await timed(() => worker.accept(incident.id))
  stage.expect('the status after the accept', accepted.result.status, 'assigned')
  stage.tell(`${worker.name} accepts all the same, answered in ${accepted.ms} ms, and starts.`)
  await done(worker.api.POST('/api/incidents/{id}/status/', { ...at(incident.id), body: { status: 'in_progress' } }))

  const { incident: unanswered, ms } = await morning.report(morning.survivor('Wambui'), 'urgent')
  stage.expect('an open offer in the answer to the report', unanswered.offer !== null, true)
  const silent = await morning.offeredTo(unanswered.id)
  stage.tell(
    `Wambui reports ${unanswered.code}, answered in ${ms} ms: ${silent.name} is asked, and stays silent.`,
    unanswered.id,
  )

  await morning.workOn(worker, incident.id, 'resolved')
  stage.tell(`${worker.name} completes ${incident.code}.`)
  await comeBack(morning, unanswered)
}

async function comeBack(morning: Morning, { id, code }: Incident): Promise<void> {
  const { stage, installation } = morning
  const api = createKesiClient({ baseUrl: installation.url })
  const { ms } = await timed(() =>
    stage.until('Temporal is back and has heard of everything', BACK_WITHIN_SECONDS, async () => {
      // Not ready, and so refused, while no worker can reach Temporal.
      const health = await done(api.GET('/health/ready/')).catch(() => undefined)
      return (await temporalPid(installation)) !== undefined && health?.behind_seconds === 0 ? true : undefined
    }),
  )
  stage.tell(
    `npm start has started it again; ${(ms / 1000).toFixed(1)} s later the workflows have heard of everything.`,
  )

  const later = await stage.until('the unanswered offer moves on', FAST_POLICY.offer.window_seconds + 30, async () => {
    const entries = await morning.dispatcher.timeline(id)
    const isOver = entries.some(({ type }) => type === 'offer.expired')
    return isOver ? morning.dispatcher.see(id) : undefined
  })
  stage.expect('somebody else is asked, or dispatch is called', ['offering', 'escalated'].includes(later.status), true)
  stage.tell(`The deadline of ${code} was kept over the outage: the silence is recorded and the next is asked.`)

  const next = await morning.offeredTo(id)
  await next.accept(id)
  await morning.workOn(next, id, 'resolved')
  stage.tell(`${next.name} accepts, starts and completes it.`)
}
