import type { OutgoingPush, PushPort } from '../ports'
import { createPushRouter, vendorOf } from './push-router'
import { topicOf, ttlOf } from './push-words'

test.each([
  ['ExponentPushToken[abc]', 'expo'],
  ['ExpoPushToken[abc]', 'expo'],
  ['{"endpoint":"https://push.example.org/1"}', 'webPush'],
  ['dGhpc:APA91bExponentPushToken', 'fcm'],
  ['NotExponentPushToken[abc]', 'fcm'],
])('%s belongs to %s', (token, vendor) => expect(vendorOf(token)).toBe(vendor))

test('each push goes to the vendor of its token, and to nobody’s when that vendor is not configured', async () => {
  const went: string[] = []
  const to = (name: string): PushPort => ({
    send: async () => {
      went.push(name)
      return { state: 'handed_over', vendor: name, vendor_id: null }
    },
  })
  const router = createPushRouter({ fcm: to('fcm'), expo: undefined, webPush: to('web-push') }, to('nobody'))
  for (const token of ['plain', 'ExpoPushToken[a]', '{}']) await router.send({ token } as OutgoingPush)
  expect(went).toEqual(['fcm', 'nobody', 'web-push'])
})

test('a topic fits into the header of web push, and is the same for the same key alone', () => {
  const topic = topicOf({ collapseKey: 'offer:018f3a52-7c1e-7b3a-9d2e-0a1b2c3d4e5f' })
  expect(topic).toMatch(/^[A-Za-z0-9_-]{32}$/)
  expect(topicOf({ collapseKey: 'offer:018f3a52-7c1e-7b3a-9d2e-0a1b2c3d4e5f' })).toBe(topic)
  expect(topicOf({ collapseKey: 'offer:other' })).not.toBe(topic)
})

test('a time to live is whole, and never less than none or more than four weeks', () => {
  expect([90.9, -5, 1e9].map(ttlSeconds => ttlOf({ ttlSeconds }))).toEqual([90, 0, 2_419_200])
})
