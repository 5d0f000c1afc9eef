import { acceptOffer } from '../acts/accept-offer'
import { cancelIncident, reopenIncident } from '../acts/end-incident'
import { dispatchIncident } from '../acts/dispatch-incident'
import { reportIncident } from '../acts/report-incident'
import { handBack, completeIncident, startWork } from '../acts/work-incident'
import { incidentStoryQuery, taskQueueName } from './contracts/incident'
import { SEARCH_ATTRIBUTES } from './contracts/search-attributes'
import { startIncident } from '../adapters/temporal/workflow-teller'
import { readSnapshots } from '../db/relay.repository'
import { newId } from '../platform/ids'
import { addPolicy, addProvider, addUser } from '../test/builders/record'
import { eventually } from '../test/harness/eventually'
import { startEngine, type TestEngine } from '../test/harness/engine'

let engine: TestEngine
let survivor: string
let dora: string

beforeAll(async () => {
  engine = await startEngine()
  survivor = await addUser(engine.db, 'survivor')
  dora = await addUser(engine.db, 'dispatcher')
  await addPolicy(engine.db)
})
afterAll(() => engine.stop())

async function report(urgency: 'urgent' | 'routine' = 'urgent'): Promise<string> {
  const { incidentId } = await reportIncident(
    engine.deps,
    { case_type: 'gbv', urgency },
    engine.by('survivor', survivor),
  )
  await engine.heard(incidentId)
  return incidentId
}

beforeEach(() => engine.db('provider_profiles').update({ availability: 'off_duty' }))

test('an offer nobody answers goes to the next, then dispatch is called and its ladder climbs (steps 2, 4, 5)', async () => {
  await addProvider(engine.db)
  await addProvider(engine.db)
  const id = await report()
  await engine.pass(id, 119)
  expect((await engine.events(id)).at(-1)).toBe('offer.made')
  await engine.pass(id, 2)
  expect(await engine.events(id)).toEqual([
    'incident.reported',
    'search.started',
    'offer.made',
    'offer.expired',
    'offer.made',
  ])
  await engine.pass(id, 121)
  expect((await engine.events(id)).slice(5)).toEqual(['offer.expired', 'incident.escalated', 'dispatch.woken'])
  expect(await engine.row(id)).toMatchObject({ status: 'escalated', escalation_reason: 'all_refused', ladder_step: 1 })
  await engine.pass(id, 121)
  expect(await engine.row(id)).toMatchObject({ ladder_step: 2 })
  await engine.pass(id, 600)
  const woken = (await engine.events(id)).filter(type => type === 'dispatch.woken')
  expect(woken).toHaveLength(4)
})

test('worked and completed, it closes after 72 h and the workflow ends (step 8)', async () => {
  const provider = await addProvider(engine.db)
  const id = await report()
  await acceptOffer(engine.deps, { incidentId: id }, engine.by('provider', provider, id))
  await engine.heard(id)
  await startWork(engine.deps, id, engine.by('provider', provider, id))
  await engine.heard(id)
  await completeIncident(engine.deps, id, 'resolved', engine.by('provider', provider, id))
  await engine.pass(id, 72 * 3600 - 60)
  expect(await engine.row(id)).toMatchObject({ status: 'completed' })
  await engine.pass(id, 70)
  expect(await engine.row(id)).toMatchObject({ status: 'closed' })
  expect((await engine.handle(id).describe()).status.name).toBe('COMPLETED')
})

test('in the Temporal UI it reads as a story: summary, details, search attributes, named timers; no person in it', async () => {
  const provider = await addProvider(engine.db)
  const id = await report()
  const described = await engine.handle(id).describe()
  expect(await described.staticSummary()).toBe('gbv, urgent')
  expect(described.priority).toMatchObject({ priorityKey: 1 })
  // Until its first task the run itself cannot say what it waits for.
  expect(await described.staticDetails()).toMatch(/^At the start: offer 1 of 3, until \d\d:\d\d:\d\dZ$/)
  await engine.pass(id, 61)
  expect((await engine.handle(id).query(incidentStoryQuery)).waitingFor).toMatch(
    /^offer 1 of 3, until \d\d:\d\d:\d\dZ$/,
  )
  const attribute = async (key: keyof typeof SEARCH_ATTRIBUTES) =>
    (await engine.handle(id).describe()).typedSearchAttributes.get(SEARCH_ATTRIBUTES[key])
  expect([await attribute('status'), await attribute('escalated'), await attribute('caseType')]).toEqual([
    'offering',
    false,
    'gbv',
  ])
  await engine.pass(id, 60)
  expect([await attribute('status'), await attribute('escalated')]).toEqual(['escalated', true])
  const { types } = await engine.history(id)
  expect(types.filter(type => type === 'upsertWorkflowSearchAttributes')).toHaveLength(1)
  expect(JSON.stringify(await engine.handle(id).query(incidentStoryQuery))).not.toContain(provider)
})

