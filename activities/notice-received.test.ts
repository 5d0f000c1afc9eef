import { acknowledgeNotice } from '../acts/notices/read-notice'
import type { NoticeCode } from '../domain/notices'
import { addNotice, addRecipient } from '../test/builders/recipients'
import { actDeps, by as acting } from '../test/builders/record'
import { breaksDown, by, RecordingChannels } from '../test/fakes/recording-channels'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { stepNotice } from './notice-step'

const AGAIN_LATER_MS = 40_000

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** A notice whose push its app has received, while the vendor of SMS did not take it at first; by which channels it left. */
async function received(code: NoticeCode): Promise<{ left: string[]; why: string; states: string[] }> {
  const acts = actDeps(database.db)
  const channels = new RecordingChannels()
  const deps = { ...acts, channels, publicUrl: 'http://kesi.test' }
  const recipient = await addRecipient(acts)
  const noticeId = await addNotice(acts.db, recipient, { code, channels: ['push', 'sms', 'email'] })
  channels.answer = by({ sms: breaksDown })
  await stepNotice(deps, { noticeId, at: Date.now() })
  await acknowledgeNotice(acts, noticeId, acting('dispatcher', recipient), 'delivered')
  channels.answer = by({})
  const { why } = await stepNotice(deps, { noticeId, at: Date.now() + AGAIN_LATER_MS })
  const attempts = await acts.db('notice_attempts').where({ notice_id: noticeId }).orderBy('channel')
  return { why, left: channels.of(noticeId), states: attempts.map(({ channel, state }) => `${channel} ${state}`) }
}

test('a ladder ends with the push that its app received', async () => {
  expect(await received('assignment.made')).toEqual({ left: ['push'], why: 'settled', states: ['push delivered'] })
})

test.each(['dispatch.drill', 'account.test', 'dispatch.escalated'] as const)(
  '%s goes on by its other channels: each of them is meant',
  async code => {
    expect(await received(code)).toEqual({
      left: ['push', 'sms', 'email', 'sms'],
      why: 'handed_over',
      states: ['email handed_over', 'push delivered', 'sms handed_over'],
    })
  },
)
