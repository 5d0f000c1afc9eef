import { startWithPeople } from '../test/builders/people'
import { findIncidentSeen } from '../db/incident-views.repository'
import { findSignedIn } from '../db/sessions.repository'

const q = (xs: number[], p: number) => xs.sort((a, b) => a - b)[Math.floor(xs.length * p)]?.toFixed(2)
async function time(n: number, f: (i: number) => Promise<unknown>) {
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
  const db = people.api.database.db
  const prov = await people.provider({ capacity: 1000 })
  const out: string[] = []
  const ids: string[] = []
  out.push('warm ' + (await time(100, async () => ids.push((await people.report()).id))))
  out.push('report urgent ' + (await time(300, async () => ids.push((await people.report()).id))))
  out.push('report routine ' + (await time(200, () => people.report({ urgency: 'routine', description: 'x'.repeat(300) }))))
  out.push('accept ' + (await time(300, i => people.post(`/api/incidents/${ids[i]}/accept/`, {}, prov))))
  const d = { id: people.dispatcher.id, role: 'dispatcher' as const }
  const s = { id: people.survivor.id, role: 'survivor' as const }
  out.push('see survivor ' + (await time(300, i => findIncidentSeen(db, { incidentId: ids[i] as string, reader: s, what: 'x', flush: 'soon' }))))
  out.push('see staff soon ' + (await time(300, i => findIncidentSeen(db, { incidentId: ids[i] as string, reader: d, what: 'x', flush: 'soon' }))))
  out.push('see staff before ' + (await time(300, i => findIncidentSeen(db, { incidentId: ids[i] as string, reader: d, what: 'x', flush: 'before_answer' }))))
  out.push('signed in ' + (await time(300, () => findSignedIn(db, people.survivor.id))))
  out.push('select 1 ' + (await time(300, () => db.raw('select 1'))))
  const t = performance.now()
  let left = 2000
  await Promise.all(Array.from({ length: 20 }, async () => { while (left-- > 0) await people.report({ urgency: 'routine' }) }))
  out.push(`routine at 20: ${(2000 / (performance.now() - t) * 1000).toFixed(0)}/s`)
  const t2 = performance.now()
  left = 1000
  await Promise.all(Array.from({ length: 20 }, async () => { while (left-- > 0) await people.report({ urgency: 'routine', case_type: 'ambulance' }) }))
  out.push(`again: ${(1000 / (performance.now() - t2) * 1000).toFixed(0)}/s`)
  console.log(out.join('\n'))
  await people.api.stop()
}, 120000)
