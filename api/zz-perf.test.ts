import { startWithPeople } from '../test/builders/people'
import { reportIncident } from '../acts/report-incident'
import { acceptOffer } from '../acts/accept-offer'
import { reportBody, incidentSchema } from './incidents/incidents.schemas'
import { readAfterAct } from './incidents/incidents.reads'

const q = (xs: number[], p: number) => xs.sort((a, b) => a - b)[Math.floor(xs.length * p)]?.toFixed(2)
async function time(n: number, f: (i: number) => unknown) {
  const xs: number[] = []
  for (let i = 0; i < n; i++) {
    const t = performance.now()
    await f(i)
    xs.push(performance.now() - t)
  }
  return `p50 ${q(xs, 0.5)} p95 ${q(xs, 0.95)}`
}
it('perf', async () => {
  const people = await startWithPeople()
  const { acts } = people.api.deps
  const prov = await people.provider({ capacity: 1000 })
  const out: string[] = []
  const ids: string[] = []
  const by = { actor: { kind: 'person', id: people.survivor.id, role: 'survivor' } } as const
  const pby = { actor: { kind: 'person', id: prov.id, role: 'provider' } } as const
  const me = { id: people.survivor.id, role: 'survivor', sid: '' } as const
  const report = async () => ids.push((await reportIncident(acts, { case_type: 'gbv', urgency: 'urgent' }, by)).incidentId)
  await time(100, report)
  out.push('act report ' + (await time(200, report)))
  out.push('act routine ' + (await time(200, () => reportIncident(acts, { case_type: 'gbv', urgency: 'routine' }, by))))
  out.push('act accept ' + (await time(200, i => acceptOffer(acts, { incidentId: ids[i] as string }, pby))))
  out.push('read ' + (await time(200, i => readAfterAct(acts, me, ids[i] as string))))
  const v = await readAfterAct(acts, me, ids[0] as string)
  out.push('zod in ' + (await time(1000, () => reportBody.safeParse({ urgency: 'urgent', description: 'x' }))))
  out.push('zod out ' + (await time(1000, () => incidentSchema.safeParse(v))))
  out.push('http report ' + (await time(100, () => people.report())))
  out.push('http read ' + (await time(100, i => people.get(`/api/incidents/${ids[i]}/`, people.survivor))))
  console.log(out.join('\n'))
  await people.api.stop()
}, 120000)
