import { acceptOffer } from '../../acts/accept-offer'
import { carryOnIncident } from '../../acts/carry-on-incident'
import { dispatchIncident } from '../../acts/dispatch-incident'
import { cancelIncident } from '../../acts/end-incident'
import { reportIncident } from '../../acts/report-incident'
import { Refusal } from '../../domain/refusals'
import { actDeps, addPolicy, addProvider, addUser, by } from '../builders/record'
import { createTestDatabase, type TestDatabase } from '../harness/database'
import { expectInvariants } from '../harness/invariants'
import { seeded, shuffled } from '../harness/random'

const ROUNDS = 200

/** Counts what each call was told: `ok`, or the refusal's code. Anything else fails the test. */
async function told(calls: readonly (() => Promise<unknown>)[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  const results = await Promise.allSettled(calls.map(call => call()))
  for (const result of results) {
    if (result.status === 'rejected' && !(result.reason instanceof Refusal)) throw result.reason
    const word = result.status === 'fulfilled' ? 'ok' : (result.reason as Refusal).code
    counts[word] = (counts[word] ?? 0) + 1
  }
  return counts
}

describe('races for one incident', () => {
  let test: TestDatabase
  let deps: ReturnType<typeof actDeps>
  let survivor: string
  let dora: string
  let providers: string[]

  beforeAll(async () => {
    test = await createTestDatabase({ pool: 20 })
    deps = actDeps(test.db, { timeTravel: false })
    survivor = await addUser(test.db, 'survivor')
    dora = await addUser(test.db, 'dispatcher')
    await addPolicy(test.db, 'gbv', { offer: { mode: 'broadcast', broadcast_size: 20 } })
    providers = await Promise.all(Array.from({ length: 20 }, () => addProvider(test.db)))
  })
  afterEach(() => expectInvariants(test.db))
  afterAll(() => test.drop())

  const report = () => reportIncident(deps, { case_type: 'gbv', urgency: 'urgent' }, by('survivor', survivor))
  const end = (incidentId: string) => cancelIncident(deps, { incidentId, reason: 'test' }, by('dispatcher', dora))

  it(`20 providers accept at once, ${ROUNDS} rounds: one yes each, 19 told it is taken (G1, I2)`, async () => {
    const random = seeded(1)
    for (let round = 0; round < ROUNDS; round++) {
      const { incidentId } = await report()
      const calls = shuffled(providers, random).map(id => () => acceptOffer(deps, { incidentId }, by('provider', id)))
      expect(await told(calls)).toEqual({ ok: 1, OFFER_TAKEN: 19 })
      await end(incidentId)
    }
  }, 300_000)

  it(`override against accept on the same rev, ${ROUNDS} rounds: one winner, the other told why, no notice after (G11, I4)`, async () => {
    const winners = { accept: 0, override: 0 }
    for (let round = 0; round < ROUNDS; round++) {
      const { incidentId, snapshot } = await report()
      const [ann, bob] = shuffled(providers, seeded(round)) as [string, string]
      const accept = () => acceptOffer(deps, { incidentId }, by('provider', ann))
      const override = () =>
        dispatchIncident(
          deps,
          { incidentId, rev: snapshot?.rev ?? 0, act: 'assign', provider: bob, force: false },
          by('dispatcher', dora),
        )
      const counts = await told(round % 2 ? [accept, override] : [override, accept])
      expect(counts['ok']).toBe(1)
      expect((counts['CHANGED'] ?? 0) + (counts['OFFER_WITHDRAWN'] ?? 0)).toBe(1)
      winners[counts['CHANGED'] ? 'accept' : 'override'] += 1
      await end(incidentId)
    }
    // A race that only ever goes one way was none.
    expect(Math.min(winners.accept, winners.override)).toBeGreaterThan(0)
  }, 300_000)

  it('the timer and an accept at the deadline, in both orders: whoever is first stands, and no late yes', async () => {
    const timed = { ...deps, timeTravel: true }
    for (const order of ['accept first', 'timer first'] as const) {
      const { incidentId, snapshot } = await report()
      const deadline = snapshot?.next?.due_at ?? 0
      const accept = (at: number) => acceptOffer(timed, { incidentId }, by('provider', providers[0] as string, at))
      const timer = (at: number) => carryOnIncident(timed, { incidentId, rev: snapshot?.rev ?? 0, at })
      if (order === 'accept first') {
        await accept(deadline - 1)
        expect(await timer(deadline)).toMatchObject({ status: 'assigned' })
      } else {
        expect(await timer(deadline)).toMatchObject({ status: 'escalated', escalated: 'all_refused' })
        await expect(accept(deadline)).rejects.toMatchObject({ code: 'OFFER_EXPIRED' })
      }
      await end(incidentId)
    }
  })

  it('an accept in the very millisecond of the deadline is refused although no timer has fired', async () => {
    await test.db('provider_profiles').update({ availability: 'available', silences: 0 })
    const { incidentId, snapshot } = await report()
    const late = { ...deps, timeTravel: true }
    const act = acceptOffer(late, { incidentId }, by('provider', providers[0] as string, snapshot?.next?.due_at))
    await expect(act).rejects.toMatchObject({ code: 'OFFER_EXPIRED' })
    await end(incidentId)
  })
})
