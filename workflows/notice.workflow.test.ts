import { acceptOffer } from '../acts/accept-offer'
import { recordReceipts } from '../acts/notices/record-receipts'
import { reportIncident } from '../acts/report-incident'
import { tellNotice } from '../adapters/temporal/workflow-teller'
import { newId } from '../platform/ids'
import { addNotice, addRecipient, giveAddresses } from '../test/builders/recipients'
import { addPolicy, addProvider, addUser } from '../test/builders/record'
import { breaksDown, by, RecordingChannels } from '../test/fakes/recording-channels'
import { startEngine, type TestEngine } from '../test/harness/engine'
import { eventually } from '../test/harness/eventually'
import { fastForward } from '../test/harness/time-travel'
import { noticeWorkflowId } from './contracts/notice'

const channels = new RecordingChannels()
let engine: TestEngine

beforeAll(async () => {
  engine = await startEngine({ channels, acts: { configuredChannels: channels.configured } })
  await addPolicy(engine.db)
})
afterAll(() => engine.stop())
beforeEach(() => {
  channels.answer = by({})
})

const handle = (noticeId: string) => engine.link.client.workflow.getHandle(noticeWorkflowId(noticeId))
const tell = (noticeId: string): Promise<void> => tellNotice(engine.target, { id: noticeId, isUrgent: true })
const pass = (noticeId: string, seconds: number): Promise<boolean> =>
  fastForward(engine.link.client, noticeWorkflowId(noticeId), seconds * 1000)
const ended = (noticeId: string): Promise<unknown> =>
  eventually(async () => (await handle(noticeId).describe()).status.name === 'COMPLETED')
/** Waits until the notice has left by these channels and its workflow rests or has ended. */
const left = (noticeId: string, by: readonly string[]): Promise<unknown> =>
  eventually(async () => {
    expect(channels.of(noticeId)).toEqual(by)
    const { raw, status } = await handle(noticeId).describe()
    return status.name !== 'RUNNING' || (raw.pendingActivities ?? []).length === 0
  })
const someone = (): Promise<string> => addRecipient({ db: engine.db, vault: engine.deps.vault })

test('a push that the vendor took and never delivered: the SMS leaves within 60 s of it, then the e-mail (G3)', async () => {
  const id = await addNotice(engine.db, await someone())
  await tell(id)
  await left(id, ['push'])
  await pass(id, 29)
  await left(id, ['push'])
  await pass(id, 5)
  await left(id, ['push', 'sms'])
  await pass(id, 61)
  await ended(id)
  expect(channels.of(id)).toEqual(['push', 'sms', 'email'])
  const { events } = await handle(id).fetchHistory()
  expect(events?.length).toBeLessThan(60)
})

test('a receipt in time ends it: the timer finds it settled', async () => {
  const id = await addNotice(engine.db, await someone())
  await tell(id)
  await left(id, ['push'])
  await recordReceipts(engine.deps, [{ vendor: 'fake-push', vendor_id: id, state: 'delivered' }])
  await pass(id, 31)
  await ended(id)
  expect(channels.of(id)).toEqual(['push'])
})

test('a bad receipt has it go on at once, when it is told to look', async () => {
  const id = await addNotice(engine.db, await someone())
  await tell(id)
  await left(id, ['push'])
  await recordReceipts(engine.deps, [{ vendor: 'fake-push', vendor_id: id, state: 'failed', code: 'GONE' }])
  await tell(id)
  await left(id, ['push', 'sms'])
})

test('an accept ends it while it waits (I4)', async () => {
  const provider = await addProvider(engine.db)
  await giveAddresses({ db: engine.db, vault: engine.deps.vault }, provider)
  const survivor = await addUser(engine.db, 'survivor')
  const report = { case_type: 'gbv', urgency: 'urgent' as const }
  const { incidentId } = await reportIncident(engine.deps, report, engine.by('survivor', survivor))
  const { id } = await engine.db('notices').where({ incident_id: incidentId, code: 'offer.made' }).first('id')
  await tell(id)
  await left(id, ['push'])
  await acceptOffer(engine.deps, { incidentId }, engine.by('provider', provider, incidentId))
  await pass(id, 31)
  await ended(id)
  expect(channels.of(id)).toEqual(['push'])
  await engine.heard(incidentId)
  await engine.handle(incidentId).terminate()
})

test('a vendor that is out of order for ten minutes loses nothing', async () => {
  channels.answer = breaksDown
  const id = await addNotice(engine.db, await someone(), { code: 'dispatch.escalated', channels: ['sms'] })
  await tell(id)
  await left(id, ['sms'])
  await pass(id, 600)
  const tries = channels.of(id).length
  expect(tries).toBeGreaterThan(20)
  channels.answer = by({})
  await pass(id, 31)
  await ended(id)
  expect(channels.of(id)).toHaveLength(tries + 1)
  const attempt = await engine.db('notice_attempts').where({ notice_id: id }).first('state', 'failure')
  expect(attempt).toEqual({ state: 'handed_over', failure: null })
})

test('one that waits for the morning shows why, and leaves then', async () => {
  const vault = engine.deps.vault
  const now = Date.now()
  const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16)
  const morning = Math.floor(now / 60_000) * 60_000 + 3_600_000
  const quiet = { from: clock(now - 60_000), to: clock(morning) }
  const recipient = await addRecipient(
    { db: engine.db, vault },
    { role: 'survivor', prefers: { quiet, time_zone: 'UTC' } },
  )
  const id = await addNotice(engine.db, recipient, { code: 'incident.updated' })
  await tell(id)
  await left(id, [])
  const seconds = Math.floor((morning - now) / 1000)
  await pass(id, seconds - 60)
  await left(id, [])
  const shown = await handle(id).query<{ currentDetails: string }>('__temporal_workflow_metadata')
  expect(shown.currentDetails).toBe('hours_awaited')
  await pass(id, 65)
  await left(id, ['push'])
})

test('a run without a notice ends, and a notice that is over is not sent by a new run', async () => {
  const nothing = newId()
  await tell(nothing)
  await ended(nothing)
  const id = await addNotice(engine.db, await someone(), { code: 'account.test' })
  await tell(id)
  await ended(id)
  expect(channels.of(id)).toHaveLength(3)
  await tell(id)
  await ended(id)
  expect(channels.of(id)).toHaveLength(3)
})
