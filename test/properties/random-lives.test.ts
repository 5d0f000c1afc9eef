import { acceptOffer } from '../../acts/accept-offer'
import { carryOnIncident } from '../../acts/carry-on-incident'
import { dispatchIncident, type Decision } from '../../acts/dispatch-incident'
import { cancelIncident, closeIncident, reopenIncident } from '../../acts/end-incident'
import { rejectOffer } from '../../acts/reject-offer'
import { reportIncident } from '../../acts/report-incident'
import { completeIncident, handBack, startWork } from '../../acts/work-incident'
import type { IncidentRow } from '../../db/incident-rows'
import { REJECT_REASONS } from '../../domain/statuses'
import { Refusal } from '../../domain/refusals'
import type { Snapshot } from '../../domain/snapshot'
import { actDeps, addPolicy, addProvider, addUser, by } from '../builders/record'
import { createTestDatabase, type TestDatabase } from '../harness/database'
import { expectInvariants } from '../harness/invariants'
import { seeded } from '../harness/random'

/** More of them: `KESI_TEST_LIVES=500 npm test -- random-lives`. */
const LIVES = Number(process.env['KESI_TEST_LIVES'] ?? 15)
const ACTS_A_LIFE = 30
const T0 = Date.UTC(2026, 0, 5, 9)

/**
 * Random people do random things to a few incidents that share providers, at random times, while the clock does its own: whatever
 * they do, the invariants hold after every act, and an incident left to the clock ends or waits for a named person.
 */
