import type { AttemptResult } from '../domain/webhooks'
import { addWebhook } from '../acts/webhooks/manage-webhook'
import { reportIncident } from '../acts/report-incident'
import type { ActDeps } from '../acts/deps'
import type { OutgoingWebhook } from '../adapters/outbound/webhook-sender'
import { newId } from '../platform/ids'
import { createLogger } from '../platform/logger'
import { actDeps, addPolicy, addUser, by } from '../test/builders/record'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { createWebhookActivities, type WebhookActivities } from './webhook.activities'

let database: TestDatabase
let acts: ActDeps
let admin: string
const log: string[] = []
beforeAll(async () => {
  database = await createTestDatabase()
  const logger = createLogger({ level: 'info', name: 'test', stream: { write: line => void log.push(line) } })
  acts = actDeps(database.db, { logger, configuredChannels: new Set(['email']) })
  await addPolicy(database.db)
  admin = await addUser(database.db, 'admin')
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.db('webhooks').delete()
  await database.db('notices').delete()
})

const OK: AttemptResult = { status: 200, failure: null }
const REFUSED: AttemptResult = { status: 500, failure: 'REFUSED' }

/** Activities whose receiver answers what the test says. */
function withReceiver(answer: (webhook: OutgoingWebhook) => AttemptResult | Promise<AttemptResult>): {
  activities: WebhookActivities
  sent: OutgoingWebhook[]
} {
  const sent: OutgoingWebhook[] = []
  const send = async (webhook: OutgoingWebhook): Promise<AttemptResult> => {
    sent.push(webhook)
    return answer(webhook)
  }
  return { activities: createWebhookActivities({ acts, webhooks: { send, close: () => undefined } }), sent }
}

const webhook = async (): Promise<string> => {
  const words = { url: 'https://hooks.example.org/', description: null, event_types: [], case_types: [] }
  const rules = { allowHttp: false, allowPrivate: false }
  return (await addWebhook(acts, { words, rules }, by('admin', admin))).id
}
const delivery = async (webhookId: string): Promise<string> => {
  const id = newId()
  await database.db('webhook_deliveries').insert({ id, webhook_id: webhookId })
  return id
}
const row = (id: string) => database.db('webhook_deliveries').where({ id }).first()
const hook = (id: string) => database.db('webhooks').where({ id }).first()

test('what has arrived is not sent again, however often the activity runs', async () => {
  const { activities, sent } = withReceiver(() => OK)
  const deliveryId = await delivery(await webhook())
  expect(await activities.deliverWebhook({ deliveryId })).toEqual({ inMs: null })
  const arrived = await row(deliveryId)
  expect(arrived).toMatchObject({ state: 'delivered', attempts: 1, last_status: 200, next_at: null, send_after: null })
  expect(await activities.deliverWebhook({ deliveryId })).toEqual({ inMs: null })
  expect(sent).toHaveLength(1)
  expect(await row(deliveryId)).toEqual(arrived)
})

test('an attempt that is made twice, because one died before it was recorded, counts once and bears one id', async () => {
  let arrive: () => void = () => undefined
  const both = new Promise<void>(resolve => (arrive = resolve))
  const { activities, sent } = withReceiver(async () => {
    if (sent.length === 2) arrive()
    await both
    return REFUSED
  })
  const deliveryId = await delivery(await webhook())
  const looks = await Promise.all([
    activities.deliverWebhook({ deliveryId }),
    activities.deliverWebhook({ deliveryId }),
  ])
  expect(new Set(sent.map(each => each.deliveryId))).toEqual(new Set([deliveryId]))
  expect(await row(deliveryId)).toMatchObject({ state: 'queued', attempts: 1 })
  // One waits for the next attempt, the other looks again.
  expect(looks.map(({ inMs }) => inMs).sort()).toEqual([0, 5_000])
})

test('a success that is recorded late stands', async () => {
  const { activities } = withReceiver(async ({ deliveryId }) => {
    await database
      .db('webhook_deliveries')
      .where({ id: deliveryId })
      .update({ state: 'cancelled', next_at: null, send_after: null })
    return OK
  })
  const deliveryId = await delivery(await webhook())
  await activities.deliverWebhook({ deliveryId })
  expect(await row(deliveryId)).toMatchObject({ state: 'delivered' })
})

test('it waits until it is time, from attempt to attempt, and then has failed', async () => {
  const { activities, sent } = withReceiver(() => REFUSED)
  const deliveryId = await delivery(await webhook())
  const waits: (number | null)[] = []
  for (let each = 0; each < 9; each++) {
    await database
      .db('webhook_deliveries')
      .where({ id: deliveryId })
      .update({ next_at: new Date(0) })
    waits.push((await activities.deliverWebhook({ deliveryId })).inMs)
    if (each > 0) continue
    const { inMs } = await activities.deliverWebhook({ deliveryId })
    expect(inMs).toBeGreaterThan(4_000)
    expect(sent).toHaveLength(1)
  }
  expect(waits).toEqual([5, 30, 120, 600, 3_600, 10_800, 43_200, 86_400].map(s => s * 1_000).concat(null as never))
  expect(await row(deliveryId)).toMatchObject({
    state: 'failed',
    attempts: 9,
    last_status: 500,
    last_failure: 'REFUSED',
  })
})

