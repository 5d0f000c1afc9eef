import { acceptOffer } from '../acts/accept-offer'
import { cancelIncident } from '../acts/end-incident'
import { reportIncident } from '../acts/report-incident'
import { findStoreId } from '../adapters/temporal/store-id'
import { tellIncident } from '../adapters/temporal/workflow-teller'
import { leaseUnheard, markHeard, readBacklog, readSnapshots } from '../db/relay.repository'
import type { Urgency } from '../domain/statuses'
import { connectTemporal } from '../platform/temporal/connection'
import { addPolicy, addProvider, addUser, by } from '../test/builders/record'
import { startEngine, type TestEngine } from '../test/harness/engine'
import { eventually } from '../test/harness/eventually'
import type { EngineDeps } from './engine-deps'
import { relayChanges } from './relay'
import { TemporalReach } from './temporal-reach'

let engine: TestEngine
let survivor: string

beforeAll(async () => {
  engine = await startEngine({
    time: 'real',
    // Nothing is told after a commit: all of it is left to the relay.
    acts: { tell: () => undefined },
  })
  survivor = await addUser(engine.db, 'survivor')
  await addPolicy(engine.db)
})
afterAll(() => engine.stop())
beforeEach(async () => {
  await engine.db('events').update({ signal: null, signal_after: null })
})

const report = async (urgency: Urgency = 'urgent'): Promise<string> =>
  (await reportIncident(engine.deps, { case_type: 'gbv', urgency }, by('survivor', survivor))).incidentId
const makeDue = () =>
  engine
    .db('events')
    .whereNotNull('signal')
    .update({ signal_after: new Date(0) })
const unheard = async (): Promise<number> => (await readBacklog(engine.db)).unheard

test('the relay starts what was never told, one signal an incident, and marks everything up to the snapshot', async () => {
  const provider = await addProvider(engine.db)
  const id = await report()
  await acceptOffer(engine.deps, { incidentId: id }, by('provider', provider))
  expect(await unheard()).toBe(2)
  await makeDue()
  expect(await relayChanges(engine.engineDeps)).toBe(1)
  expect(await unheard()).toBe(0)
  expect(await engine.heard(id)).toMatchObject({ status: 'assigned' })
  const { types } = await engine.history(id)
  expect(types.filter(type => type === 'workflowExecutionSignaled')).toHaveLength(1)
})

test('the API has a second to tell by itself', async () => {
  await report()
  expect(await relayChanges(engine.engineDeps)).toBe(0)
})

test("what is leased is nobody else's, and urgent incidents are first", async () => {
  const routine = await report('routine')
  const urgent = await report('urgent')
  await makeDue()
  const [first, second] = await Promise.all([leaseUnheard(engine.db, 200), leaseUnheard(engine.db, 200)])
  expect([...first, ...second].map(each => each.incidentId).sort()).toEqual([routine, urgent].sort())
  await makeDue()
  expect((await leaseUnheard(engine.db, 200)).map(each => each.incidentId)).toEqual([urgent, routine])
  await makeDue()
  expect((await leaseUnheard(engine.db, 1)).map(each => each.incidentId)).toEqual([urgent])
  await markHeard(engine.db, [{ incidentId: urgent, rev: 0 }])
  expect(await unheard()).toBe(2)
})

test('with Temporal away the leases are given back and nothing is lost', async () => {
  const away = connectTemporal({ temporalAddress: '127.0.0.1:1', temporalNamespace: 'kesi-test', codecKeys: undefined })
  const { logger } = engine.deps
  const deps: EngineDeps = {
    ...engine.engineDeps,
    target: { ...engine.target, link: away },
    reach: new TemporalReach(() => findStoreId(away), logger),
  }
  const ids = [await report(), await report(), await report()]
  await makeDue()
  await relayChanges(deps)
  await away.close()
  expect(deps.reach.isSilent).toBe(true)
  expect(await unheard()).toBe(3)
  const soon = await engine
    .db('events')
    .whereNotNull('signal')
    .where('signal_after', '<', engine.db.raw("clock_timestamp() + interval '2 s'"))
  expect(soon).toHaveLength(3)
  await makeDue()
  await relayChanges(engine.engineDeps)
  for (const id of ids) await engine.heard(id)
})

test('a signal that is not newer than what the workflow knows changes nothing', async () => {
  const provider = await addProvider(engine.db)
  const id = await report()
  const [old] = (await readSnapshots(engine.db, engine.deps.policies, [id])).values()
  if (!old) throw new Error('no snapshot')
  await tellIncident(engine.target, { snapshot: old, signal: 'reported' })
  await acceptOffer(engine.deps, { incidentId: id }, by('provider', provider))
  await makeDue()
  await relayChanges(engine.engineDeps)
  await engine.heard(id)
  const before = await engine.history(id)
  await tellIncident(engine.target, { snapshot: { ...old, status: 'offering' }, signal: 'overridden' })
  await eventually(async () => (await engine.history(id)).tasks > before.tasks || undefined)
  expect((await engine.handle(id).describe()).typedSearchAttributes.toJSON()).toContainEqual({
    key: { name: 'IncidentStatus', type: 'KEYWORD' },
    value: 'assigned',
  })
  expect((await engine.history(id)).types).not.toContain('activityTaskScheduled')
})

test('of an incident that is over one run sees the end, however often it is told', async () => {
  const id = await report()
  await cancelIncident(engine.deps, { incidentId: id, reason: 'by_mistake' }, by('survivor', survivor))
  await makeDue()
  expect(await relayChanges(engine.engineDeps)).toBe(1)
  await engine.heard(id)
  const { runId } = await engine.handle(id).describe()
  const [over] = (await readSnapshots(engine.db, engine.deps.policies, [id])).values()
  if (!over) throw new Error('no snapshot')
  await tellIncident(engine.target, { snapshot: over, signal: 'statusChanged' })
  expect(await engine.handle(id).describe()).toMatchObject({ runId, status: { name: 'COMPLETED' } })
})
