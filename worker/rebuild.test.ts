import { acceptOffer } from '../acts/accept-offer'
import { reportIncident } from '../acts/report-incident'
import { completeIncident, startWork } from '../acts/work-incident'
import { isWorkerPolling } from '../adapters/temporal/worker-presence'
import { countIncidentRuns } from '../adapters/temporal/incident-runs'
import { taskQueueName } from '../workflows/contracts/incident'
import { addPolicy, addProvider, addUser, by } from '../test/builders/record'
import { startEngine, type TestEngine } from '../test/harness/engine'
import { eventually } from '../test/harness/eventually'
import { rebuildRuns, startRebuildWatch } from './rebuild'

let engine: TestEngine
let survivor: string
let open: string[]
let completed: string

beforeEach(async () => {
  // A Temporal that knows nothing of the record's incidents, as after the loss of its store.
  engine = await startEngine({ time: 'real', worker: 'off', acts: { tell: () => undefined } })
  survivor = await addUser(engine.db, 'survivor')
  await addUser(engine.db, 'dispatcher')
  await addPolicy(engine.db, 'gbv', { offer: { window_seconds: 1, search_seconds: 60 } })
  const provider = by('provider', await addProvider(engine.db))
  completed = await report()
  await acceptOffer(engine.deps, { incidentId: completed }, provider)
  await startWork(engine.deps, completed, provider)
  await completeIncident(engine.deps, completed, 'resolved', provider)
  await engine.db('provider_profiles').update({ availability: 'off_duty' })
  await addProvider(engine.db, { capacity: 2 })
  open = [await report(), await report()]
  await engine.db('events').update({ signal: null, signal_after: null })
})
afterEach(() => engine.stop())

const report = async (): Promise<string> =>
  (await reportIncident(engine.deps, { case_type: 'gbv', urgency: 'urgent' }, by('survivor', survivor))).incidentId
const silent = { say: () => undefined }
const runs = () => countIncidentRuns(engine.link, engine.target.queuePrefix)

test('every open incident gets a run again and goes on; a repeat and two at once do no harm (I8)', async () => {
  const lines: string[] = []
  expect(await rebuildRuns(engine.engineDeps, { say: line => lines.push(line) })).toEqual({
    open: 3,
    started: 3,
    ran: 0,
  })
  expect(lines.at(-1)).toBe('3 of 3: 3 started, 0 ran')
  const twice = await Promise.all([rebuildRuns(engine.engineDeps, silent), rebuildRuns(engine.engineDeps, silent)])
  expect(twice).toEqual(Array(2).fill({ open: 3, started: 0, ran: 3 }))
  expect((await engine.history(completed)).types).toEqual(['workflowExecutionStarted'])
  await engine.startWorker()
  for (const id of open) await eventually(async () => (await engine.events(id)).includes('incident.escalated'))
  for (const id of open) {
    const events = await engine.events(id)
    expect(events.filter(type => type === 'offer.expired')).toHaveLength(1)
  }
  // Its deadline is three days off: the run waits with its first task until then.
  expect((await engine.history(completed)).tasks).toBe(0)
})

test('a worker that finds Temporal empty rebuilds by itself, and does not where there is a run', async () => {
  const watch = startRebuildWatch(engine.engineDeps)
  await eventually(async () => (await runs()) === 3)
  await watch.stop()
})

test('health can see whether a worker waits for work', async () => {
  const queue = taskQueueName(engine.target.queuePrefix, 'incidents')
  expect(await isWorkerPolling(engine.link, queue)).toBe(false)
  await engine.startWorker()
  await eventually(() => isWorkerPolling(engine.link, queue))
})
