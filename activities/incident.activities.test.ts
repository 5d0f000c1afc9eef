import { acceptOffer } from '../acts/accept-offer'
import { reportIncident } from '../acts/report-incident'
import { STEP_KINDS } from '../domain/next-step'
import { newId } from '../platform/ids'
import { actDeps, addPolicy, addProvider, addUser, by } from '../test/builders/record'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { expectInvariants } from '../test/harness/invariants'
import { createIncidentActivities } from './incident.activities'

let base: TestDatabase
let deps: ReturnType<typeof actDeps>
let survivor: string

beforeAll(async () => {
  base = await createTestDatabase()
  deps = actDeps(base.db)
  survivor = await addUser(base.db, 'survivor')
  await addUser(base.db, 'dispatcher')
  await addPolicy(base.db)
})
afterAll(() => base.drop())

async function report(at: number) {
  const { incidentId, snapshot } = await reportIncident(
    deps,
    { case_type: 'gbv', urgency: 'urgent' },
    by('survivor', survivor, at),
  )
  if (!snapshot) throw new Error('no snapshot')
  return { incidentId, snapshot }
}

test('there is an activity for every step, and one to look', () => {
  expect(Object.keys(createIncidentActivities(deps)).sort()).toEqual([...STEP_KINDS, 'lookAtIncident'].sort())
})

test('a step that runs twice on the same revision has one effect, and the repeat answers the newest snapshot', async () => {
  const acts = createIncidentActivities(deps)
  await addProvider(base.db)
  await addProvider(base.db)
  const { incidentId, snapshot } = await report(Date.now())
  const input = { incidentId, rev: snapshot.rev, at: snapshot.next?.due_at ?? 0 }
  const [first, second] = [await acts.expireOffers(input), await acts.expireOffers(input)]
  expect(first.rev).toBe(snapshot.rev + 1)
  // Only the time left depends on when it was asked.
  expect(second).toEqual({ ...first, next: second.next })
  expect(second.next?.due_at).toBe(first.next?.due_at)
  expect(await base.db('offers').where({ incident_id: incidentId })).toHaveLength(2)
  await expectInvariants(base.db)
})

test('twice at once, too', async () => {
  const acts = createIncidentActivities(deps)
  const provider = await addProvider(base.db)
  const { incidentId, snapshot } = await report(Date.now())
  await acceptOffer(deps, { incidentId }, by('provider', (await openOffer(incidentId)) ?? provider, Date.now()))
  const at = Date.now() + 31 * 60_000
  const [first, second] = await Promise.all([
    acts.nudgeAssignee({ incidentId, rev: snapshot.rev + 1, at }),
    acts.nudgeAssignee({ incidentId, rev: snapshot.rev + 1, at }),
  ])
  expect(first.rev).toBe(second.rev)
  expect(await base.db('events').where({ incident_id: incidentId, type: 'incident.nudged' })).toHaveLength(1)
})

test('one that comes too early does nothing and says how long to wait', async () => {
  const acts = createIncidentActivities(deps)
  await addProvider(base.db)
  const { incidentId, snapshot } = await report(Date.now())
  const due = snapshot.next?.due_at ?? 0
  const answer = await acts.expireOffers({ incidentId, rev: snapshot.rev, at: due - 1_500 })
  expect(answer).toMatchObject({ rev: snapshot.rev, next: { kind: 'expireOffers', due_at: due, in_ms: 1_500 } })
})

test("outside time-travel tests the workflow's time is not asked for", async () => {
  const acts = createIncidentActivities(actDeps(base.db, { timeTravel: false }))
  await addProvider(base.db)
  const { incidentId, snapshot } = await report(Date.now())
  const answer = await acts.lookAtIncident({ incidentId, at: Date.now() + 3_600_000 })
  expect(answer.rev).toBe(snapshot.rev)
})

test('a missing incident is final, a failing database is not, and neither tells what it knows', async () => {
  const acts = createIncidentActivities(deps)
  await expect(acts.lookAtIncident({ incidentId: newId(), at: 0 })).rejects.toMatchObject({
    type: 'INCIDENT_NOT_FOUND',
    nonRetryable: true,
  })
  await expect(acts.lookAtIncident({ incidentId: 'CANARY', at: 0 })).rejects.toMatchObject({
    type: 'RECORD_FAILED',
    message: 'the record did not answer',
    nonRetryable: false,
  })
})

async function openOffer(incidentId: string): Promise<string | undefined> {
  const [offer] = await base.db('offers').where({ incident_id: incidentId, state: 'open' }).pluck('provider_id')
  return offer as string | undefined
}
