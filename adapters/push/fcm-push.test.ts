import { generateKeyPairSync } from 'node:crypto'
import { startFakeFcm } from '../../test/fakes/fcm'
import { jsonOf, type Mood } from '../../test/fakes/vendor'
import { firebaseAccount } from '../../platform/config-values'
import { eventually } from '../../test/harness/eventually'
import { createFcmPush, type FcmPush } from './fcm-push'
import { topicOf } from './push-words'

const push = {
  noticeId: '018f3a52-7c1e-7b3a-9d2e-0a1b2c3d4e5f',
  noticeCode: 'offer.made',
  deviceType: 'android',
  token: 'token-of-a-phone',
  title: 'A message for you',
  text: 'You have a new request.',
  priority: 'high',
  ttlSeconds: 90,
  collapseKey: 'offer:1',
} as const

let fake: Awaited<ReturnType<typeof startFakeFcm>>
let fcm: FcmPush

beforeAll(async () => {
  fake = await startFakeFcm()
  fcm = createFcmPush(fake.options)
})
beforeEach(() => {
  fake.got.length = 0
  fake.mood = 'accepts'
})
afterAll(async () => {
  await fcm.close()
  await fake.stop()
})

test('a push leaves with its words, the id of its notice, and how long and how urgently each system shall try', async () => {
  const before = Math.floor(Date.now() / 1000)
  expect(await fcm.send(push)).toEqual({
    state: 'handed_over',
    vendor: 'fcm',
    vendor_id: expect.stringMatching(/^projects\/kesi-test\/messages\/\d+$/),
  })
  const [got] = fake.got
  expect(got).toMatchObject({ method: 'POST', path: '/v1/projects/kesi-test/messages:send' })
  const topic = topicOf(push)
  const { message } = jsonOf(got) as { message: { apns: { headers: Record<string, string> } } }
  expect(message).toEqual({
    token: 'token-of-a-phone',
    notification: { title: 'A message for you', body: 'You have a new request.' },
    data: { notice_id: push.noticeId },
    android: {
      priority: 'high',
      ttl: '90s',
      collapse_key: topic,
      notification: { channel_id: 'notices', tag: topic },
    },
    apns: {
      headers: { 'apns-priority': '10', 'apns-expiration': expect.any(String), 'apns-collapse-id': topic },
      payload: { aps: { sound: 'default' } },
    },
    webpush: { headers: { TTL: '90', Urgency: 'high', Topic: topic } },
  })
  const expiration = Number(message.apns.headers['apns-expiration'])
  expect(expiration).toBeGreaterThanOrEqual(before + 90)
  expect(expiration).toBeLessThan(before + 120)
})

test('what may wait is sent so, without a sound', async () => {
  await fcm.send({ ...push, priority: 'normal' })
  expect(jsonOf(fake.got[0])).toMatchObject({
    message: {
      android: { priority: 'normal' },
      apns: { headers: { 'apns-priority': '5' }, payload: { aps: {} } },
      webpush: { headers: { Urgency: 'normal' } },
    },
  })
  expect(fake.got[0]?.body.toString()).not.toContain('sound')
})

test.each<[Mood, object]>([
  ['device gone', { code: 'FCM_TOKEN_DEAD', permanent: true, tokenIsDead: true }],
  ['number refused', { code: 'FCM_INVALID_ARGUMENT', permanent: true }],
  ['breaks', { code: 'FCM_INTERNAL_ERROR', permanent: false }],
  ['is busy', { code: 'FCM_MESSAGE_RATE_EXCEEDED', permanent: false }],
])('when the other side is in the mood "%s", the answer is our code and none of its words', async (mood, expected) => {
  fake.mood = mood
  expect(await fcm.send(push)).toEqual({ state: 'failed', ...expected })
})

test('a server that takes no connection is worth another try', async () => {
  const nowhere = createFcmPush({ ...fake.options, connection: { host: '127.0.0.1', port: 1 } })
  expect(await nowhere.send(push)).toEqual({ state: 'failed', code: 'FCM_NETWORK_ERROR', permanent: false })
  await nowhere.close()
})

test('a server with a certificate that nobody signed gets nothing', async () => {
  const { connection, ...options } = fake.options
  const strict = createFcmPush({ ...options, connection: { host: '127.0.0.1', port: connection?.port ?? 0 } })
  expect(await strict.send(push)).toMatchObject({ state: 'failed', permanent: false })
  expect(fake.got).toEqual([])
  await strict.close()
})

test('connections are kept open between pushes', async () => {
  await fcm.send(push)
  await fcm.send(push)
  expect(fake.got).toHaveLength(2)
  expect(new Set(fake.got.map(({ fromPort }) => fromPort)).size).toBe(1)
})

test('a server that says nothing is left in time, and the connection with it', async () => {
  const hasty = createFcmPush({ ...fake.options, withinMs: 200 })
  const before = await fake.connections()
  fake.mood = 'hangs'
  expect(await hasty.send(push)).toEqual({ state: 'failed', code: 'FCM_TIMEOUT', permanent: false })
  await eventually(async () => (await fake.connections()) === before, { withinMs: 2_000 })
  expect(fake.got).toHaveLength(1)
  await hasty.close()
})

test('what the SDK would repeat later does not leave when the time of its call is over', async () => {
  const hasty = createFcmPush({ ...fake.options, withinMs: 200 })
  fake.mood = 'is away'
  const given = hasty.send({ ...push, token: 'given-up' })
  await eventually(() => Promise.resolve(fake.got.length === 1))
  const waited = fcm.send({ ...push, token: 'waited-for' })
  await eventually(() => Promise.resolve(fake.got.length === 2))
  fake.mood = 'accepts'
  expect(await given).toEqual({ state: 'failed', code: 'FCM_TIMEOUT', permanent: false })
  // It was sent later and is repeated after the same second: by now the other repeat has had its turn.
  expect(await waited).toMatchObject({ state: 'handed_over' })
  const tokens = fake.got.map(got => (jsonOf(got) as { message: { token: string } }).message.token)
  expect(tokens).toEqual(['given-up', 'waited-for', 'waited-for'])
  await hasty.close()
})

test('the account is read from the file that Firebase gives', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const account = firebaseAccount(
    JSON.stringify({ type: 'service_account', project_id: 'kesi-test', client_email: 'push@example.org', private_key }),
  )
  const own = createFcmPush({ account, withinMs: 1 })
  // Google is not reached from here: that the SDK takes the account for one is what this shows.
  expect(await own.send(push)).toEqual({ state: 'failed', code: 'FCM_TIMEOUT', permanent: false })
  await own.close()
})
