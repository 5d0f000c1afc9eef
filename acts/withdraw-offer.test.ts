import { actDeps, addPolicy, addProvider, addUser, by } from '../test/builders/record'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { expectInvariants } from '../test/harness/invariants'
import { rejectOffer } from './reject-offer'
import { reportIncident } from './report-incident'
import { withdrawOffer } from './withdraw-offer'

let test: TestDatabase
let deps: ReturnType<typeof actDeps>
let survivor: string
beforeAll(async () => {
  test = await createTestDatabase()
  deps = actDeps(test.db, { configuredChannels: new Set(['push']) })
  await addPolicy(test.db, 'gbv', { offer: { mode: 'broadcast', broadcast_size: 3 } as never })
  survivor = await addUser(test.db, 'survivor')
  await addUser(test.db, 'dispatcher')
})
afterAll(() => test.drop())
beforeEach(() => test.db('provider_profiles').update({ availability: 'off_duty' }))
afterEach(() => expectInvariants(test.db))

const report = async (): Promise<string> =>
  (await reportIncident(deps, { case_type: 'gbv', urgency: 'urgent' }, by('survivor', survivor))).incidentId
/** Who still gets a notice of an offer of this incident. */
const noticed = (incidentId: string): Promise<string[]> =>
  test
    .db('notices')
    .where({ incident_id: incidentId, code: 'offer.made' })
    .whereNull('withdrawn_at')
    .whereNotNull('send_after')
    .orderBy('recipient_id')
    .pluck('recipient_id')

describe('one of several open offers ends', () => {
  it('by withdrawal: its notice is stopped, the others’ are not (I4), and it is no refusal', async () => {
    const [ann, bob] = [await addProvider(test.db), await addProvider(test.db)]
    const incidentId = await report()
    expect(await noticed(incidentId)).toEqual([ann, bob])
    const snapshot = await withdrawOffer(deps, { incidentId, providerId: ann, reason: 'off_duty' }, by('provider', ann))
    expect(snapshot).toMatchObject({ status: 'offering', rev: 2 })
    expect(await noticed(incidentId)).toEqual([bob])
    expect(
      await test.db('provider_profiles').where({ user_id: ann }).first('load', 'silences', 'cooling_until'),
    ).toEqual({
      load: 0,
      silences: 0,
      cooling_until: null,
    })
    expect(await test.db('incidents').where({ id: incidentId }).first('search_refused')).toEqual({
      search_refused: false,
    })
    expect(deps.told.at(-1)?.signal).toBe('offerAnswered')
  })

  it('by refusal: likewise', async () => {
    const [ann, bob] = [await addProvider(test.db), await addProvider(test.db)]
    const incidentId = await report()
    await rejectOffer(deps, { incidentId, reason: 'unsafe' }, by('provider', bob))
    expect(await noticed(incidentId)).toEqual([ann])
  })

  it('without an open offer of theirs nothing is written', async () => {
    const ann = await addProvider(test.db)
    const incidentId = await report()
    const other = await addProvider(test.db)
    const told = deps.told.length
    const snapshot = await withdrawOffer(
      deps,
      { incidentId, providerId: other, reason: 'off_duty' },
      by('provider', other),
    )
    expect(snapshot.rev).toBe(1)
    expect(deps.told).toHaveLength(told)
    expect(await noticed(incidentId)).toEqual([ann])
  })
})
