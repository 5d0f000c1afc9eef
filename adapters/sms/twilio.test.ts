import { signAsTwilio, startFakeTwilio } from '../../test/fakes/twilio'
import { formOf, type FakeVendor, type Mood } from '../../test/fakes/vendor'
import type { SmsPort } from '../ports'
import { createTwilio, readTwilioCallback, twilioSignature } from './twilio'

const sms = { noticeId: 'n-1', noticeCode: 'offer.made', to: '+254712345678', text: 'You have a new request.' }
const account = { accountSid: 'AC0123456789abcdef', authToken: 'a-token-of-the-account', from: '+15005550006' }
const url = 'https://cases.example.org/api/receipts/twilio/'

let fake: FakeVendor
let vendor: SmsPort

beforeAll(async () => {
  fake = await startFakeTwilio()
  vendor = createTwilio({ ...account, baseUrl: fake.url, statusCallback: url })
})
beforeEach(() => {
  fake.got.length = 0
  fake.mood = 'accepts'
})
afterAll(() => fake.stop())

test('an SMS leaves with the words of the catalogue alone, and says where its reports go', async () => {
  expect(await vendor.send(sms)).toEqual({
    state: 'handed_over',
    vendor: 'twilio',
    vendor_id: expect.stringMatching(/^SM\d+$/),
  })
  expect(fake.got[0]?.path).toBe('/2010-04-01/Accounts/AC0123456789abcdef/Messages.json')
  expect(formOf(fake.got[0])).toEqual({ To: sms.to, From: account.from, Body: sms.text, StatusCallback: url })
  const credentials = Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64')
  expect(fake.got[0]?.headers.authorization).toBe(`Basic ${credentials}`)
})

test('a messaging service sends in its own name, and an installation without a public address asks for no reports', async () => {
  const from = `MG${'0123456789abcdef'.repeat(2)}`
  await createTwilio({ ...account, from, baseUrl: fake.url, statusCallback: undefined }).send(sms)
  expect(formOf(fake.got[0])).toEqual({ To: sms.to, MessagingServiceSid: from, Body: sms.text })
})

test.each<[Mood, object]>([
  ['number refused', { code: 'TWILIO_21211', permanent: true }],
  ['breaks', { code: 'TWILIO_500', permanent: false }],
  ['is busy', { code: 'TWILIO_429', permanent: false }],
])('when the other side is in the mood "%s", the answer is our code and none of its words', async (mood, expected) => {
  fake.mood = mood
  expect(await vendor.send(sms)).toEqual({ state: 'failed', ...expected })
})

test('a server that says nothing is left in time', async () => {
  fake.mood = 'hangs'
  const hasty = createTwilio({ ...account, baseUrl: fake.url, statusCallback: undefined, withinMs: 100 })
  expect(await hasty.send(sms)).toEqual({ state: 'failed', code: 'TWILIO_TIMEOUT', permanent: false })
})

test('the signature is the one of Twilio’s own example', () => {
  const form = {
    CallSid: 'CA1234567890ABCDE',
    Digits: '1234',
    From: '+14158675309',
    To: '+18005551212',
    Caller: '+14158675309',
  }
  const example = { url: 'https://mycompany.com/myapp.php?foo=1&bar=2', form, authToken: '12345' }
  expect(twilioSignature(example)).toBe('RSOYDt4T1cUTdK1PDd93/VVr8B8=')
})

describe('a status callback', () => {
  const read = (form: Record<string, string>) =>
    readTwilioCallback({ url, form, signature: signAsTwilio(url, form, account.authToken) }, account.authToken)

  test.each<[string, object | undefined]>([
    ['delivered', { state: 'delivered' }],
    ['read', { state: 'read' }],
    ['undelivered', { state: 'failed', code: 'TWILIO_UNDELIVERED' }],
    ['failed', { state: 'failed', code: 'TWILIO_FAILED' }],
    ['canceled', { state: 'failed', code: 'TWILIO_CANCELED' }],
    ['sent', undefined],
    ['queued', undefined],
    ['something new', undefined],
  ])('%s', (MessageStatus, expected) => {
    expect(read({ MessageSid: 'SM1', MessageStatus, Anything: 'ใหม่' })).toEqual(
      expected && { vendor: 'twilio', vendor_id: 'SM1', ...expected },
    )
  })

  test('keeps the number of an error, and nothing that is none', () => {
    const failed = { MessageSid: 'SM1', MessageStatus: 'undelivered' }
    expect(read({ ...failed, ErrorCode: '30003' })).toMatchObject({ code: 'TWILIO_30003' })
    expect(read({ ...failed, ErrorCode: 'amina' })).toMatchObject({ code: 'TWILIO_UNDELIVERED' })
  })

  test('without an id says nothing', () => expect(read({ MessageStatus: 'delivered' })).toBeUndefined())

  test('is forged without a signature, with that of another form, address or token, and while no token is set', () => {
    const form = { MessageSid: 'SM1', MessageStatus: 'delivered' }
    const { authToken } = account
    const good = signAsTwilio(url, form, authToken)
    expect(readTwilioCallback({ url, form, signature: good }, authToken)).toMatchObject({ state: 'delivered' })
    const forged = [
      readTwilioCallback({ url, form, signature: undefined }, authToken),
      readTwilioCallback({ url, form, signature: '' }, authToken),
      readTwilioCallback({ url, form: { ...form, MessageSid: 'SM2' }, signature: good }, authToken),
      readTwilioCallback({ url: `${url}?a=b`, form, signature: good }, authToken),
      readTwilioCallback({ url, form, signature: signAsTwilio(url, form, 'another-token') }, authToken),
      readTwilioCallback({ url, form, signature: good }, undefined),
    ]
    expect(forged).toEqual(forged.map(() => 'forged'))
  })
})
