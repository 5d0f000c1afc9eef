import { openApiOf } from '../openapi'
import { receiptRoutes } from './receipts.routes'
import { signAsTwilio } from '../../test/fakes/twilio'
import { startTestApi, type Reply, type TestApi } from '../../test/harness/api'

const TOKEN = 'token-of-the-twilio-account'
const SECRET = 'secret-part-of-the-address'
const FORM = 'application/x-www-form-urlencoded'
const PUBLIC_URL = 'https://cases.example.org'

let api: TestApi

beforeAll(async () => {
  api = await startTestApi({
    publicUrl: PUBLIC_URL,
    receiptSecrets: { twilioAuthToken: TOKEN, africasTalkingReceiptSecret: SECRET },
    limits: {
      limitAnonymous: 5,
      limitUser: 5,
      limitStaff: 5,
      limitUploads: 5,
      limitMessages: 5,
      limitMessageBurst: 5,
    },
  })
})
beforeEach(() => api.database.db('notice_receipts').delete())
afterAll(() => api.stop())

const post = (path: string, form: Record<string, string> | string, headers: Record<string, string> = {}) =>
  api.call('POST', path, {
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
    headers: { 'content-type': FORM, ...headers },
  })

const twilio = (form: Record<string, string>, signature?: string): Promise<Reply> => {
  const path = '/api/receipts/twilio/'
  return post(path, form, { 'x-twilio-signature': signature ?? signAsTwilio(PUBLIC_URL + path, form, TOKEN) })
}
const africasTalking = (form: Record<string, string>, secret = SECRET): Promise<Reply> =>
  post(`/api/receipts/africas-talking/${secret}/`, form)

const kept = (): Promise<object[]> =>
  api.database.db('notice_receipts').orderBy('state').select('vendor', 'vendor_id', 'state', 'code')

test('what Twilio signed is kept, once however often it comes, also for a message that is not known', async () => {
  const form = { MessageSid: 'SM1', MessageStatus: 'delivered', To: '+254712345678', Body: 'ใหม่ &=+', ApiVersion: '' }
  for (let index = 0; index < 3; index++) expect((await twilio(form)).status).toBe(204)
  expect((await twilio({ ...form, MessageStatus: 'undelivered', ErrorCode: '30003' })).status).toBe(204)
  expect((await twilio({ ...form, MessageStatus: 'sent' })).status).toBe(204)
  expect(await kept()).toEqual([
    { vendor: 'twilio', vendor_id: 'SM1', state: 'delivered', code: null },
    { vendor: 'twilio', vendor_id: 'SM1', state: 'failed', code: 'TWILIO_30003' },
  ])
})

test('what somebody else signed, or nobody, is refused and not kept', async () => {
  const form = { MessageSid: 'SM1', MessageStatus: 'delivered' }
  const url = `${PUBLIC_URL}/api/receipts/twilio/`
  const forged = [
    await twilio(form, signAsTwilio(url, form, 'another token')),
    await twilio({ ...form, MessageSid: 'SM2' }, signAsTwilio(url, form, TOKEN)),
    await post('/api/receipts/twilio/', form),
    await post('/api/receipts/twilio/', ''),
  ]
  expect(forged.map(({ status, body }) => [status, body.code])).toEqual(forged.map(() => [403, 'RECEIPT_FORGED']))
  expect(await kept()).toEqual([])
})

test('what comes to the secret address of Africa’s Talking is kept', async () => {
  expect((await africasTalking({ id: 'ATXid_1', status: 'Success', phoneNumber: '+254712345678' })).status).toBe(204)
  expect((await africasTalking({ id: 'ATXid_2', status: 'Rejected', failureReason: 'UserIsInactive' })).status).toBe(
    204,
  )
  expect((await africasTalking({ id: 'ATXid_3', status: 'Buffered' })).status).toBe(204)
  expect(await kept()).toEqual([
    { vendor: 'africas-talking', vendor_id: 'ATXid_1', state: 'delivered', code: null },
    { vendor: 'africas-talking', vendor_id: 'ATXid_2', state: 'failed', code: 'AFRICAS_TALKING_USER_IS_INACTIVE' },
  ])
})

test('an address without the secret is refused', async () => {
  const form = { id: 'ATXid_1', status: 'Success' }
  for (const secret of ['guessed', `${SECRET}x`, SECRET.slice(1)])
    expect(await africasTalking(form, secret)).toMatchObject({ status: 403, body: { code: 'RECEIPT_FORGED' } })
  expect(await africasTalking(form, 'x'.repeat(201))).toMatchObject({ status: 404, body: { code: 'ROUTE_NOT_FOUND' } })
  expect(await kept()).toEqual([])
})

test('vendors are not counted among strangers, and neither secret, number nor form stands in the log', async () => {
  api.log.length = 0
  for (let index = 0; index < 10; index++)
    expect(
      (await africasTalking({ id: `ATXid_${index}`, status: 'Success', phoneNumber: '+254712345678' })).status,
    ).toBe(204)
  await africasTalking({ id: 'ATXid_1', status: 'Success' }, 'guessed')
  const logged = JSON.stringify(api.log)
  expect(logged).toContain('/api/receipts/africas-talking/:secret/')
  expect(logged).not.toMatch(/secret-part|guessed|254712345678|ATXid/)
})

test('a receipt comes as a form of texts, and not without end', async () => {
  const path = '/api/receipts/twilio/'
  expect(await api.call('POST', path, { body: { MessageSid: 'SM1' } })).toMatchObject({ status: 415 })
  expect(await post(path, 'a=1&a=2')).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } })
  expect(await post(path, 'a=%00')).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } })
  expect(await post(path, `a=${'x'.repeat(70_000)}`)).toMatchObject({ status: 413 })
  expect(await post(path, Array(1_100).fill('a=1').join('&'))).toMatchObject({ status: 413 })
  expect(await post(path, 'a=1', { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 })
  expect(await post(path, 'a=1', { 'content-type': `${FORM}; charset=utf-7` })).toMatchObject({ status: 415 })
})

test('the document says that a receipt is a form, and where its signature stands', () => {
  const { paths } = openApiOf(receiptRoutes, '1.0.0') as { paths: Record<string, { post: object }> }
  expect(paths['/api/receipts/twilio/']?.post).toMatchObject({
    security: [],
    parameters: [{ name: 'X-Twilio-Signature', in: 'header' }],
    requestBody: { content: { 'application/x-www-form-urlencoded': { example: { MessageStatus: 'delivered' } } } },
  })
})

test('an installation without these vendors takes no receipt', async () => {
  const bare = await startTestApi()
  const form = { MessageSid: 'SM1', MessageStatus: 'delivered' }
  const body = new URLSearchParams(form).toString()
  const signature = signAsTwilio('http://kesi.test/api/receipts/twilio/', form, '')
  const headers = { 'content-type': FORM, 'x-twilio-signature': signature }
  expect(await bare.call('POST', '/api/receipts/twilio/', { body, headers })).toMatchObject({ status: 403 })
  const path = '/api/receipts/africas-talking/undefined/'
  expect(await bare.call('POST', path, { body, headers })).toMatchObject({ status: 403 })
  await bare.stop()
})
