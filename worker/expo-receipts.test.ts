import { createExpoPush } from '../adapters/push/expo-push'
import { newId } from '../platform/ids'
import { addUser } from '../test/builders/record'
import { expoError, startFakeExpo } from '../test/fakes/expo'
import { jsonOf } from '../test/fakes/vendor'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { createLogger } from '../platform/logger'
import { askOnce } from './expo-receipts'

let database: TestDatabase
let fake: Awaited<ReturnType<typeof startFakeExpo>>
let attemptId: string
const logger = createLogger({ level: 'silent', name: 'test' })

beforeAll(async () => {
  ;[database, fake] = await Promise.all([createTestDatabase(), startFakeExpo()])
  const { db } = database
  const noticeId = newId()
  attemptId = newId()
  await db('notices').insert({
    id: noticeId,
    recipient_id: await addUser(db, 'provider'),
    code: 'account.verified',
    channels: ['push'],
    created_at: new Date(),
  })
  await db('notice_attempts').insert({ id: attemptId, notice_id: noticeId, channel: 'push', state: 'handed_over' })
})
beforeEach(async () => {
  await database.db('notice_hand_overs').delete()
  await database.db('notice_receipts').delete()
  fake.got.length = 0
  fake.mood = 'accepts'
  fake.receipts.clear()
})
afterAll(async () => {
  await fake.stop()
  await database.drop()
})

const expo = () => createExpoPush({ baseUrl: fake.url, accessToken: undefined })
const ask = () => askOnce({ db: database.db, logger }, expo())
const asked = (): string[][] => fake.got.map(got => (jsonOf(got) as { ids: string[] }).ids.sort())

async function handedOver(vendor_id: string, minutesAgo: number, vendor = 'expo'): Promise<void> {
  const ago = `clock_timestamp() - interval '${minutesAgo} minutes'`
  await database.db.raw(
    `insert into notice_hand_overs (vendor, vendor_id, attempt_id, at, ask_at)
     values (?, ?, ?, ${ago}, ${ago} + interval '15 minutes')`,
    [vendor, vendor_id, attemptId],
  )
}
const stillDue = () => database.db('notice_hand_overs').whereNotNull('ask_at').pluck('vendor_id')

test('of hand-overs that are due Expo is asked, and what failed is recorded', async () => {
  await handedOver('failed', 16)
  await handedOver('went well', 16)
  await handedOver('too young', 14)
  await handedOver('of another', 16, 'fcm')
  fake.receipts.set('failed', expoError('DeviceNotRegistered')).set('went well', { status: 'ok' })
  expect(await ask()).toBe(2)
  expect(asked()).toEqual([['failed', 'went well']])
  expect(await database.db('notice_receipts').select('vendor', 'vendor_id', 'state', 'code')).toEqual([
    { vendor: 'expo', vendor_id: 'failed', state: 'failed', code: 'EXPO_DEVICE_NOT_REGISTERED' },
  ])
  expect((await stillDue()).sort()).toEqual(['of another', 'too young'])
})

test('what Expo does not know yet is due again later, and no more after a day', async () => {
  await handedOver('late', 16)
  await handedOver('never', 25 * 60)
  expect(await ask()).toBe(2)
  expect(await stillDue()).toEqual(['late'])
  expect(await ask()).toBe(0)
})

test('two workers at once ask for each hand-over once', async () => {
  for (let index = 0; index < 20; index++) await handedOver(`ticket-${index}`, 20)
  expect((await Promise.all([ask(), ask()])).reduce((sum, count) => sum + count)).toBe(20)
  expect(asked().flat()).toHaveLength(20)
})

test('when Expo does not answer nothing is lost', async () => {
  await handedOver('failed', 16)
  fake.mood = 'breaks'
  await expect(ask()).rejects.toThrow('Expo gave no receipts')
  expect(await stillDue()).toEqual(['failed'])
})
