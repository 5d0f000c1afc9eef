import { cancelIncident } from '../acts/end-incident'
import { reportIncident } from '../acts/report-incident'
import { findStoreId } from '../adapters/temporal/store-id'
import { addPolicy, addProvider, addUser, by } from '../test/builders/record'
import { startEngine, type TestEngine } from '../test/harness/engine'
import { expectInvariants } from '../test/harness/invariants'
import { connectTemporal } from '../platform/temporal/connection'
import { sweepOnce } from './sweep'
import { TemporalReach } from './temporal-reach'

/** Deadlines of these reports passed this long ago. */
const OVERDUE_S = 20
const WINDOW_S = 120

let engine: TestEngine
let survivor: string
let dora: string

beforeAll(async () => {
  engine = await startEngine()
  survivor = await addUser(engine.db, 'survivor')
  dora = await addUser(engine.db, 'dispatcher')
  await addPolicy(engine.db)
})
afterAll(() => engine.stop())
afterEach(async () => {
  const open = await engine.db('incidents').whereNot({ status: 'cancelled' }).pluck('id')
  for (const incidentId of open)
    await cancelIncident(engine.deps, { incidentId, reason: 'over' }, by('dispatcher', dora))
  await engine.db('provider_profiles').update({ availability: 'off_duty' })
})

/** An incident whose offer's window is over, and of which no workflow was told. */
async function forgotten({ overdue = OVERDUE_S } = {}): Promise<string> {
  await addProvider(engine.db)
  await addProvider(engine.db)
  const deps = { ...engine.deps, tell: () => undefined }
  const at = Date.now() - (WINDOW_S + overdue) * 1000
  const { incidentId } = await reportIncident(
    deps,
    { case_type: 'gbv', urgency: 'urgent' },
    by('survivor', survivor, at),
  )
  return incidentId
}

const offers = (id: string): Promise<string[]> =>
  engine.db('offers').where({ incident_id: id }).orderBy('offered_at').pluck('state')

test('a run that was never started or was terminated by hand is made again, and does what is due (H8)', async () => {
  const [never, terminated] = [await forgotten(), await forgotten()]
  const { told, carriedOn } = await sweepOnce(engine.engineDeps)
  expect({ told, carriedOn }).toEqual({ told: 2, carriedOn: 0 })
  for (const id of [never, terminated]) {
    await engine.heard(id)
    await engine.pass(id, 1)
    expect(await offers(id)).toEqual(['expired', 'open'])
  }
  await engine.handle(terminated).terminate('by hand')
  await engine
    .db('incidents')
    .where({ id: terminated })
    .update({ swept_at: null, next_deadline_at: new Date(Date.now() - 15_000) })
  expect(await sweepOnce(engine.engineDeps)).toEqual({ told: 1, carriedOn: 0 })
  await engine.heard(terminated)
  expect((await engine.handle(terminated).describe()).status.name).toBe('RUNNING')
  await expectInvariants(engine.db)
})

test('within 30 s it is not swept again, and what is due for less than 10 s is left to its workflow', async () => {
  await forgotten()
  await forgotten({ overdue: 5 })
  expect(await sweepOnce(engine.engineDeps)).toEqual({ told: 1, carriedOn: 0 })
  expect(await sweepOnce(engine.engineDeps)).toEqual({ told: 0, carriedOn: 0 })
})

test('with Temporal out of reach for 30 s the overdue acts are done here, with their offers and events', async () => {
  const away = connectTemporal({ temporalAddress: '127.0.0.1:1', temporalNamespace: 'kesi-test', codecKeys: undefined })
  let now = 0
  const reach = new TemporalReach(
    () => findStoreId(away),
    engine.deps.logger,
    () => now,
  )
  const acts = { ...engine.deps, tell: () => undefined }
  const deps = { acts, reach, target: { ...engine.target, link: away } }
  const id = await forgotten()
  await reach.check()
  expect(await sweepOnce(deps)).toEqual({ told: 0, carriedOn: 0 })
  now = 31_000
  expect(await sweepOnce(deps)).toEqual({ told: 0, carriedOn: 1 })
  await away.close()
  expect(await offers(id)).toEqual(['expired', 'open'])
  const unheard = await engine.db('events').where({ incident_id: id }).whereNotNull('signal').pluck('signal')
  expect(unheard).toEqual(['reported', 'statusChanged'])
  await expectInvariants(engine.db)
})

test('a workflow that was told and does nothing for a minute is stood in for', async () => {
  const id = await forgotten({ overdue: 61 })
  expect(await sweepOnce({ ...engine.engineDeps, acts: { ...engine.deps, tell: () => undefined } })).toEqual({
    told: 0,
    carriedOn: 1,
  })
  expect(await offers(id)).toEqual(['expired', 'open'])
})