test('a run sleeps until somebody acts or half of the wait for its deadline is over', async () => {
  const provider = await addProvider(engine.db)
  const answered = await report()
  const silent = await report('routine')
  const asleep = ['workflowExecutionStarted', 'workflowExecutionSignaled']
  for (const id of [answered, silent]) expect((await engine.history(id)).types).toEqual(asleep)
  await acceptOffer(engine.deps, { incidentId: answered }, engine.by('provider', provider, answered))
  await engine.heard(answered)
  await eventually(async () => (await engine.history(answered)).tasks === 1)
  await engine.pass(silent, 1_800 * 0.25 - 5)
  expect((await engine.history(silent)).tasks).toBe(0)
  await engine.pass(silent, 1_800 * 0.25 + 10)
  const { tasks, types } = await engine.history(silent)
  expect({ tasks, armed: types.includes('timerStarted') }).toEqual({ tasks: 1, armed: true })
})

test('a routine report waits for its review, and an overdue review calls dispatch (step 1)', async () => {
  const id = await report('routine')
  await engine.pass(id, 1_790)
  expect(await engine.row(id)).toMatchObject({ status: 'pending_dispatcher_review' })
  await engine.pass(id, 20)
  expect(await engine.row(id)).toMatchObject({ status: 'escalated', escalation_reason: 'review_overdue' })
})

test('an owner stops the ladder, and loses the incident after a quarter of an hour of doing nothing (step 5)', async () => {
  const id = await report()
  await dispatchIncident(engine.deps, { incidentId: id, act: 'acknowledge' }, engine.by('dispatcher', dora, id))
  await engine.pass(id, 890)
  expect(await engine.row(id)).toMatchObject({ owner_id: dora, ladder_step: 1 })
  await engine.pass(id, 20)
  expect(await engine.row(id)).toMatchObject({ owner_id: null, ladder_step: 2 })
})

test('not started: a nudge after half an hour, dispatch after three quarters (step 7)', async () => {
  const provider = await addProvider(engine.db)
  const id = await report()
  await acceptOffer(engine.deps, { incidentId: id }, engine.by('provider', provider, id))
  await engine.pass(id, 1_801)
  expect((await engine.events(id)).at(-1)).toBe('incident.nudged')
  await engine.pass(id, 901)
  expect(await engine.row(id)).toMatchObject({ status: 'assigned', escalation_reason: 'not_started' })
})

test('handed back it is searched anew, without them, and nobody else is left (step 7)', async () => {
  const provider = await addProvider(engine.db)
  const id = await report()
  await acceptOffer(engine.deps, { incidentId: id }, engine.by('provider', provider, id))
  await handBack(engine.deps, id, 'ill', engine.by('provider', provider, id))
  await engine.heard(id)
  expect(await engine.row(id)).toMatchObject({ status: 'escalated', round: 2 })
})

test('cancelled, the run ends; reopened, the incident is searched anew under the same workflow id (step 8)', async () => {
  await addProvider(engine.db)
  const id = await report()
  await cancelIncident(engine.deps, { incidentId: id, reason: 'mistake' }, engine.by('survivor', survivor, id))
  await engine.heard(id)
  expect((await engine.handle(id).describe()).status.name).toBe('COMPLETED')
  await reopenIncident(engine.deps, { incidentId: id, reason: 'needed_after_all' }, engine.by('survivor', survivor, id))
  await engine.heard(id)
  expect((await engine.handle(id).describe()).status.name).toBe('RUNNING')
  await engine.pass(id, 121)
  expect((await engine.events(id)).slice(-3)).toEqual(['offer.expired', 'incident.escalated', 'dispatch.woken'])
})

test('started without a signal it looks at the record first; for an incident that is not there it ends', async () => {
  await addProvider(engine.db)
  const untold = { ...engine.deps, tell: () => undefined }
  const { incidentId } = await reportIncident(
    untold,
    { case_type: 'gbv', urgency: 'urgent' },
    engine.by('survivor', survivor),
  )
  const [snapshot] = (await readSnapshots(engine.db, engine.deps.policies, [incidentId])).values()
  if (!snapshot) throw new Error('no snapshot')
  await startIncident(engine.target, snapshot, { delayMs: 0 })
  await engine.heard(incidentId)
  expect((await engine.history(incidentId)).types).toContain('markerRecorded')
  const missing = newId()
  await startIncident(engine.target, { ...snapshot, id: missing }, { delayMs: 0 })
  await engine.handle(missing).result()
  expect((await engine.handle(missing).describe()).taskQueue).toBe(
    taskQueueName(engine.target.queuePrefix, 'incidents'),
  )
})
