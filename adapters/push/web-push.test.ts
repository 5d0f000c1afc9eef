import type { Agent } from 'node:https'
import { generateVAPIDKeys } from 'web-push'
import { startFakeWebPush } from '../../test/fakes/web-push'
import type { Mood } from '../../test/fakes/vendor'
import { publicOnlyAgent } from '../outbound/public-address'
import { topicOf } from './push-words'
import { createWebPush, type WebPush } from './web-push'

const vapid = { ...generateVAPIDKeys(), subject: 'mailto:ops@example.org' }

let fake: Awaited<ReturnType<typeof startFakeWebPush>>
let agent: Agent
let web: WebPush
let push: Parameters<WebPush['send']>[0]

beforeAll(async () => {
  fake = await startFakeWebPush()
  agent = publicOnlyAgent({ allowPrivate: true, ca: fake.ca, keepAlive: true })
  web = createWebPush({ ...vapid, agent })
  push = {
    noticeId: '018f3a52-7c1e-7b3a-9d2e-0a1b2c3d4e5f',
    noticeCode: 'offer.made',
    deviceType: 'web',
    token: fake.subscription,
    title: 'A message for you',
    text: 'CANARY of the words',
    priority: 'high',
    ttlSeconds: 90,
    collapseKey: 'offer:1',
  }
})
beforeEach(() => {
  fake.got.length = 0
  fake.mood = 'accepts'
})
afterAll(async () => {
  web.close()
  await fake.stop()
})

test('a push leaves signed, sealed for the browser alone, and says how long and how urgently to try', async () => {
  expect(await web.send(push)).toEqual({ state: 'handed_over', vendor: 'web-push', vendor_id: null })
  const [got] = fake.got
  expect(got).toMatchObject({
    method: 'POST',
    path: '/send/device-1',
    headers: {
      ttl: '90',
      urgency: 'high',
      topic: topicOf(push),
      'content-encoding': 'aes128gcm',
      authorization: expect.stringMatching(/^vapid t=.+, k=.+$/),
    },
  })
  expect(got?.body.toString('latin1')).not.toMatch(/CANARY|018f3a52/)
})

test('the browser that subscribed opens it: the id of the notice and the words, nothing else', async () => {
  await web.send(push)
  expect(fake.open(fake.got[0])).toEqual({
    notice_id: push.noticeId,
    title: 'A message for you',
    body: 'CANARY of the words',
  })
})

test.each<[Mood, object]>([
  ['device gone', { code: 'WEB_PUSH_GONE', permanent: true, tokenIsDead: true }],
  ['number refused', { code: 'WEB_PUSH_403', permanent: true }],
  ['breaks', { code: 'WEB_PUSH_500', permanent: false }],
  ['is busy', { code: 'WEB_PUSH_429', permanent: false }],
])('when the other side is in the mood "%s", the answer is our code', async (mood, expected) => {
  fake.mood = mood
  expect(await web.send(push)).toEqual({ state: 'failed', ...expected })
})

test('a server that says nothing, or is not there, is worth another try', async () => {
  fake.mood = 'hangs'
  const hasty = createWebPush({ ...vapid, agent, withinMs: 100 })
  expect(await hasty.send(push)).toEqual({ state: 'failed', code: 'WEB_PUSH_TIMEOUT', permanent: false })
  const away = fake.subscription.replace(/:\d+\//, ':1/')
  expect(await web.send({ ...push, token: away })).toEqual({
    state: 'failed',
    code: 'WEB_PUSH_UNREACHABLE',
    permanent: false,
  })
})

test('an address inside the house is refused before anything is sent there', async () => {
  const guarded = createWebPush({ ...vapid, agent: publicOnlyAgent({ ca: fake.ca }) })
  expect(await guarded.send(push)).toEqual({ state: 'failed', code: 'ADDRESS_REFUSED', permanent: true })
  expect(fake.got).toEqual([])
})

test.each([
  ['no JSON', () => '{'],
  ['plain http', () => fake.subscription.replace('https:', 'http:')],
  ['no keys', () => JSON.stringify({ endpoint: fake.url })],
  ['a key of another length', () => fake.subscription.replace(/"auth":"../, '"auth":"')],
  ['a key on no curve', () => fake.subscription.replace(/"p256dh":".{87}"/, `"p256dh":"${'A'.repeat(87)}"`)],
])('a subscription with %s is dead', async (_what, token) => {
  expect(await web.send({ ...push, token: token() })).toEqual({
    state: 'failed',
    code: 'SUBSCRIPTION_INVALID',
    permanent: true,
    tokenIsDead: true,
  })
})
