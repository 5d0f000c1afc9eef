import { randomBytes } from 'node:crypto'
import type { OutgoingEmail, SendResult } from '../adapters/ports'
import { sealColumns, Vault } from '../db/vault'
import { NOTICE_SUBJECT, NOTICES, type NoticeCode } from '../domain/notices'
import type { Role } from '../domain/actors'
import type { Channel } from '../domain/policy'
import { newId } from '../platform/ids'
import { parseKeyRing } from '../platform/keyring'
import { createLogger } from '../platform/logger'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { eventually } from '../test/harness/eventually'
import { createNoticeActivities, type NoticeActivities } from './notice.activities'

const vault = new Vault(parseKeyRing(`t:${randomBytes(32).toString('base64')}`))
const logger = createLogger({ level: 'silent', name: 'test' })
let base: TestDatabase
let activities: NoticeActivities
let sent: OutgoingEmail[]
let answer: (email: OutgoingEmail) => Promise<SendResult>

beforeAll(async () => {
  base = await createTestDatabase()
})
afterAll(() => base.drop())

beforeEach(() => {
  sent = []
  answer = async ({ noticeId }) => ({ state: 'handed_over', vendor_id: `<${noticeId}>` })
  const nothing = { send: async (): Promise<SendResult> => ({ state: 'failed', code: 'UNUSED', permanent: true }) }
  const email = {
    send: (message: OutgoingEmail) => {
      sent.push(message)
      return answer(message)
    },
  }
  activities = createNoticeActivities({
    db: base.db,
    vault,
    logger,
    publicUrl: 'http://kesi.test',
    channels: { email, push: nothing, sms: nothing, configured: new Set<Channel>(['email']) },
  })
})

interface NoticeFacets {
  readonly role?: Role
  readonly code?: NoticeCode
  readonly email?: string | null
}

async function addNotice({
  role = 'dispatcher',
  code = 'dispatch.escalated',
  email = 'dora@example.org',
}: NoticeFacets = {}) {
  const [userId, noticeId] = [newId(), newId()]
  const { key, wrapped } = vault.newKey(userId)
  const sealed = sealColumns(key, 'users', userId, { email })
  await base.db('users').insert({ id: userId, role, ...sealed, email_index: userId, password_hash: 'none' })
  await base.db('account_keys').insert({ user_id: userId, wrapped })
  const channels = ['push', 'sms', 'email']
  await base.db('notices').insert({ id: noticeId, recipient_id: userId, code, channels, created_at: new Date() })
  return noticeId
}

const attempts = (noticeId: string) =>
  base.db('notice_attempts').where({ notice_id: noticeId }).select('channel', 'state', 'vendor_id', 'failure')
const withdraw = (noticeId: string) => base.db('notices').where({ id: noticeId }).update({ withdrawn_at: new Date() })

test('the plan holds the channels that have a vendor here', async () => {
  const noticeId = await addNotice()
  expect([await activities.planNotice({ noticeId }), await activities.planNotice({ noticeId })]).toEqual([
    ['email'],
    ['email'],
  ])
})

test('survivors get nothing outside the inbox, nor does a disabled account, nor anybody a withdrawn notice (S2, I4)', async () => {
  const survivor = await addNotice({ role: 'survivor', code: 'incident.updated' })
  const disabled = await addNotice()
  await base
    .db('users')
    .whereIn('id', base.db('notices').where({ id: disabled }).select('recipient_id'))
    .update({ status: 'disabled' })
  const withdrawn = await addNotice()
  await withdraw(withdrawn)
  for (const noticeId of [survivor, disabled, withdrawn, newId()])
    expect(await activities.planNotice({ noticeId })).toEqual([])
  for (const noticeId of [survivor, disabled, withdrawn]) await activities.sendNotice({ noticeId, channel: 'email' })
  expect(sent).toEqual([])
})

test("sent twice, it leaves once, with the catalogue's words and nothing else", async () => {
  const noticeId = await addNotice()
  const send = () => activities.sendNotice({ noticeId, channel: 'email' })
  expect([await send(), await send()]).toEqual(['handed_over', 'handed_over'])
  expect(sent).toEqual([
    {
      noticeId,
      noticeCode: 'dispatch.escalated',
      to: 'dora@example.org',
      subject: NOTICE_SUBJECT,
      text: NOTICES['dispatch.escalated'].text,
    },
  ])
  expect(await attempts(noticeId)).toEqual([
    { channel: 'email', state: 'handed_over', vendor_id: `<${noticeId}>`, failure: null },
  ])
})

test('withdrawn while it was queued, it does not leave (I4)', async () => {
  const noticeId = await addNotice()
  answer = async () => ({ state: 'failed', code: 'SMTP_450', permanent: false })
  await expect(activities.sendNotice({ noticeId, channel: 'email' })).rejects.toMatchObject({
    type: 'SMTP_450',
    nonRetryable: false,
  })
  expect(await attempts(noticeId)).toMatchObject([{ state: 'queued', failure: 'SMTP_450' }])
  await withdraw(noticeId)
  expect(await activities.sendNotice({ noticeId, channel: 'email' })).toBe('withdrawn')
  expect(sent).toHaveLength(1)
  expect(await attempts(noticeId)).toMatchObject([{ state: 'withdrawn' }])
})

test('a withdrawal that is under way is waited for before anything leaves (I4)', async () => {
  const noticeId = await addNotice()
  let sending: Promise<unknown> | undefined
  await base.db.transaction(async trx => {
    await trx('notices').where({ id: noticeId }).update({ withdrawn_at: new Date() })
    sending = activities.sendNotice({ noticeId, channel: 'email' })
    await eventually(async () => {
      const { rows } = await base.db.raw<{ rows: unknown[] }>(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows.length > 0
    })
  })
  expect(await sending).toBe('withdrawn')
  expect(sent).toEqual([])
})

test('a refusal for good ends the attempt, and so does giving up, once each', async () => {
  const refused = await addNotice()
  answer = async () => ({ state: 'failed', code: 'SMTP_550', permanent: true })
  expect(await activities.sendNotice({ noticeId: refused, channel: 'email' })).toBe('failed')
  expect(await activities.sendNotice({ noticeId: refused, channel: 'email' })).toBe('failed')
  expect(sent).toHaveLength(1)
  expect(await attempts(refused)).toMatchObject([{ state: 'failed', failure: 'SMTP_550' }])

  const givenUp = await addNotice()
  answer = async () => ({ state: 'failed', code: 'SMTP_ECONNECTION', permanent: false })
  await expect(activities.sendNotice({ noticeId: givenUp, channel: 'email' })).rejects.toThrow()
  await activities.giveUpNotice({ noticeId: givenUp, channel: 'email' })
  await activities.giveUpNotice({ noticeId: givenUp, channel: 'email' })
  expect(await attempts(givenUp)).toMatchObject([{ state: 'failed', failure: 'SMTP_ECONNECTION' }])
})

test('nobody to send to is a failure with its code', async () => {
  const noticeId = await addNotice({ email: null })
  expect(await activities.sendNotice({ noticeId, channel: 'email' })).toBe('failed')
  expect(await attempts(noticeId)).toMatchObject([{ state: 'failed', failure: 'NO_ADDRESS' }])
})
