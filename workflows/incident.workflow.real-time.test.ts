import { acceptOffer } from '../acts/accept-offer'
import { dispatchIncident } from '../acts/dispatch-incident'
import { reportIncident } from '../acts/report-incident'
import { completeIncident, startWork } from '../acts/work-incident'
import { closeDatabase, openDatabase } from '../db/database'
import { incidentStoryQuery } from './contracts/incident'
import { addPolicy, addProvider, addUser, by } from '../test/builders/record'
import { startEngine, type TestEngine } from '../test/harness/engine'
import { eventually } from '../test/harness/eventually'

let engine: TestEngine
let survivor: string
let dora: string

beforeAll(async () => {
  engine = await startEngine({ time: 'real' })
  survivor = await addUser(engine.db, 'survivor')
  dora = await addUser(engine.db, 'dispatcher')
})
afterAll(() => engine.stop())
beforeEach(() => engine.db('provider_profiles').update({ availability: 'off_duty' }))

async function report(): Promise<string> {
  const { incidentId } = await reportIncident(
    engine.deps,
    { case_type: 'gbv', urgency: 'urgent' },
    by('survivor', survivor),
  )
  await engine.heard(incidentId)
  return incidentId
}

const status = async (id: string): Promise<string> => (await engine.row(id)).status

test('the happy path costs at most 30 events and 5 workflow tasks until completed', async () => {
  await addPolicy(engine.db)
  const provider = by('provider', await addProvider(engine.db))
  const id = await report()
  await acceptOffer(engine.deps, { incidentId: id }, provider)
  await engine.heard(id)
  await startWork(engine.deps, id, provider)
  await engine.heard(id)
  await completeIncident(engine.deps, id, 'resolved', provider)
  await engine.heard(id)
  const { events, tasks, types } = await engine.history(id)
  expect(events).toBeLessThanOrEqual(30)
  expect(tasks).toBeLessThanOrEqual(5)
  // The report's signal carries the snapshot, so nothing had to be looked at.
  expect(types).not.toContain('markerRecorded')
})

test('three silences, escalation, override, completion and closing cost at most 70 events', async () => {
  await addPolicy(engine.db, 'gbv', {
    offer: { window_seconds: 1, search_seconds: 20, silences_to_unresponsive: 9 },
    auto_close_seconds: 1,
  })
  for (let count = 0; count < 3; count++) await addProvider(engine.db)
  const rescuer = await addProvider(engine.db, { type: 'police' })
  const id = await report()
  await eventually(async () => (await status(id)) === 'escalated')
  await engine.heard(id)
  expect((await engine.events(id)).filter(type => type === 'offer.expired')).toHaveLength(3)
  await dispatchIncident(
    engine.deps,
    { incidentId: id, act: 'assign', provider: rescuer, force: false, reason: 'nearest' },
    by('dispatcher', dora),
  )
  await engine.heard(id)
  await completeIncident(engine.deps, id, 'resolved', by('dispatcher', dora))
  await engine.heard(id)
  await eventually(async () => (await status(id)) === 'closed')
  await engine.heard(id)
  const { events, tasks } = await engine.history(id)
  expect(events).toBeLessThanOrEqual(70)
  expect(tasks).toBeLessThanOrEqual(14)
})

test('with PostgreSQL away the workflow waits on a timer, hears signals all the same, and goes on when it is back', async () => {
  await addPolicy(engine.db, 'gbv', { offer: { window_seconds: 2, search_seconds: 60 } })
  await addProvider(engine.db)
  await addProvider(engine.db)
  const id = await report()
  const name = new URL(engine.test.url).pathname.slice(1)
  const admin = openDatabase({ url: process.env['TEST_DATABASE_ADMIN_URL'] ?? '', pool: 1, name: 'kesi-test-admin' })
  try {
    await admin.raw(`alter database ${name} with allow_connections false`)
    await admin.raw('select pg_terminate_backend(pid) from pg_stat_activity where datname = ?', [name])
    await eventually(
      async () => (await engine.handle(id).query(incidentStoryQuery)).waitingFor.includes('does not answer'),
      { withinMs: 20_000 },
    )
  } finally {
    await admin.raw(`alter database ${name} with allow_connections true`)
    await closeDatabase(admin)
  }
  await eventually(async () => (await engine.events(id)).includes('offer.expired'), { withinMs: 20_000 })
  const { types } = await engine.history(id)
  expect(types).not.toContain('workflowTaskFailed')
}, 60_000)

test('a row that is locked holds the workflow task for 5 s at most; then the workflow waits on a timer', async () => {
  await addPolicy(engine.db, 'gbv', { offer: { window_seconds: 1, search_seconds: 60 } })
  await addProvider(engine.db)
  await addProvider(engine.db)
  const id = await report()
  await engine.db.transaction(async trx => {
    await trx('incidents').where({ id }).forUpdate().first('id')
    const from = performance.now()
    await eventually(
      async () => (await engine.handle(id).query(incidentStoryQuery)).waitingFor.includes('does not answer'),
      { withinMs: 15_000 },
    )
    expect(performance.now() - from).toBeLessThan(8_000)
  })
  await eventually(async () => (await engine.events(id)).includes('offer.expired'), { withinMs: 20_000 })
}, 60_000)
