import { startFakeAfricasTalking } from '../../test/fakes/africas-talking'
import { startFakeTwilio } from '../../test/fakes/twilio'
import { formOf, type FakeVendor } from '../../test/fakes/vendor'
import { eventually } from '../../test/harness/eventually'
import { createLogger } from '../../platform/logger'
import type { SendResult, SmsPort } from '../ports'
import { createAfricasTalking } from './africas-talking'
import { createSmsFailover } from './sms-failover'
import { createTwilio } from './twilio'

const PROBE_AFTER_MS = 500
const rules = { failures: 3, probeAfterMs: PROBE_AFTER_MS }

let first: FakeVendor
let second: FakeVendor
let log: Record<string, unknown>[]
let sms: SmsPort
let sent = 0

beforeAll(async () => {
  ;[first, second] = await Promise.all([startFakeAfricasTalking(), startFakeTwilio()])
})
beforeEach(() => {
  for (const fake of [first, second]) {
    fake.got.length = 0
    fake.mood = 'accepts'
  }
  log = []
  const logger = createLogger({
    level: 'info',
    name: 'test',
    stream: { write: line => log.push(JSON.parse(line) as Record<string, unknown>) },
  })
  const baseUrl = { first: first.url, second: second.url }
  const africasTalking = { username: 'kesi', apiKey: 'a-key', sender: undefined, baseUrl: baseUrl.first, withinMs: 150 }
  const twilio = { accountSid: 'AC1', authToken: 'a-token', from: '+15005550006', statusCallback: undefined }
  const vendors = [
    { name: 'africas-talking', sms: createAfricasTalking(africasTalking) },
    { name: 'twilio', sms: createTwilio({ ...twilio, baseUrl: baseUrl.second, withinMs: 150 }) },
  ]
  sms = createSmsFailover(vendors, { logger, rules })
})
afterAll(() => Promise.all([first.stop(), second.stop()]))

/** One message of its own; its text tells it from the others. */
const send = (): Promise<SendResult> =>
  sms.send({ noticeId: 'n', noticeCode: 'offer.made', to: '+254712345678', text: `text ${++sent}` })
const vendorOf = (result: SendResult): string => (result.state === 'handed_over' ? result.vendor : result.code)

test('while all is well the first vendor gets everything', async () => {
  expect([await send(), await send()].map(vendorOf)).toEqual(['africas-talking', 'africas-talking'])
  expect(second.got).toEqual([])
})

test('a vendor that breaks is switched from at once, left alone while it is down, and used again after it recovers', async () => {
  first.mood = 'breaks'
  const texts = new Set<string>()
  for (let index = 0; index < 20; index++) {
    expect(vendorOf(await send())).toBe('twilio')
    texts.add(`text ${sent}`)
  }
  // Nothing lost, and nothing sent twice by the one that took it.
  expect(second.got.map(got => formOf(got)['Body'])).toEqual([...texts])
  expect(log[0]).toMatchObject({ vendor: 'africas-talking', msg: 'a vendor of SMS fails and is left out' })
  const asked = first.got.length
  expect(asked).toBeLessThan(20)
  first.mood = 'accepts'
  await eventually(async () => vendorOf(await send()) === 'africas-talking', { everyMs: 20 })
  expect(log.at(-1)).toMatchObject({ vendor: 'africas-talking', msg: 'a vendor of SMS is used again' })
  expect(vendorOf(await send())).toBe('africas-talking')
})

test('while it stays down one message at a time is tried there, and none is lost by it', async () => {
  first.mood = 'breaks'
  for (let index = 0; index < rules.failures; index++) await send()
  expect(first.got).toHaveLength(rules.failures)
  await eventually(
    async () => {
      const results = await Promise.all([send(), send(), send()])
      expect(results.map(vendorOf)).toEqual(['twilio', 'twilio', 'twilio'])
      return first.got.length > rules.failures
    },
    { everyMs: 20 },
  )
  expect(first.got).toHaveLength(rules.failures + 1)
})

test('a vendor that says nothing is switched from when its time is over', async () => {
  first.mood = 'hangs'
  expect(vendorOf(await send())).toBe('twilio')
})

test('when all are down the message may be tried again, also while nobody is asked', async () => {
  first.mood = second.mood = 'breaks'
  expect(await send()).toEqual({ state: 'failed', code: 'TWILIO_500', permanent: false })
  await send()
  await send()
  const asked = second.got.length
  expect(await send()).toEqual({ state: 'failed', code: 'SMS_VENDORS_AWAY', permanent: false })
  expect(second.got).toHaveLength(asked)
})

test('a number that one refuses is refused, tried nowhere else, and opens no circuit', async () => {
  first.mood = 'number refused'
  for (let index = 0; index < 5; index++)
    expect(await send()).toEqual({ state: 'failed', code: 'AFRICAS_TALKING_403', permanent: true })
  expect(first.got).toHaveLength(5)
  expect(second.got).toEqual([])
  first.mood = 'accepts'
  expect(vendorOf(await send())).toBe('africas-talking')
})

test('what is no number is asked of nobody', async () => {
  const result = await sms.send({ noticeId: 'n', noticeCode: 'offer.made', to: '0712345678', text: 'text' })
  expect(result).toEqual({ state: 'failed', code: 'NUMBER_INVALID', permanent: true })
  expect([...first.got, ...second.got]).toEqual([])
})
