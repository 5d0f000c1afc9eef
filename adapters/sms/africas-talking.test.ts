import { startFakeAfricasTalking } from '../../test/fakes/africas-talking'
import { formOf, startFake, type FakeVendor, type Mood } from '../../test/fakes/vendor'
import type { SmsPort } from '../ports'
import { createAfricasTalking, readAfricasTalkingReport } from './africas-talking'

const sms = { noticeId: 'n-1', noticeCode: 'offer.made', to: '+254712345678', text: 'You have a new request.' }
const account = { username: 'kesi', apiKey: 'a-key-of-the-application', sender: 'NOTICES' }

let fake: FakeVendor
let vendor: SmsPort

beforeAll(async () => {
  fake = await startFakeAfricasTalking()
  vendor = createAfricasTalking({ ...account, baseUrl: fake.url })
})
beforeEach(() => {
  fake.got.length = 0
  fake.mood = 'accepts'
})
afterAll(() => fake.stop())

test('an SMS leaves with the words of the catalogue alone, under the sender that was set', async () => {
  expect(await vendor.send(sms)).toEqual({
    state: 'handed_over',
    vendor: 'africas-talking',
    vendor_id: expect.stringMatching(/^ATXid_\d+$/),
  })
  expect(formOf(fake.got[0])).toEqual({ username: 'kesi', to: '+254712345678', message: sms.text, from: 'NOTICES' })
  expect(fake.got[0]?.headers).toMatchObject({ apikey: account.apiKey, accept: 'application/json' })
})

test('without a sender of its own the vendor’s stands over it', async () => {
  await createAfricasTalking({ ...account, sender: undefined, baseUrl: fake.url }).send(sms)
  expect(formOf(fake.got[0])).not.toHaveProperty('from')
})

test.each<[Mood, object]>([
  ['number refused', { code: 'AFRICAS_TALKING_403', permanent: true }],
  ['breaks', { code: 'AFRICAS_TALKING_500', permanent: false }],
  ['is busy', { code: 'AFRICAS_TALKING_429', permanent: false }],
])('when the other side is in the mood "%s", the answer is our code', async (mood, expected) => {
  fake.mood = mood
  expect(await vendor.send(sms)).toEqual({ state: 'failed', ...expected })
})

test('an answer without a recipient has taken nothing', async () => {
  const odd = await startFake(() => ({
    status: 201,
    body: { SMSMessageData: { Message: 'InvalidSenderId', Recipients: [] } },
  }))
  const refused = await createAfricasTalking({ ...account, baseUrl: odd.url }).send(sms)
  expect(refused).toEqual({ state: 'failed', code: 'AFRICAS_TALKING_REFUSED', permanent: false })
  await odd.stop()
})

test('a server that says nothing is left in time', async () => {
  fake.mood = 'hangs'
  const hasty = createAfricasTalking({ ...account, baseUrl: fake.url, withinMs: 100 })
  expect(await hasty.send(sms)).toEqual({ state: 'failed', code: 'AFRICAS_TALKING_TIMEOUT', permanent: false })
})

test.each(['0712345678', '+0712345678', '254712345678', '+254 712 345 678', '+12345678901234567', ''])(
  'the number "%s" is none, and nobody is asked',
  async to => {
    expect(await vendor.send({ ...sms, to })).toEqual({ state: 'failed', code: 'NUMBER_INVALID', permanent: true })
    expect(fake.got).toEqual([])
  },
)

describe('a delivery report', () => {
  const secret = 'abcdefghijklmnopqrstuvwx'
  const read = (form: Record<string, string>) => readAfricasTalkingReport({ secret, form }, secret)

  test.each<[string, object | undefined]>([
    ['Success', { state: 'delivered' }],
    ['Failed', { state: 'failed', code: 'AFRICAS_TALKING_FAILED' }],
    ['Rejected', { state: 'failed', code: 'AFRICAS_TALKING_REJECTED' }],
    ['AbsentSubscriber', { state: 'failed', code: 'AFRICAS_TALKING_ABSENT_SUBSCRIBER' }],
    ['Sent', undefined],
    ['Buffered', undefined],
    ['SomethingNew', undefined],
  ])('%s', (status, expected) => {
    expect(read({ id: 'ATXid_1', status })).toEqual(
      expected && { vendor: 'africas-talking', vendor_id: 'ATXid_1', ...expected },
    )
  })

  test('keeps one word of the reason, and none of a sentence', () => {
    expect(read({ id: '1', status: 'Failed', failureReason: 'UserInBlackList' })).toMatchObject({
      code: 'AFRICAS_TALKING_USER_IN_BLACK_LIST',
    })
    expect(read({ id: '1', status: 'Failed', failureReason: 'amina is away' })).toMatchObject({
      code: 'AFRICAS_TALKING_FAILED',
    })
  })

  test('without an id says nothing', () => expect(read({ status: 'Success' })).toBeUndefined())

  test.each([undefined, 'another', `${secret}x`, ''])('is forged when the secret is %p', other => {
    const form = { id: 'ATXid_1', status: 'Success' }
    expect(readAfricasTalkingReport({ secret: other ?? secret, form }, other === undefined ? undefined : secret)).toBe(
      'forged',
    )
  })
})
