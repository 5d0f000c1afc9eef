import { Webhook } from 'standardwebhooks'
import { reportIncident } from '../acts/report-incident'
import { addWebhook, rotateSecret } from '../acts/webhooks/manage-webhook'
import { replayDelivery, testWebhook } from '../acts/webhooks/send-again'
import { leaseDeliveries } from '../db/webhook-deliveries.repository'
import { addPolicy, addUser, by } from '../test/builders/record'
import { signedHeadersOf, startReceiver, type FakeReceiver } from '../test/fakes/webhook-receiver'
import { startEngine, type TestEngine } from '../test/harness/engine'
import { eventually } from '../test/harness/eventually'
import { webhookDeliveryWorkflowId } from '../workflows/contracts/webhook-delivery'
import { relayDeliveries } from './webhook-relay'

let engine: TestEngine
let receiver: FakeReceiver
let admin: string
/** Seconds after each attempt that failed; the tests change them. */
const backOff: number[] = []
beforeAll(async () => {
  receiver = await startReceiver()
  engine = await startEngine({ time: 'real', webhooks: { backOff }, acts: { tell: () => undefined } })
  admin = await addUser(engine.db, 'admin')
  await addPolicy(engine.db)
})
afterAll(async () => {
  await engine.stop()
  await receiver.stop()
})
beforeEach(async () => {
  await engine.db('webhooks').delete()
  Object.assign(receiver, { mood: 'accepts', usually: { status: 204 } })
  receiver.got.length = receiver.answers.length = 0
  backOff.splice(0, backOff.length, 0.05, 0.05)
})

const webhook = (eventTypes: string[] = []): Promise<{ id: string; secret: string }> => {
  const words = { url: `${receiver.url}/hook`, description: null, event_types: eventTypes, case_types: [] }
  return addWebhook(engine.deps, { words, rules: { allowHttp: true, allowPrivate: true } }, by('admin', admin))
}
const relay = (): Promise<number> => relayDeliveries(engine.engineDeps)
const row = (id: string) => engine.db('webhook_deliveries').where({ id }).first()
const inState = (id: string, state: string) =>
  eventually(async () => {
    const found = await row(id)
    return found.state === state && found
  })
const handle = (id: string) => engine.link.client.workflow.getHandle(webhookDeliveryWorkflowId(id))

test('an event arrives, signed, as it stands in the record', async () => {
  const { id, secret } = await webhook(['incident.reported'])
  const survivor = await addUser(engine.db, 'survivor')
  const { incidentId } = await reportIncident(
    engine.deps,
    { case_type: 'gbv', urgency: 'urgent' },
    by('survivor', survivor),
  )
  const [made] = await engine.db('webhook_deliveries').where({ webhook_id: id })
  expect(await relay()).toBe(1)
  await inState(made.id, 'delivered')
  const event = await engine.db('events').where({ incident_id: incidentId, seq: 1 }).first()
  const incident = await engine.row(incidentId)
  const [got] = receiver.got
  expect(new Webhook(secret).verify(got!.body, signedHeadersOf(got!))).toEqual({
    id: event.id,
    type: 'incident.reported',
    timestamp: event.at.toISOString(),
    data: {
      incident: incidentId,
      code: incident.code,
      case_type: 'gbv',
      urgency: 'urgent',
      rev: event.rev,
      from: null,
      to: event.to_status,
      actor_role: 'survivor',
      data: event.data,
    },
  })
  expect(got).toMatchObject({ path: '/hook', headers: { 'webhook-id': made.id } })
  await handle(made.id).result()
  expect([await relay(), receiver.got.length]).toEqual([0, 1])
})

test('what fails is tried again by its workflow, under the same id and with a signature of the moment', async () => {
  const { id, secret } = await webhook()
  receiver.answers.push({ status: 500 }, { status: 429 })
  const delivery = await testWebhook(engine.deps, id, by('admin', admin))
  await relay()
  expect(await inState(delivery, 'delivered')).toMatchObject({ attempts: 3, last_status: 204, last_failure: null })
  expect(receiver.got.map(({ headers }) => headers['webhook-id'])).toEqual([delivery, delivery, delivery])
  for (const got of receiver.got) new Webhook(secret).verify(got.body, signedHeadersOf(got))
  const { events } = await handle(delivery).fetchHistory()
  expect(JSON.stringify(events)).not.toContain(receiver.url)
})

test('after the last attempt it has failed, and a replay begins anew', async () => {
  const { id } = await webhook()
  receiver.usually = { status: 500 }
  const delivery = await testWebhook(engine.deps, id, by('admin', admin))
  await relay()
  expect(await inState(delivery, 'failed')).toMatchObject({
    attempts: 3,
    last_status: 500,
    next_at: null,
    send_after: null,
  })
  await handle(delivery).result()
  expect(await relay()).toBe(0)
  receiver.usually = { status: 204 }
  await replayDelivery(engine.deps, { id: delivery, webhookId: id }, by('admin', admin))
  expect(await relay()).toBe(1)
  expect(await inState(delivery, 'delivered')).toMatchObject({ attempts: 1 })
})

