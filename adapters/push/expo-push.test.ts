import { expoError, startFakeExpo } from '../../test/fakes/expo'
import { jsonOf, type Mood } from '../../test/fakes/vendor'
import { createExpoPush, type ExpoPush } from './expo-push'

const push = {
  noticeId: '018f3a52-7c1e-7b3a-9d2e-0a1b2c3d4e5f',
  noticeCode: 'offer.made',
  deviceType: 'ios',
  token: 'ExponentPushToken[abc]',
  title: 'A message for you',
  text: 'You have a new request.',
  priority: 'high',
  ttlSeconds: 90,
  collapseKey: 'offer:1',
} as const

let fake: Awaited<ReturnType<typeof startFakeExpo>>
let expo: ExpoPush

beforeAll(async () => {
  fake = await startFakeExpo()
  expo = createExpoPush({ baseUrl: fake.url, accessToken: undefined })
})
beforeEach(() => {
  fake.got.length = 0
  fake.mood = 'accepts'
})
afterAll(() => fake.stop())

test('a push leaves with its words and the id of its notice, and its ticket is its id', async () => {
  expect(await expo.send(push)).toEqual({
    state: 'handed_over',
    vendor: 'expo',
    vendor_id: expect.stringMatching(/^ticket-\d+$/),
  })
  expect(jsonOf(fake.got[0])).toEqual({
    to: 'ExponentPushToken[abc]',
    title: 'A message for you',
    body: 'You have a new request.',
    data: { notice_id: push.noticeId },
    ttl: 90,
    priority: 'high',
    channelId: 'notices',
    sound: 'default',
  })
  expect(fake.got[0]?.headers.authorization).toBeUndefined()
  await expo.send({ ...push, priority: 'normal' })
  expect(jsonOf(fake.got[1])).not.toHaveProperty('sound')
})

test('with an access token each request carries it', async () => {
  const secured = createExpoPush({ baseUrl: fake.url, accessToken: 'a-token-from-expo-dev' })
  await secured.send(push)
  await secured.readReceipts(['ticket-1'])
  expect(fake.got.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill('Bearer a-token-from-expo-dev'))
})

test.each<[Mood, object]>([
  ['device gone', { code: 'EXPO_DEVICE_NOT_REGISTERED', permanent: true, tokenIsDead: true }],
  ['number refused', { code: 'EXPO_MESSAGE_TOO_BIG', permanent: true }],
  ['breaks', { code: 'EXPO_500', permanent: false }],
  ['is busy', { code: 'EXPO_429', permanent: false }],
])('when the other side is in the mood "%s", the answer is our code and none of its words', async (mood, expected) => {
  fake.mood = mood
  expect(await expo.send(push)).toEqual({ state: 'failed', ...expected })
})

test('a server that says nothing, or is not there, is worth another try', async () => {
  fake.mood = 'hangs'
  const hasty = createExpoPush({ baseUrl: fake.url, accessToken: undefined, withinMs: 100 })
  expect(await hasty.send(push)).toEqual({ state: 'failed', code: 'EXPO_TIMEOUT', permanent: false })
  const nowhere = createExpoPush({ baseUrl: 'http://127.0.0.1:1', accessToken: undefined })
  expect(await nowhere.send(push)).toEqual({ state: 'failed', code: 'EXPO_UNREACHABLE', permanent: false })
})

test('of receipts only failures are told: Expo’s "ok" is not the phone’s', async () => {
  fake.receipts.set('good', { status: 'ok' }).set('gone', expoError('DeviceNotRegistered')).set('odd', expoError('a b'))
  expect(await expo.readReceipts(['good', 'gone', 'odd', 'unknown', 'constructor'])).toEqual({
    receipts: [
      { vendor: 'expo', vendor_id: 'gone', state: 'failed', code: 'EXPO_DEVICE_NOT_REGISTERED' },
      { vendor: 'expo', vendor_id: 'odd', state: 'failed', code: 'EXPO_REFUSED' },
    ],
    known: ['good', 'gone', 'odd'],
  })
})

test('without an answer about receipts nothing is taken for known', async () => {
  fake.mood = 'breaks'
  await expect(expo.readReceipts(['good'])).rejects.toThrow('Expo gave no receipts')
})