describe('a webhook is disabled, what waits cancelled, and the administrators are told', () => {
  const expectDisabled = async (id: string, reason: string): Promise<void> => {
    expect(await hook(id)).toMatchObject({ status: 'disabled', disabled_reason: reason, version: 1 })
    expect(await database.db('webhook_deliveries').where({ webhook_id: id, state: 'queued' })).toEqual([])
    const notices = await database.db('notices')
    expect(notices).toMatchObject([
      { recipient_id: admin, code: 'admin.webhook_disabled', channels: ['email'], incident_id: null },
    ])
    expect(notices[0].send_after).not.toBeNull()
  }

  it('when its receiver says that it is gone', async () => {
    const { activities } = withReceiver(() => ({ status: 410, failure: 'REFUSED' }))
    const id = await webhook()
    const [first, second] = [await delivery(id), await delivery(id)]
    expect(await activities.deliverWebhook({ deliveryId: first })).toEqual({ inMs: null })
    expect([(await row(first)).state, (await row(second)).state]).toEqual(['failed', 'cancelled'])
    await expectDisabled(id, 'gone')
    expect(await activities.deliverWebhook({ deliveryId: second })).toEqual({ inMs: null })
  })

  it('when nothing could be delivered for three days, and not a moment sooner', async () => {
    let answer: AttemptResult = REFUSED
    const { activities } = withReceiver(() => answer)
    const id = await webhook()
    const failing = (hours: number) =>
      database
        .db('webhooks')
        .where({ id })
        .update({ failing_since: database.db.raw('clock_timestamp() - make_interval(hours => ?)', [hours]) })
    await activities.deliverWebhook({ deliveryId: await delivery(id) })
    expect((await hook(id)).failing_since).not.toBeNull()
    await failing(71)
    await activities.deliverWebhook({ deliveryId: await delivery(id) })
    expect((await hook(id)).status).toBe('active')
    await failing(73)
    answer = OK
    await activities.deliverWebhook({ deliveryId: await delivery(id) })
    expect(await hook(id)).toMatchObject({ status: 'active', failing_since: null })
    await failing(73)
    answer = REFUSED
    expect(await activities.deliverWebhook({ deliveryId: await delivery(id) })).toEqual({ inMs: null })
    await expectDisabled(id, 'failing')
  })
})

test('what was made in the moment in which its webhook was disabled is cancelled, not sent', async () => {
  const { activities, sent } = withReceiver(() => OK)
  const id = await webhook()
  const deliveryId = await delivery(id)
  await database.db('webhooks').where({ id }).update({ status: 'disabled', disabled_reason: 'by_admin' })
  expect(await activities.deliverWebhook({ deliveryId })).toEqual({ inMs: null })
  expect([sent.length, (await row(deliveryId)).state]).toEqual([0, 'cancelled'])
})

test('a receiver that hangs holds ten of its deliveries, and none of another', async () => {
  let answer: () => void = () => undefined
  const hanging = new Promise<void>(resolve => (answer = resolve))
  const slow = await webhook()
  const { activities, sent } = withReceiver(async () => {
    await hanging
    return OK
  })
  const first = await Promise.all(Array.from({ length: 10 }, () => delivery(slow)))
  const looks = first.map(deliveryId => activities.deliverWebhook({ deliveryId }))
  while (sent.length < 10) await new Promise(setImmediate)
  const { inMs } = await activities.deliverWebhook({ deliveryId: await delivery(slow) })
  expect(inMs).toBeGreaterThanOrEqual(2_000)
  const other = activities.deliverWebhook({ deliveryId: await delivery(await webhook()) })
  while (sent.length < 11) await new Promise(setImmediate)
  answer()
  await Promise.all([...looks, other])
  expect(await activities.deliverWebhook({ deliveryId: await delivery(slow) })).toEqual({ inMs: null })
  expect(sent).toHaveLength(12)
})

test('nothing that somebody wrote leaves, and neither address nor secret is logged', async () => {
  const { activities, sent } = withReceiver(() => REFUSED)
  const id = await webhook()
  const reporter = await addUser(database.db, 'survivor')
  const words = { title: 'Amina at the market', description: 'It was at night' }
  await reportIncident(acts, { case_type: 'gbv', urgency: 'urgent', ...words }, by('survivor', reporter))
  for (const { id: deliveryId } of await database.db('webhook_deliveries').where({ webhook_id: id }))
    await activities.deliverWebhook({ deliveryId })
  expect(sent.length).toBeGreaterThan(0)
  for (const { body } of sent) {
    expect(Object.keys(JSON.parse(body).data).sort()).toEqual([
      'actor_role',
      'case_type',
      'code',
      'data',
      'from',
      'incident',
      'rev',
      'to',
      'urgency',
    ])
    expect(body).not.toMatch(/Amina|market|night/)
    expect(body).not.toContain(reporter)
  }
  expect(log.join()).toContain(sent[0]!.deliveryId)
  for (const word of ['hooks.example.org', 'whsec_', sent[0]!.secrets[0]]) expect(log.join()).not.toContain(word)
})
