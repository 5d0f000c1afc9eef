import { PolicyCache } from '../db/policies.repository'
import { addPolicy, addProvider, addUser, by } from '../test/builders/record'
import { startEngine, type TestEngine } from '../test/harness/engine'
import { eventually } from '../test/harness/eventually'
import { expectInvariants } from '../test/harness/invariants'
import { relayChanges } from '../worker/relay'
import { carryOnIncident } from './carry-on-incident'
import type { ActDeps } from './deps'
import { cancelIncident } from './end-incident'
import { reportIncident } from './report-incident'
import { sweepOnce } from './sweep'

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

const ago = (): Date => new Date(Date.now() - OVERDUE_S * 1000)

const offers = (id: string): Promise<string[]> =>
  engine.db('offers').where({ incident_id: id }).orderBy('offered_at').pluck('state')

/** Resolves when a relay has told the workflow, and it has heard. */
async function relayed(id: string): Promise<void> {
  await eventually(async () => {
    await relayChanges(engine.engineDeps)
    return (await engine.db('events').where({ incident_id: id }).whereNotNull('signal').first()) === undefined
  })
  await engine.heard(id)
}

test('a deadline that nobody kept is kept here, and the run that is missing is made (H8)', async () => {
  const [never, terminated] = [await forgotten(), await forgotten()]
  expect(await sweepOnce(engine.deps)).toBe(2)
  for (const id of [never, terminated]) {
    expect(await offers(id)).toEqual(['expired', 'open'])
    await relayed(id)
  }
  await engine.handle(terminated).terminate('by hand')
  await engine.db('offers').where({ incident_id: terminated, state: 'open' }).update({ expires_at: ago() })
  await engine.db('incidents').where({ id: terminated }).update({ swept_at: null, next_deadline_at: ago() })
  expect(await sweepOnce(engine.deps)).toBe(1)
  await relayed(terminated)
  expect((await engine.handle(terminated).describe()).status.name).toBe('RUNNING')
  await expectInvariants(engine.db)
})

test('what is due for less than two seconds is left to its workflow', async () => {
  await forgotten({ overdue: 1.5 })
  expect(await sweepOnce(engine.deps)).toBe(0)
})

test('a run that is missing is made also when there was nothing to write', async () => {
  const id = await forgotten()
  await engine.db('provider_profiles').update({ availability: 'off_duty' })
  expect(await sweepOnce(engine.deps)).toBe(1)
  await relayed(id)
  await engine.handle(id).terminate('by hand')
  const before = await engine.events(id)
  await engine.db('incidents').where({ id }).update({ swept_at: null, look_again_at: ago(), next_deadline_at: ago() })
  expect(await sweepOnce(engine.deps)).toBe(1)
  expect(await engine.events(id)).toEqual(before)
  await eventually(async () => (await engine.handle(id).describe()).status.name === 'RUNNING')
})

test('a workflow that looks by itself hears of it so, and is not told; one that does not look is told after four seconds', async () => {
  const [looks, missing] = [await forgotten(), await forgotten()]
  await engine.db('events').whereIn('incident_id', [looks, missing]).update({ signal: null, signal_after: null })
  const told: string[] = []
  const before = await engine.db('incidents').where({ id: looks }).first('rev')
  const since = Date.now()
  await sweepOnce({ ...engine.deps, tell: ({ snapshot }) => told.push(snapshot.id) })
  expect(told).toEqual([])
  const unheard = (id: string) => engine.db('events').where({ incident_id: id }).whereNotNull('signal').pluck('type')
  expect(await unheard(looks)).not.toEqual([])
  const seen = await carryOnIncident(engine.deps, { incidentId: looks, rev: before.rev })
  expect(seen.rev).toBe(before.rev + 1)
  expect(await unheard(looks)).toEqual([])
  await relayed(missing)
  expect(Date.now() - since).toBeGreaterThan(3_000)
  await expectInvariants(engine.db)
})

test('what could not be done is left alone for five seconds, and then done', async () => {
  const id = await forgotten()
  const rulesOf = (): Promise<never> => Promise.reject(new Error('the policy cannot be read'))
  const broken: ActDeps = { ...engine.deps, policies: Object.assign(new PolicyCache(), { rulesOf }) }
  const sweptAgo = (seconds: number) =>
    engine
      .db('incidents')
      .where({ id })
      .update({ swept_at: new Date(Date.now() - seconds * 1_000) })
  expect(await sweepOnce(broken)).toBe(1)
  expect(await sweepOnce(engine.deps)).toBe(0)
  await sweptAgo(4)
  expect(await sweepOnce(engine.deps)).toBe(0)
  expect(await offers(id)).toEqual(['open'])
  await sweptAgo(5.1)
  expect(await sweepOnce(engine.deps)).toBe(1)
  expect(await offers(id)).toEqual(['expired', 'open'])
  await expectInvariants(engine.db)
})

test('several at once do each deadline once', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, () => forgotten()))
  const swept = await Promise.all([sweepOnce(engine.deps), sweepOnce(engine.deps), sweepOnce(engine.deps)])
  expect(swept.reduce((sum, each) => sum + each)).toBe(ids.length)
  for (const id of ids) expect((await engine.events(id)).filter(type => type === 'offer.expired')).toHaveLength(1)
  await expectInvariants(engine.db)
})

test('with Temporal out of reach the offers and events are made all the same, and it is told when it is back', async () => {
  const id = await forgotten()
  expect(await sweepOnce({ ...engine.deps, tell: () => undefined })).toBe(1)
  expect(await offers(id)).toEqual(['expired', 'open'])
  const unheard = await engine.db('events').where({ incident_id: id }).whereNotNull('signal').pluck('signal')
  expect(unheard).toEqual(['reported', 'statusChanged'])
  await expectInvariants(engine.db)
})
