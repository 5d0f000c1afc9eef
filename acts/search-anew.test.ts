import { actDeps, addPolicy, addProvider, addUser, by } from '../test/builders/record'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { expectInvariants } from '../test/harness/invariants'
import { acceptOffer } from './accept-offer'
import { dispatchIncident } from './dispatch-incident'
import { cancelIncident, reopenIncident } from './end-incident'
import { rejectOffer } from './reject-offer'
import { reportIncident } from './report-incident'
import { handBack } from './work-incident'

let test: TestDatabase
let deps: ReturnType<typeof actDeps>
let survivor: string
let dispatcher: string
beforeAll(async () => {
  test = await createTestDatabase()
  deps = actDeps(test.db)
  await addPolicy(test.db)
  survivor = await addUser(test.db, 'survivor')
  dispatcher = await addUser(test.db, 'dispatcher')
})
afterAll(() => test.drop())
beforeEach(() => test.db('provider_profiles').update({ availability: 'off_duty' }))
afterEach(() => expectInvariants(test.db))

const report = async (): Promise<string> =>
  (await reportIncident(deps, { case_type: 'gbv', urgency: 'urgent' }, by('survivor', survivor))).incidentId
const askedOf = (incidentId: string): Promise<string[]> =>
  test.db('offers').where({ incident_id: incidentId, state: 'open' }).pluck('provider_id')
const cancelAndReopen = async (incidentId: string) => {
  await cancelIncident(deps, { incidentId, reason: 'by_mistake' }, by('survivor', survivor))
  return reopenIncident(deps, { incidentId, reason: 'still_in_need' }, by('survivor', survivor))
}

describe('a new search', () => {
  it('asks again whoever was only asked in the one before', async () => {
    const ann = await addProvider(test.db)
    const incidentId = await report()
    expect(await cancelAndReopen(incidentId)).toMatchObject({ status: 'offering', round: 2 })
    expect(await askedOf(incidentId)).toEqual([ann])
  })

  it('never asks again whoever refused', async () => {
    const ann = await addProvider(test.db)
    const incidentId = await report()
    await rejectOffer(deps, { incidentId, reason: 'too_far' }, by('provider', ann))
    expect(await cancelAndReopen(incidentId)).toMatchObject({ status: 'escalated', escalated: 'no_provider_available' })
  })

  it('by dispatch asks whom the search before had asked, but not the responder it was taken from', async () => {
    const ann = await addProvider(test.db)
    const incidentId = await report()
    const bob = await addProvider(test.db)
    await test.db('provider_profiles').where({ user_id: bob }).update({ last_assigned_at: new Date() })
    await acceptOffer(deps, { incidentId }, by('provider', ann))
    const research = { incidentId, act: 'research', reason: 'no_answer' } as const
    expect(await dispatchIncident(deps, research, by('dispatcher', dispatcher))).toMatchObject({ status: 'offering' })
    expect(await askedOf(incidentId)).toEqual([bob])
    expect(await dispatchIncident(deps, research, by('dispatcher', dispatcher))).toMatchObject({ round: 3 })
    expect(await askedOf(incidentId)).toEqual([ann])
  })

  it('after a hand-back asks the others of the search before', async () => {
    const ann = await addProvider(test.db)
    const incidentId = await report()
    await acceptOffer(deps, { incidentId }, by('provider', ann))
    await dispatchIncident(
      deps,
      { incidentId, act: 'reassign', provider: await addProvider(test.db, { type: 'police' }), force: false },
      by('dispatcher', dispatcher),
    )
    const police = await test.db('incidents').where({ id: incidentId }).first('assignee_id')
    await handBack(deps, incidentId, 'out_of_scope', by('provider', police.assignee_id))
    expect(await askedOf(incidentId)).toEqual([ann])
  })
})
