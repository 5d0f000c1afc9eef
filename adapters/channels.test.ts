import { createLogger } from '../platform/logger'
import { createChannels } from './channels'

const email = { noticeId: 'n-1', noticeCode: 'OFFER_MADE', to: 'amina@example.org', subject: 'CANARY', text: 'CANARY' }

test('without a vendor every channel logs the code of the notice, nothing of its content, and fails for good', async () => {
  const lines: string[] = []
  const logger = createLogger({ level: 'info', name: 'test', stream: { write: line => lines.push(line) } })
  const channels = createChannels({ smtpUrl: undefined, mailFrom: 'notices@localhost' }, logger)
  const results = [
    await channels.email.send(email),
    await channels.push.send({
      noticeId: 'n-2',
      noticeCode: 'OFFER_MADE',
      deviceToken: 'CANARY',
      title: 'CANARY',
      text: '',
    }),
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
  channels.close()
})

test('with a mail server e-mail is configured', () => {
  const logger = createLogger({ level: 'silent', name: 'test' })
  const channels = createChannels({ smtpUrl: 'smtp://127.0.0.1:1', mailFrom: 'notices@localhost' }, logger)
  expect([...channels.configured]).toEqual(['email'])
  channels.close()
})
