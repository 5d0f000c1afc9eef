import { acceptOffer } from '../../acts/accept-offer'
import { carryOnIncident } from '../../acts/carry-on-incident'
import { dispatchIncident } from '../../acts/dispatch-incident'
import { cancelIncident, closeIncident, reopenIncident } from '../../acts/end-incident'
import { rejectOffer } from '../../acts/reject-offer'
import { reportIncident } from '../../acts/report-incident'
import { completeIncident, handBack, startWork } from '../../acts/work-incident'
import { Refusal } from '../../domain/refusals'
import { actDeps, addPolicy, addProvider, addUser, by } from '../builders/record'
import { createTestDatabase, type TestDatabase } from '../harness/database'
import { expectInvariants } from '../harness/invariants'

type Run = () => Promise<unknown>

/** Every act that can meet another on an incident in one of these statuses, each pair started in the same instant. */
describe('each act raced against each act it can meet', () => {
  let test: TestDatabase
  let deps: ReturnType<typeof actDeps>
  const people = { amina: '', dora: '', ann: '', bob: '' }

  beforeAll(async () => {
    test = await createTestDatabase({ pool: 20 })
    deps = actDeps(test.db, { timeTravel: false })
    people.amina = await addUser(test.db, 'survivor')
    people.dora = await addUser(test.db, 'dispatcher')
    await addPolicy(test.db)
  })
  beforeEach(async () => {
    await test.db('provider_profiles').update({ availability: 'off_duty' })
    people.ann = await addProvider(test.db, { at: { lat: -1.3, lng: 36.8 } })
    people.bob = await addProvider(test.db)
  })
  afterAll(() => test.drop())

  const amina = () => by('survivor', people.amina)
  const dora = () => by('dispatcher', people.dora)
  const ann = () => by('provider', people.ann)

  const waysTo: Record<string, (incidentId: string) => Promise<unknown>> = {
    offering: () => Promise.resolve(),
    assigned: incidentId => acceptOffer(deps, { incidentId }, ann()),
    in_progress: async incidentId => {
      await acceptOffer(deps, { incidentId }, ann())
      await startWork(deps, incidentId, ann())
    },
    completed: async incidentId => {
      await acceptOffer(deps, { incidentId }, ann())
      await completeIncident(deps, incidentId, 'resolved', dora())
    },
  }

  const acts = (incidentId: string): Record<string, Run> => ({
    accept: () => acceptOffer(deps, { incidentId }, ann()),
    reject: () => rejectOffer(deps, { incidentId, reason: 'unsafe' }, ann()),
    carryOn: () => carryOnIncident(deps, { incidentId, lookNow: true }),
    start: () => startWork(deps, incidentId, ann()),
    handBack: () => handBack(deps, incidentId, 'unsafe', ann()),
    complete: () => completeIncident(deps, incidentId, 'resolved', ann()),
    helped: () => completeIncident(deps, incidentId, 'not_helped', amina()),
    assign: () => dispatchIncident(deps, { incidentId, act: 'assign', provider: people.bob, force: false }, dora()),
    reassign: () => dispatchIncident(deps, { incidentId, act: 'reassign', provider: people.bob, force: false }, dora()),
    research: () => dispatchIncident(deps, { incidentId, act: 'research' }, dora()),
    hold: () => dispatchIncident(deps, { incidentId, act: 'hold' }, dora()),
    release: () => dispatchIncident(deps, { incidentId, act: 'release' }, dora()),
    own: () => dispatchIncident(deps, { incidentId, act: 'own' }, dora()),
    cancel: () => cancelIncident(deps, { incidentId, reason: 'test' }, amina()),
    close: () => closeIncident(deps, { incidentId, reason: 'test' }, dora()),
    reopen: () => reopenIncident(deps, { incidentId, reason: 'test' }, amina()),
  })

  it.each(Object.keys(waysTo))(
    'from %s',
    async status => {
      const names = Object.keys(acts(''))
      for (const [index, first] of names.entries())
        for (const second of names.slice(index)) {
          await test
            .db('provider_profiles')
            .whereIn('user_id', [people.ann, people.bob])
            .update({ availability: 'available' })
          const { incidentId } = await reportIncident(
            deps,
            { case_type: 'gbv', urgency: 'urgent', place: { lat: -1.3, lng: 36.8 } },
            amina(),
          )
          await waysTo[status]?.(incidentId)
          const runs = acts(incidentId)
          const results = await Promise.allSettled([runs[first]?.(), runs[second]?.()])
          for (const result of results)
            if (result.status === 'rejected' && !(result.reason instanceof Refusal))
              throw new Error(`${first} against ${second} from ${status}`, { cause: result.reason })
          await end(incidentId)
        }
      await expectInvariants(test.db)
      expect(await test.db('provider_profiles').where('load', '<>', 0).pluck('user_id')).toEqual([])
    },
    120_000,
  )

  /** Ends an incident from wherever the race left it. */
  async function end(incidentId: string): Promise<void> {
    const row = await test.db('incidents').where({ id: incidentId }).first<{ status: string }>('status')
    if (row.status === 'completed') await closeIncident(deps, { incidentId, reason: 'test' }, dora())
    else if (row.status !== 'closed' && row.status !== 'cancelled')
      await cancelIncident(deps, { incidentId, reason: 'test' }, dora())
  }
})
