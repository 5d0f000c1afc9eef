import { rejectOffer } from '../acts/reject-offer'
import { reportIncident } from '../acts/report-incident'
import type { Urgency } from '../domain/statuses'
import { actDeps, addPolicy, addProvider, addUser, by } from '../test/builders/record'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { expectInvariants } from '../test/harness/invariants'
import { wakeOnce } from './waker'

let base: TestDatabase
let deps: ReturnType<typeof actDeps>
let survivor: string

beforeEach(async () => {
  base = await createTestDatabase()
  deps = actDeps(base.db, { timeTravel: false })
  survivor = await addUser(base.db, 'survivor')
  await addUser(base.db, 'dispatcher')
  await addPolicy(base.db)
})
afterEach(() => base.drop())

const report = async (urgency: Urgency = 'urgent', caseType = 'gbv'): Promise<string> =>
  (await reportIncident(deps, { case_type: caseType, urgency }, by('survivor', survivor))).incidentId

/** A provider who has just become available: an act sets the wake with the availability. */
async function wake(provider: string, { agoSeconds = 0 } = {}): Promise<void> {
  const woke_at = base.db.raw('clock_timestamp() - make_interval(secs => ?)', [agoSeconds])
  await base.db('provider_profiles').where({ user_id: provider }).update({ availability: 'available', woke_at })
}
const offeredTo = (provider: string): Promise<string[]> =>
  base.db('offers').where({ provider_id: provider, state: 'open' }).pluck('incident_id')
const wakes = (): Promise<string[]> => base.db('provider_profiles').whereNotNull('woke_at').pluck('user_id')

test('who becomes available is offered the oldest urgent incident that waits, as many as there are places (step 4)', async () => {
  const waiting = [await report(), await report(), await report()]
  const provider = await addProvider(base.db, { capacity: 2, availability: 'off_duty' })
  await wake(provider)
  expect(await wakeOnce(deps)).toBe(2)
  expect((await offeredTo(provider)).sort()).toEqual(waiting.slice(0, 2).sort())
  expect(deps.told.at(-1)).toMatchObject({
    signal: 'providerAvailable',
    snapshot: { status: 'escalated', id: waiting[1] },
  })
  await expectInvariants(base.db)
})

test("somebody else's refusal does not keep the next incident from them", async () => {
  const refuser = await addProvider(base.db)
  const refused = await report()
  await rejectOffer(deps, { incidentId: refused, reason: 'too_far' }, by('provider', refuser))
  await base.db('provider_profiles').update({ availability: 'off_duty', woke_at: null })
  const second = await report()
  await wake(refuser)
  expect(await wakeOnce(deps)).toBe(1)
  expect(await offeredTo(refuser)).toEqual([second])
})

test('another type of provider wakes nobody, nor does a held incident wake', async () => {
  const id = await report()
  const police = await addProvider(base.db, { type: 'police', availability: 'off_duty' })
  await wake(police)
  expect(await wakeOnce(deps)).toBe(0)
  const rescuer = await addProvider(base.db, { availability: 'off_duty' })
  await base.db('incidents').where({ id }).update({ held: true, owner_id: survivor })
  await wake(rescuer)
  expect(await wakeOnce(deps)).toBe(0)
})

test('a wake stands for three seconds, so that an incident that escalates in the same moment is not missed', async () => {
  const provider = await addProvider(base.db, { availability: 'off_duty' })
  const id = await report()
  await wake(provider, { agoSeconds: 2 })
  await base.db('incidents').where({ id }).update({ status: 'offering' })
  expect(await wakeOnce(deps)).toBe(0)
  expect(await wakes()).toEqual([provider])
  await base.db('incidents').where({ id }).update({ status: 'escalated' })
  expect(await wakeOnce(deps)).toBe(1)
  await wake(provider, { agoSeconds: 4 })
  await wakeOnce(deps)
  expect(await wakes()).toEqual([])
})

test('a look that finds nobody tells no workflow', async () => {
  const refuser = await addProvider(base.db)
  const id = await report()
  await rejectOffer(deps, { incidentId: id, reason: 'too_far' }, by('provider', refuser))
  const told = deps.told.length
  await wake(refuser)
  expect(await wakeOnce(deps)).toBe(0)
  expect(deps.told).toHaveLength(told)
})
