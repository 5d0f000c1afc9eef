import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { actDeps, addPolicy, addProvider, addUser, by } from '../test/builders/record'
import { acceptOffer } from './accept-offer'
import { carryOnIncident } from './carry-on-incident'
import { rejectOffer } from './reject-offer'
import { reportIncident } from './report-incident'
import { completeIncident, startWork } from './work-incident'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())

const SECOND = 1000
const T0 = Date.UTC(2026, 0, 5, 9, 0, 0)

describe('the life of an incident in the record alone', () => {
  let deps: ReturnType<typeof actDeps>
  let survivor: string
  beforeAll(async () => {
    deps = actDeps(test.db)
    await addPolicy(test.db)
    survivor = await addUser(test.db, 'survivor')
    await addUser(test.db, 'dispatcher')
  })

  const report = (at: number) =>
    reportIncident(deps, { case_type: 'gbv', urgency: 'urgent', description: 'x' }, by('survivor', survivor, at))

  it('is offered in its own report, accepted, started and completed, and the slot is free again', async () => {
    const ann = await addProvider(test.db)
    const { incidentId, snapshot } = await report(T0)
    expect(snapshot).toMatchObject({ status: 'offering', rev: 1, next: { kind: 'expireOffers', in_ms: 120 * SECOND } })
    const accepted = await acceptOffer(deps, { incidentId }, by('provider', ann, T0 + 5 * SECOND))
    expect(accepted).toMatchObject({ status: 'assigned', rev: 2 })
    await startWork(deps, incidentId, by('provider', ann, T0 + 60 * SECOND))
    const done = await completeIncident(deps, incidentId, 'resolved', by('provider', ann, T0 + 90 * SECOND))
    expect(done).toMatchObject({ status: 'completed', next: { kind: 'closeIncident', in_ms: 259200 * SECOND } })
    const closed = await carryOnIncident(deps, { incidentId, rev: done.rev, at: T0 + (90 + 259200) * SECOND })
    expect(closed).toMatchObject({ status: 'closed', open: false, next: null })
    expect(await test.db('provider_profiles').where({ user_id: ann }).first('load')).toEqual({ load: 0 })
    await test.db('provider_profiles').update({ availability: 'off_duty' })
  })

  it('goes on after a refusal and a silence, and calls dispatch when nobody is left', async () => {
    const [ann, bob] = [await addProvider(test.db), await addProvider(test.db)]
    const { incidentId } = await report(T0)
    const first = await test.db('offers').where({ incident_id: incidentId, state: 'open' }).first('provider_id')
    const rejected = await rejectOffer(
      deps,
      { incidentId, reason: 'too_far', note: 'on the other side of the river' },
      by('provider', first.provider_id, T0 + 10 * SECOND),
    )
    expect(rejected).toMatchObject({ status: 'offering', next: { kind: 'expireOffers' } })
    const early = await carryOnIncident(deps, { incidentId, rev: rejected.rev, at: T0 + 20 * SECOND })
    expect(early).toEqual({ ...rejected, next: { ...rejected.next, in_ms: 110 * SECOND } })
    const silent = await carryOnIncident(deps, { incidentId, rev: rejected.rev, at: T0 + 130 * SECOND })
    expect(silent).toMatchObject({ status: 'escalated', escalated: 'all_refused' })
    const types = await test.db('events').where({ incident_id: incidentId }).orderBy('seq').pluck('type')
    expect(types).toEqual([
      'incident.reported',
      'search.started',
      'offer.made',
      'offer.rejected',
      'offer.made',
      'offer.expired',
      'incident.escalated',
      'dispatch.woken',
    ])
    expect([ann, bob]).toContain(first.provider_id)
  })
})
