import { acceptOffer } from '../acts/accept-offer'
import { reportIncident } from '../acts/report-incident'
import { completeIncident, startWork } from '../acts/work-incident'
import { addPolicy, addProvider, addUser } from '../test/builders/record'
import { startEngine, type TestEngine } from '../test/harness/engine'

let engine: TestEngine
let survivor: string

beforeAll(async () => {
  engine = await startEngine()
  survivor = await addUser(engine.db, 'survivor')
  await addUser(engine.db, 'dispatcher')
  await addPolicy(engine.db)
})
afterAll(() => engine.stop())

async function report(): Promise<string> {
  const { incidentId } = await reportIncident(engine.deps, { case_type: 'gbv', urgency: 'urgent' }, engine.by('survivor', survivor))
  await engine.heard(incidentId)
  return incidentId
}

beforeEach(() => engine.db('provider_profiles').update({ availability: 'off_duty' }))

test('an offer nobody answers goes to the next, then dispatch is called and its ladder climbs (steps 2, 4, 5)', async () => {
  await addProvider(engine.db)
  await addProvider(engine.db)
  const id = await report()
  await engine.pass(id, 119)
  expect((await engine.events(id)).at(-1)).toBe('offer.made')
  await engine.pass(id, 2)
  expect(await engine.events(id)).toEqual(['incident.reported', 'search.started', 'offer.made', 'offer.expired', 'offer.made'])
  await engine.pass(id, 121)
  expect((await engine.events(id)).slice(5)).toEqual(['offer.expired', 'incident.escalated', 'dispatch.woken'])
  expect(await engine.row(id)).toMatchObject({ status: 'escalated', escalation_reason: 'all_refused', ladder_step: 1 })
  await engine.pass(id, 121)
  expect(await engine.row(id)).toMatchObject({ ladder_step: 2 })
  await engine.pass(id, 600)
  const woken = (await engine.events(id)).filter(type => type === 'dispatch.woken')
  expect(woken).toHaveLength(4)
})

test('worked and completed, it closes after 72 h and the workflow ends (step 8)', async () => {
  const provider = await addProvider(engine.db)
  const id = await report()
  await acceptOffer(engine.deps, { incidentId: id }, engine.by('provider', provider, id))
  await engine.heard(id)
  await startWork(engine.deps, id, engine.by('provider', provider, id))
  await engine.heard(id)
  await completeIncident(engine.deps, id, 'resolved', engine.by('provider', provider, id))
  await engine.pass(id, 72 * 3600 - 60)
  expect(await engine.row(id)).toMatchObject({ status: 'completed' })
  await engine.pass(id, 70)
  expect(await engine.row(id)).toMatchObject({ status: 'closed' })
  expect((await engine.handle(id).describe()).status.name).toBe('COMPLETED')
})
