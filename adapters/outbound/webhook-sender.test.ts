import { Webhook } from 'standardwebhooks'
import { makeCertificate } from '../../test/fakes/certificate'
import { signedHeadersOf, startReceiver, type FakeReceiver } from '../../test/fakes/webhook-receiver'
import { eventually } from '../../test/harness/eventually'
import { createWebhookSender, type WebhookSender, type WebhookSenderOptions } from './webhook-sender'

const certificate = makeCertificate('localhost')
const INSIDE = { allowHttp: true, allowPrivate: true }
const SECRET = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`
const OLD = `whsec_${Buffer.from('the one before it, also long').toString('base64')}`

let plain: FakeReceiver
let secure: FakeReceiver
const opened: WebhookSender[] = []
beforeAll(async () => {
  plain = await startReceiver()
  secure = await startReceiver(certificate)
})
beforeEach(() => {
  plain.got.length = 0
  plain.mood = 'accepts'
})
afterAll(async () => {
  opened.forEach(sender => sender.close())
  await Promise.all([plain.stop(), secure.stop()])
})

function sender(options: WebhookSenderOptions = INSIDE): WebhookSender {
  const made = createWebhookSender(options)
  opened.push(made)
  return made
}

const webhook = (url: string, secrets = [SECRET]) => ({
  deliveryId: '018f3a52-7c1e-7b3a-9d2e-0a1b2c3d4e5f',
  url,
  body: JSON.stringify({ id: 'e', type: 'webhook.test', data: { ใหม่: '✓' } }),
  secrets,
})

test('what arrives is JSON under its id, and its signature is verified by a library that is not ours', async () => {
  const sent = webhook(`${plain.url}/hook?a=b`)
  expect(await sender().send(sent)).toEqual({ status: 204, failure: null })
  const [got] = plain.got
  expect(got).toMatchObject({
    method: 'POST',
    path: '/hook?a=b',
    headers: { 'content-type': 'application/json', 'webhook-id': sent.deliveryId, 'user-agent': 'Kesi-Webhooks' },
  })
  expect(new Webhook(SECRET).verify(got!.body, signedHeadersOf(got!))).toEqual(JSON.parse(sent.body))
  expect(() => new Webhook(OLD).verify(got!.body, signedHeadersOf(got!))).toThrow('No matching signature')
  expect(() => new Webhook(SECRET).verify(`${sent.body} `, signedHeadersOf(got!))).toThrow('No matching signature')
})

test('after a rotation both secrets verify', async () => {
  await sender().send(webhook(plain.url, [SECRET, OLD]))
  const [got] = plain.got
  for (const secret of [SECRET, OLD]) new Webhook(secret).verify(got!.body, signedHeadersOf(got!))
  expect(got!.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/)
})

test('by TLS it sends to whom it can trust, and to nobody else', async () => {
  const sent = webhook(secure.url)
  expect(await sender().send(sent)).toEqual({ status: null, failure: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  expect(secure.got).toHaveLength(0)
  expect(await sender({ ...INSIDE, ca: certificate.cert }).send(sent)).toEqual({ status: 204, failure: null })
  expect(secure.got).toHaveLength(1)
})

test.each([
  [200, null],
  [299, null],
  [301, 'REDIRECTED'],
  [307, 'REDIRECTED'],
  [400, 'REFUSED'],
  [410, 'REFUSED'],
  [503, 'REFUSED'],
])('%i is %s', async (status, failure) => {
  plain.answers.push({ status, headers: { location: `${plain.url}/elsewhere` } })
  expect(await sender().send(webhook(plain.url))).toEqual({ status, failure })
  // Nothing was sent to where it was led.
  expect(plain.got.map(({ path }) => path)).toEqual(['/'])
})

test('who does not answer in time is given up', async () => {
  plain.mood = 'hangs'
  const started = performance.now()
  expect(await sender({ ...INSIDE, withinMs: 100 }).send(webhook(plain.url))).toEqual({
    status: null,
    failure: 'TIMED_OUT',
  })
  expect(performance.now() - started).toBeLessThan(2_000)
})

test('a private address is refused, by whatever name', async () => {
  const refused = { status: null, failure: 'ADDRESS_REFUSED' }
  const strict = sender({ allowHttp: true, allowPrivate: false })
  for (const host of ['127.0.0.1', 'localhost', '[::1]'])
    for (const scheme of ['http', 'https'])
      expect(await strict.send(webhook(`${scheme}://${host}:${plain.port}/`))).toEqual(refused)
  expect(plain.got).toHaveLength(0)
})

test('where plain HTTP is not allowed nothing is sent by it', async () => {
  const strict = sender({ allowHttp: false, allowPrivate: true })
  expect(await strict.send(webhook(plain.url))).toEqual({ status: null, failure: 'NOT_HTTPS' })
  expect(plain.got).toHaveLength(0)
})

test('what does not answer at all is told by a code without the address', async () => {
  const gone = await startReceiver()
  await gone.stop()
  expect(await sender().send(webhook(gone.url))).toEqual({ status: null, failure: 'ECONNREFUSED' })
})

test('a connection is used again', async () => {
  const one = sender()
  const portOfNext = async (): Promise<number> => {
    await one.send(webhook(plain.url))
    return plain.got.at(-1)!.fromPort
  }
  const first = await portOfNext()
  await eventually(async () => (await portOfNext()) === first)
})

test('an answer that is too long ends its connection', async () => {
  const receiver = await startReceiver()
  receiver.answers.push({ status: 200, body: 'x'.repeat(10_000_000) })
  expect(await sender().send(webhook(receiver.url))).toEqual({ status: 200, failure: null })
  // A server keeps a connection that is merely idle for 5 s.
  await eventually(async () => (await receiver.connections()) === 0, { withinMs: 3_000 })
  await receiver.stop()
})