describe('random lives', () => {
  let test: TestDatabase
  let deps: ReturnType<typeof actDeps>
  let survivor: string
  let dispatchers: string[]
  let providers: string[]

  beforeAll(async () => {
    test = await createTestDatabase()
    deps = actDeps(test.db)
    await addPolicy(test.db, 'gbv')
    await addPolicy(test.db, 'ambulance')
    survivor = await addUser(test.db, 'survivor')
    dispatchers = [await addUser(test.db, 'dispatcher'), await addUser(test.db, 'dispatcher')]
    providers = [
      await addProvider(test.db),
      await addProvider(test.db, { capacity: 2 }),
      await addProvider(test.db, { capacity: 1, at: { lat: -1.29, lng: 36.82 } }),
      await addProvider(test.db, { type: 'ambulance_crew' }),
      await addProvider(test.db, { type: 'ambulance_crew' }),
    ]
  })
  afterAll(() => test.drop())

  it.each(Array.from({ length: LIVES }, (_, seed) => seed + 1))('seed %i', async seed => {
    const life = new Life(seed)
    await test.db('provider_profiles').update({ availability: 'available', silences: 0, cooling_until: null })
    for (let act = 0; act < ACTS_A_LIFE; act++) {
      await life.step()
      await expectInvariants(test.db)
      await expectAttended()
    }
    for (const id of life.incidents) await leaveToTheClock(id, life.now)
    await expectInvariants(test.db)
    await settle(life)
  })

  /** I1: every open incident has an armed deadline or a named person. */
  async function expectAttended(): Promise<void> {
    const unattended = await test
      .db('incidents')
      .whereNotIn('status', ['closed', 'cancelled'])
      .whereNull('next_deadline_at')
      .whereNull('owner_id')
      .whereNull('assignee_id')
      .pluck('id')
    expect(unattended).toEqual([])
  }

  /** Nobody does anything any more: the incident ends, or goes on calling dispatch for ever. */
  async function leaveToTheClock(incidentId: string, from: number): Promise<void> {
    let snapshot = await carryOnIncident(deps, { incidentId, at: from })
    let now = from
    for (let steps = 0; snapshot.next && steps < 60; steps++) {
      expect(snapshot.next.due_at).toBeGreaterThan(now)
      now = snapshot.next.due_at
      const { status } = snapshot
      snapshot = await carryOnIncident(deps, { incidentId, rev: snapshot.rev, at: now })
      if (status === 'escalated' && snapshot.escalated) expect(await wokenOrOwned(incidentId)).toBe(true)
    }
    const callsDispatch = snapshot.escalated !== null
    const named = snapshot.status === 'in_progress'
    expect(callsDispatch || named || !snapshot.open).toBe(true)
  }

  async function wokenOrOwned(incidentId: string): Promise<boolean> {
    const row = await test.db<IncidentRow>('incidents').where({ id: incidentId }).first()
    return row !== undefined && (row.climb_at !== null || row.owner_id !== null)
  }

  /** Ends what is still open, so that the next life starts with free providers. */
  async function settle(life: Life): Promise<void> {
    for (const incidentId of life.incidents) {
      const dora = by('dispatcher', dispatchers[0] as string)
      const row = await test.db<IncidentRow>('incidents').where({ id: incidentId }).first()
      if (row?.status === 'completed') await closeIncident(deps, { incidentId, reason: 'test' }, dora)
      else if (row && !row.ended_at) await cancelIncident(deps, { incidentId, reason: 'test' }, dora)
    }
    expect(await test.db('provider_profiles').where('load', '<>', 0).pluck('user_id')).toEqual([])
  }

  class Life {
    readonly incidents: string[] = []
    now = T0
    readonly #random: () => number

    constructor(seed: number) {
      this.#random = seeded(seed)
    }

    async step(): Promise<void> {
      this.now += Math.floor(this.#random() ** 3 * 40 * 60_000)
      try {
        if (this.incidents.length === 0 || this.#random() < 0.1) await this.#report()
        else await this.#act(this.#one(this.incidents))
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
      }
    }

    #one<T>(choices: readonly T[]): T {
      return choices[Math.floor(this.#random() * choices.length)] as T
    }

    async #report(): Promise<void> {
      const case_type = this.#one(['gbv', 'gbv', 'ambulance'])
      const urgency = this.#one(['urgent', 'urgent', 'routine'] as const)
      const { incidentId } = await reportIncident(deps, { case_type, urgency }, by('survivor', survivor, this.now))
      this.incidents.push(incidentId)
    }

    /** One random act by a random person of the right role; refusals are part of it. */
    #act(incidentId: string): Promise<Snapshot> {
      const provider = by('provider', this.#one(providers), this.now)
      const dora = by('dispatcher', this.#one(dispatchers), this.now)
      const amina = by('survivor', survivor, this.now)
      const decide = (decision: object) => dispatchIncident(deps, { incidentId, ...decision } as Decision, dora)
      const target = { provider: this.#one(providers), force: this.#random() < 0.5, reason: 'nearest' }
      return this.#one<() => Promise<Snapshot>>([
        () => carryOnIncident(deps, { incidentId, at: this.now }),
        () => carryOnIncident(deps, { incidentId, at: this.now, lookNow: true, signal: 'providerAvailable' }),
        () => acceptOffer(deps, { incidentId }, provider),
        () => acceptOffer(deps, { incidentId }, provider),
        () => rejectOffer(deps, { incidentId, reason: this.#one(REJECT_REASONS) }, provider),
        () => rejectOffer(deps, { incidentId, reason: this.#one(REJECT_REASONS) }, provider),
        () => startWork(deps, incidentId, provider),
        () => handBack(deps, incidentId, 'no car today', provider),
        () => completeIncident(deps, incidentId, 'resolved', provider),
        () => completeIncident(deps, incidentId, this.#one(['helped', 'not_helped'] as const), amina),
        () => reopenIncident(deps, { incidentId, reason: 'again' }, amina),
        () => closeIncident(deps, { incidentId, reason: 'done' }, dora),
        () => cancelIncident(deps, { incidentId, reason: 'safe now' }, this.#random() < 0.2 ? amina : dora),
        () => decide({ act: 'assign', ...target }),
        () => decide({ act: 'reassign', ...target }),
        () => decide({ act: this.#one(['research', 'hold', 'release', 'own', 'acknowledge'] as const) }),
        () => decide({ act: 'urgency', urgency: this.#one(['urgent', 'routine'] as const) }),
      ])()
    }
  }
})
