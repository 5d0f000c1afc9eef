import { acknowledgeNotice } from '../acts/notices/read-notice'
import { readInboxUpTo } from '../acts/notices/read-inbox'
import { recordReceipts } from '../acts/notices/record-receipts'
import type { NoticeCode } from '../domain/notices'
import { addNotice, addRecipient } from '../test/builders/recipients'
import { actDeps, by as acting } from '../test/builders/record'
import { breaksDown, by, RecordingChannels, takes } from '../test/fakes/recording-channels'
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

describe('a try that waits to be repeated is stopped by whatever settles its notice, with nobody left to look', () => {
  /** A notice whose vendors do not take it at first. */
  async function waiting(answers: Parameters<typeof by>[0], code: NoticeCode = 'account.test') {
    const acts = actDeps(database.db)
    const channels = new RecordingChannels()
    const recipient = await addRecipient(acts)
    const noticeId = await addNotice(acts.db, recipient, { code, channels: ['push', 'sms', 'email'] })
    channels.answer = by(answers)
    const step = () => stepNotice({ ...acts, channels, publicUrl: 'http://kesi.test' }, { noticeId, at: Date.now() })
    const states = async (): Promise<string[]> => {
      const attempts = await acts.db('notice_attempts').where({ notice_id: noticeId }).orderBy('channel')
      return attempts.map(({ channel, state }) => `${channel} ${state}`)
    }
    return { acts, recipient, noticeId, step, states }
  }

  it('by reading it', async () => {
    const { acts, recipient, noticeId, step, states } = await waiting({ email: breaksDown })
    await step()
    expect(await states()).toContain('email queued')
    await acknowledgeNotice(acts, noticeId, acting('dispatcher', recipient), 'read')
    expect(await states()).toEqual(['email withdrawn', 'push read', 'sms read'])
  })

  it('by reading everything', async () => {
    const { acts, recipient, step, states } = await waiting({ sms: breaksDown })
    await step()
    await readInboxUpTo(acts, recipient, undefined)
    expect(await states()).toEqual(['email read', 'push read', 'sms withdrawn'])
  })

  it('by the receipt of an earlier rung', async () => {
    const { acts, noticeId, step, states } = await waiting({ sms: breaksDown }, 'assignment.made')
    await step()
    await acts
      .db('notice_attempts')
      .where({ notice_id: noticeId })
      .update({ handed_over_at: new Date(0) })
    await step()
    expect(await states()).toEqual(['push unknown', 'sms queued'])
    await recordReceipts(acts, [{ vendor: 'fake-push', vendor_id: noticeId, state: 'delivered' }])
    expect(await states()).toEqual(['push delivered', 'sms withdrawn'])
  })

  it('and one that is under way says what became of it', async () => {
    const told: { read?: () => Promise<unknown> } = {}
    const { acts, recipient, noticeId, step, states } = await waiting({
      email: async left => {
        await told.read?.()
        return takes(left)
      },
    })
    told.read = () => acknowledgeNotice(acts, noticeId, acting('dispatcher', recipient), 'read')
    await step()
    expect(await states()).toContain('email handed_over')
  })
})
