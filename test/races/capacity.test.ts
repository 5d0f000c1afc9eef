import { acceptOffer } from '../../acts/accept-offer'
import { cancelIncident } from '../../acts/end-incident'
import { reportIncident } from '../../acts/report-incident'
import { actDeps, addPolicy, addProvider, addUser, by } from '../builders/record'
import { createTestDatabase, type TestDatabase } from '../harness/database'
import { expectInvariants } from '../harness/invariants'
import { seeded } from '../harness/random'

const ROUNDS = 200

describe('races for providers', () => {
  let test: TestDatabase
  let deps: ReturnType<typeof actDeps>
  let survivors: string[]
  let dora: string

  beforeEach(async () => {
    test = await createTestDatabase({ pool: 20 })
    deps = actDeps(test.db, { timeTravel: false })
    survivors = await Promise.all(Array.from({ length: 3 }, () => addUser(test.db, 'survivor')))
    dora = await addUser(test.db, 'dispatcher')
  })
  afterEach(() => test.drop())

  it(`three survivors at once, five providers with one place each, ${ROUNDS} seeded rounds: never two for one (K3, I3)`, async () => {
    await addPolicy(test.db)
    const providers = await Promise.all(Array.from({ length: 5 }, () => addProvider(test.db, { capacity: 1 })))
    const random = seeded(7)
    for (let round = 0; round < ROUNDS; round++) {
      // Some are off duty: sometimes there is one place for three.
      const free = providers.filter(() => random() < 0.6)
      await test.db('provider_profiles').update({ availability: 'off_duty', woke_at: null })
      await test.db('provider_profiles').whereIn('user_id', free).update({ availability: 'available' })
      const reports = await Promise.all(
        survivors.map(id => reportIncident(deps, { case_type: 'gbv', urgency: 'urgent' }, by('survivor', id))),
      )
      const ids = reports.map(each => each.incidentId)
      const offers = await test.db('offers').whereIn('incident_id', ids).where({ state: 'open' }).select('provider_id')
      const asked = offers.map(offer => offer.provider_id as string)
      expect(new Set(asked).size).toBe(asked.length)
      expect(asked).toHaveLength(Math.min(3, free.length))
      const escalated = reports.filter(each => each.snapshot?.status === 'escalated')
      expect(escalated).toHaveLength(3 - asked.length)
      await expectInvariants(test.db)
      for (const incidentId of ids) await cancelIncident(deps, { incidentId, reason: 'test' }, by('dispatcher', dora))
    }
  }, 300_000)

  it('50 incidents broadcast to the same 20 providers at once: no deadlock reaches a caller, every slot counted right', async () => {
    await addPolicy(test.db, 'gbv', { offer: { mode: 'broadcast', broadcast_size: 20 } })
    const providers = await Promise.all(Array.from({ length: 20 }, () => addProvider(test.db, { capacity: 100 })))
    const reports = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        reportIncident(deps, { case_type: 'gbv', urgency: 'urgent' }, by('survivor', survivors[index % 3] as string)),
      ),
    )
    await expectInvariants(test.db)
    const answers = reports.flatMap(({ incidentId }, index) => [
      acceptOffer(deps, { incidentId }, by('provider', providers[index % 20] as string)),
      acceptOffer(deps, { incidentId }, by('provider', providers[(index + 7) % 20] as string)),
    ])
    const results = await Promise.allSettled(answers)
    const refused = results.filter(result => result.status === 'rejected')
    expect(refused.map(result => (result.reason as { code: string }).code)).toEqual(Array(50).fill('OFFER_TAKEN'))
    await expectInvariants(test.db)
    const loads = await test.db('provider_profiles').pluck<number[]>('load')
    expect(loads.reduce((sum, load) => sum + load, 0)).toBe(50)
  }, 120_000)
})