test('a replay wakes a workflow that waits', async () => {
  backOff.splice(0, backOff.length, 3_600)
  const { id } = await webhook()
  receiver.answers.push({ status: 503 })
  const delivery = await testWebhook(engine.deps, id, by('admin', admin))
  await relay()
  await eventually(async () => (await row(delivery)).attempts === 1)
  const { runId } = (await handle(delivery).describe()) as { runId: string }
  // Nobody need look at it before its workflow has.
  expect(await relay()).toBe(0)
  await replayDelivery(engine.deps, { id: delivery, webhookId: id }, by('admin', admin))
  await relay()
  await inState(delivery, 'delivered')
  expect((await handle(delivery).describe()).runId).toBe(runId)
})

test('a run that is missing is made again, and keeps the time of the next attempt', async () => {
  backOff.splice(0, backOff.length, 3_600)
  const { id } = await webhook()
  receiver.answers.push({ status: 503 })
  const delivery = await testWebhook(engine.deps, id, by('admin', admin))
  await relay()
  await eventually(async () => (await row(delivery)).attempts === 1)
  const { next_at: nextAt } = await row(delivery)
  await handle(delivery).terminate()
  await engine
    .db('webhook_deliveries')
    .where({ id: delivery })
    .update({ send_after: new Date(0) })
  expect(await relay()).toBe(1)
  await eventually(async () => (await handle(delivery).describe()).status.name === 'RUNNING')
  expect(await row(delivery)).toMatchObject({ state: 'queued', attempts: 1, next_at: nextAt })
  expect((await row(delivery)).send_after.getTime()).toBeGreaterThan(nextAt.getTime())
  await engine
    .db('webhook_deliveries')
    .where({ id: delivery })
    .update({ next_at: new Date(0), send_after: new Date(0) })
  await relay()
  await inState(delivery, 'delivered')
})

test('410 disables the webhook', async () => {
  const { id } = await webhook()
  receiver.usually = { status: 410 }
  const delivery = await testWebhook(engine.deps, id, by('admin', admin))
  await relay()
  await inState(delivery, 'failed')
  await handle(delivery).result()
  expect(receiver.got).toHaveLength(1)
  expect(await engine.db('webhooks').where({ id }).first()).toMatchObject({
    status: 'disabled',
    disabled_reason: 'gone',
  })
})

test('a redirect is not followed', async () => {
  backOff.length = 0
  const { id } = await webhook()
  receiver.usually = { status: 302, headers: { location: `${receiver.url}/elsewhere` } }
  const delivery = await testWebhook(engine.deps, id, by('admin', admin))
  await relay()
  expect(await inState(delivery, 'failed')).toMatchObject({ last_status: 302, last_failure: 'REDIRECTED' })
  expect(receiver.got.map(({ path }) => path)).toEqual(['/hook'])
})

test('after a rotation both secrets verify, and when the day is over only the new one', async () => {
  const { id, secret: old } = await webhook()
  const { secret } = await rotateSecret(engine.deps, id, by('admin', admin))
  const send = async (): Promise<(of: string) => unknown> => {
    const delivery = await testWebhook(engine.deps, id, by('admin', admin))
    await relay()
    await inState(delivery, 'delivered')
    const got = receiver.got.at(-1)!
    return of => new Webhook(of).verify(got.body, signedHeadersOf(got))
  }
  const within = await send()
  for (const each of [old, secret]) expect(within(each)).toMatchObject({ type: 'webhook.test', data: {} })
  await engine
    .db('webhooks')
    .where({ id })
    .update({ old_secret_until: new Date(0) })
  const after = await send()
  expect(after(secret)).toMatchObject({ type: 'webhook.test' })
  expect(() => after(old)).toThrow('No matching signature')
})

test("what is leased is nobody else's, and while Temporal is away it waits for it", async () => {
  const { id } = await webhook()
  const delivery = await testWebhook(engine.deps, id, by('admin', admin))
  const leased = await Promise.all([leaseDeliveries(engine.db, 10), leaseDeliveries(engine.db, 10)])
  expect(leased.flat()).toEqual([delivery])
  await engine.db('webhook_deliveries').update({ send_after: new Date(0) })
  const away = { withDeadline: () => Promise.reject(Object.assign(new Error('unavailable'), { code: 14 })) }
  await relayDeliveries({ ...engine.engineDeps, target: { ...engine.target, link: away } })
  const kept = await row(delivery)
  expect(kept).toMatchObject({ state: 'queued', attempts: 0 })
  expect(kept.send_after.getTime()).toBeLessThan(Date.now() + 15_000)
})
