import { createECDH } from 'node:crypto'
import { startFakeAfricasTalking } from '../test/fakes/africas-talking'
import { startFakeExpo } from '../test/fakes/expo'
import { startFakeTwilio } from '../test/fakes/twilio'
import { startFakeWebPush } from '../test/fakes/web-push'
import { formOf } from '../test/fakes/vendor'
import { createLogger } from '../platform/logger'
import { createChannels } from './channels'

const email = { noticeId: 'n-1', noticeCode: 'OFFER_MADE', to: 'amina@example.org', subject: 'CANARY', text: 'CANARY' }
const push = {
  noticeId: 'n-2',
  noticeCode: 'OFFER_MADE',
  deviceType: 'android',
  token: 'CANARY',
  title: 'CANARY',
  text: '',
  priority: 'high',
  ttlSeconds: 60,
  collapseKey: 'n-2',
} as const

test('without a vendor every channel logs the code of the notice, nothing of its content, and fails for good', async () => {
  const lines: string[] = []
  const logger = createLogger({ level: 'info', name: 'test', stream: { write: line => lines.push(line) } })
  const channels = createChannels({ smtpUrl: undefined, mailFrom: 'notices@localhost' }, logger)
  const results = [
    await channels.email.send(email),
    await channels.push.send(push),
    await channels.sms.send({ noticeId: 'n-3', noticeCode: 'OFFER_MADE', to: '+254712345678', text: 'CANARY' }),
  ]
  expect(results).toEqual(Array(3).fill({ state: 'failed', code: 'CHANNEL_NOT_CONFIGURED', permanent: true }))
  expect(channels.configured.size).toBe(0)
  expect(lines.map(line => JSON.parse(line) as unknown)).toMatchObject([
    { channel: 'email', notice_id: 'n-1', notice_code: 'OFFER_MADE' },
    { channel: 'push', notice_id: 'n-2', notice_code: 'OFFER_MADE' },
    { channel: 'sms', notice_id: 'n-3', notice_code: 'OFFER_MADE' },
  ])
  expect(lines.join('')).not.toMatch(/CANARY|amina|254712/)
  await channels.close()
})

test('with vendors each channel says who is behind it, in the order in which they are tried', async () => {
  const keys = createECDH('prime256v1')
  const channels = createChannels(
    {
      mailFrom: 'notices@localhost',
      smtpUrl: 'smtp://127.0.0.1:1',
      expoPush: 'on',
      expoUrl: 'http://127.0.0.1:1',
      vapidPublicKey: keys.generateKeys('base64url'),
      vapidPrivateKey: keys.getPrivateKey('base64url'),
      vapidSubject: 'mailto:ops@example.org',
      fcmCredentials: { projectId: 'kesi', clientEmail: 'push@example.org', privateKey: 'not looked at before a push' },
      smsVendors: ['twilio', 'africas-talking'],
      twilioAccountSid: 'AC1',
      twilioAuthToken: 'a-token',
      twilioFrom: '+15005550006',
      twilioUrl: 'http://127.0.0.1:1',
      africasTalkingUsername: 'kesi',
      africasTalkingApiKey: 'a-key',
      africasTalkingUrl: 'http://127.0.0.1:1',
    },
    createLogger({ level: 'silent', name: 'test' }),
  )
  expect([...channels.configured].sort()).toEqual(['email', 'push', 'sms'])
  expect(channels.vendors).toEqual({
    push: ['fcm', 'expo', 'web-push'],
    sms: ['twilio', 'africas-talking'],
    email: ['smtp'],
  })
  expect(channels.expo).toBeDefined()
  const browser = await startFakeWebPush()
  const pushed = { ...push, deviceType: 'web', token: browser.subscription } as const
  // Unless it was said that they may be reached.
  expect(await channels.push.send(pushed)).toMatchObject({ code: 'ADDRESS_REFUSED' })
  await Promise.all([channels.close(), browser.stop()])
})

test('by their configuration alone both vendors of SMS and Expo are reached, and reports come to the public address', async () => {
  const [expo, twilio, africasTalking] = await Promise.all([
    startFakeExpo(),
    startFakeTwilio(),
    startFakeAfricasTalking(),
  ])
  twilio.mood = 'breaks'
  const channels = createChannels(
    {
      mailFrom: 'notices@localhost',
      publicUrl: 'https://cases.example.org',
      expoPush: 'on',
      expoUrl: expo.url,
      smsVendors: ['twilio', 'africas-talking'],
      twilioAccountSid: 'AC1',
      twilioAuthToken: 'a-token',
      twilioFrom: '+15005550006',
      twilioUrl: twilio.url,
      africasTalkingUsername: 'kesi',
      africasTalkingApiKey: 'a-key',
      africasTalkingUrl: africasTalking.url,
    },
    createLogger({ level: 'silent', name: 'test' }),
  )
  const notice = { noticeId: 'n-1', noticeCode: 'offer.made', text: 'You have a new request.' }
  expect(await channels.push.send({ ...push, token: 'ExponentPushToken[a]' })).toMatchObject({ vendor: 'expo' })
  expect(await channels.sms.send({ ...notice, to: '+254712345678' })).toMatchObject({ vendor: 'africas-talking' })
  expect(formOf(twilio.got[0])).toMatchObject({ StatusCallback: 'https://cases.example.org/api/receipts/twilio/' })
  await Promise.all([channels.close(), expo.stop(), twilio.stop(), africasTalking.stop()])
})
