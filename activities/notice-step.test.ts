import { Client } from 'pg'
import { reportIncident } from '../acts/report-incident'
import type { OutgoingPush } from '../adapters/ports'
import { insertReceipts } from '../db/notice-receipts.repository'
import { inTransaction } from '../db/unit-of-work'
import { CALM, TRY_MS } from '../domain/notice-plan'
import { NOTICE_SUBJECT, NOTICES, type ReceiptState } from '../domain/notices'
import { newId } from '../platform/ids'
import { addNotice, addRecipient, giveAddresses, type RecipientFacets } from '../test/builders/recipients'
import { actDeps, addPolicy, addProvider, addUser, by as acting } from '../test/builders/record'
import { breaksDown, by, RecordingChannels, refuses } from '../test/fakes/recording-channels'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { eventually } from '../test/harness/eventually'
import { stepNotice, type NextLook, type NoticeDeps } from './notice-step'

const SECOND = 1_000
let test_: TestDatabase
let acts: ReturnType<typeof actDeps>
let channels: RecordingChannels

beforeAll(async () => {
  test_ = await createTestDatabase({ pool: 25 })
  acts = actDeps(test_.db, { configuredChannels: new Set(['push', 'sms', 'email']) })
  await addPolicy(acts.db)
})
afterAll(() => test_.drop())
beforeEach(() => {
  channels = new RecordingChannels()
})

const deps = (): NoticeDeps => ({ ...acts, channels, publicUrl: 'http://kesi.test' })
/** A step so many milliseconds from now. */
const step = (noticeId: string, laterMs = 0): Promise<NextLook> =>
  stepNotice(deps(), { noticeId, at: Date.now() + laterMs })
const someone = (facets: RecipientFacets = {}): Promise<string> => addRecipient(acts, facets)
const told = (noticeId: string, state: ReceiptState, channel = 'push') =>
  inTransaction(acts.db, trx =>
    insertReceipts(trx, [
      { vendor: `fake-${channel}`, vendor_id: noticeId, state, ...(state === 'failed' && { code: 'GONE' }) },
    ]),
  )

const attempts = async (noticeId: string): Promise<string[]> => {
  const rows = await acts
    .db('notice_attempts')
    .where({ notice_id: noticeId })
    .orderByRaw(`array_position('{push,sms,email}'::text[], channel)`)
    .select<{ channel: string; state: string; failure: string | null }[]>('channel', 'state', 'failure')
  return rows.map(({ channel, state, failure }) => [channel, state, failure].filter(Boolean).join(' '))
}
const sendAfter = async (noticeId: string): Promise<Date | null> =>
  (await acts.db('notices').where({ id: noticeId }).first('send_after')).send_after
const withdraw = (noticeId: string) =>
  acts.db('notices').where({ id: noticeId }).update({ withdrawn_at: new Date(), send_after: null })

describe('what leaves', () => {
  test('is the words of the catalogue and an address, by every channel, once', async () => {
    const recipient = await someone({ email: 'dora@example.org', phone: '+254711111111' })
    const id = await addNotice(acts.db, recipient, { code: 'account.test' })
    expect(await step(id)).toEqual({ next_look_ms: null, why: 'handed_over' })
    expect(await step(id)).toEqual({ next_look_ms: null, why: 'settled' })
    const words = { noticeId: id, noticeCode: 'account.test', text: NOTICES['account.test'].text }
    expect(channels.left.map(({ message }) => message)).toEqual([
      {
        ...words,
        deviceType: 'android',
        token: `token-of-${recipient}`,
        title: NOTICE_SUBJECT,
        priority: 'high',
        ttlSeconds: 86_400,
        collapseKey: id,
      },
      { ...words, to: '+254711111111' },
      { ...words, to: 'dora@example.org', subject: NOTICE_SUBJECT },
    ])
    expect(await attempts(id)).toEqual(['push handed_over', 'sms handed_over', 'email handed_over'])
    expect(await sendAfter(id)).toBeNull()
  })

  test('about an offer lives as long as the offer, and takes the place of what was said of it before', async () => {
    const provider = await addProvider(acts.db)
    await giveAddresses(acts, provider)
    await reportIncident(
      acts,
      { case_type: 'gbv', urgency: 'urgent' },
      acting('survivor', await addUser(acts.db, 'survivor')),
    )
    const notice = await acts
      .db('notices')
      .where({ recipient_id: provider, code: 'offer.made' })
      .first('id', 'offer_id')
    await step(notice.id)
    const { ttlSeconds, ...push } = channels.left[0]?.message as OutgoingPush
    expect(push).toMatchObject({ collapseKey: `offer:${notice.offer_id}`, priority: 'high' })
    expect(Math.abs(ttlSeconds - 115)).toBeLessThanOrEqual(5)
    expect(await step(notice.id, 121 * SECOND)).toEqual({ next_look_ms: null, why: 'expired' })
    expect(channels.of(notice.id)).toEqual(['push'])
  })

  test('goes to each device; one that is dead is taken from its account, and any that takes it is enough', async () => {
    const devices = [
      { type: 'ios', token: 'dead' },
      { type: 'web', token: 'alive' },
    ] as const
    const recipient = await someone({ devices })
    const id = await addNotice(acts.db, recipient)
    channels.answer = ({ message }) =>
      'token' in message && message.token === 'dead'
        ? { state: 'failed', code: 'UNREGISTERED', permanent: true, tokenIsDead: true }
        : { state: 'handed_over', vendor: 'fake-push', vendor_id: null }
    await step(id)
    expect(channels.of(id)).toEqual(['push', 'push'])
    expect(await attempts(id)).toEqual(['push handed_over'])
    expect(await acts.db('devices').where({ user_id: recipient }).pluck('device_type')).toEqual(['web'])
    const handOvers = acts.db('notice_hand_overs as h').join('notice_attempts as a', 'a.id', 'h.attempt_id')
    expect(await handOvers.where({ notice_id: id }).pluck('h.vendor')).toEqual(['fake-push'])
  })

  test('does not leave for a withdrawn or read notice, a disabled account, or one that is not there', async () => {
    const withdrawn = await addNotice(acts.db, await someone())
    await withdraw(withdrawn)
    const read = await addNotice(acts.db, await someone())
    await acts.db('notices').where({ id: read }).update({ read_at: new Date() })
    const recipient = await someone()
    const disabled = await addNotice(acts.db, recipient)
    await acts.db('users').where({ id: recipient }).update({ status: 'disabled' })
    const whys = ['settled', 'settled', 'not_active', 'no_such_notice']
    for (const [index, id] of [withdrawn, read, disabled, newId()].entries())
      expect(await step(id)).toEqual({ next_look_ms: null, why: whys[index] })
    expect(channels.left).toEqual([])
  })
})

describe('a survivor (S2)', () => {
  const news = { code: 'incident.updated' as const }

  test('gets nothing before they said how, and what they asked for', async () => {
    const recipient = await someone({ role: 'survivor' })
    expect(await step(await addNotice(acts.db, recipient, news))).toEqual({ next_look_ms: null, why: 'no_consent' })
    expect(channels.left).toEqual([])
    const reset = await addNotice(acts.db, recipient, { code: 'account.password_reset' })
    await step(reset)
    expect(channels.left.map(({ message }) => message.text.split('\n').at(-1))).toEqual([
      expect.stringMatching(/^http:\/\/kesi\.test\/reset\/\?token=[\w-]{43}$/),
    ])
  })

  test('is reached about a case as they said of that case, also when it is known by its conversation', async () => {
    const recipient = await someone({ role: 'survivor', prefers: {} })
    const report = async (contact_safety: Record<string, unknown>): Promise<string> =>
      (
        await reportIncident(
          acts,
          { case_type: 'gbv', urgency: 'routine', contact_safety },
          acting('survivor', recipient),
        )
      ).incidentId
    const [bySms, notAtAll] = [await report({ channel: 'sms' }), await report({ channel: 'none' })]
    const first = await addNotice(acts.db, recipient, { ...news, incident_id: bySms })
    const second = await addNotice(acts.db, recipient, { ...news, incident_id: notAtAll })
    expect([(await step(first)).why, (await step(second)).why]).toEqual(['handed_over', 'no_channel_left'])
    expect([channels.of(first), channels.of(second)]).toEqual([['sms'], []])

    const conversation = await acts.db('conversations').where({ incident_id: notAtAll }).first('id')
    const message = await addNotice(acts.db, recipient, { code: 'message.received' })
    const conversation_id = conversation?.id ?? newId()
    if (!conversation) await acts.db('conversations').insert({ id: conversation_id, incident_id: notAtAll })
    await acts.db('notices').where({ id: message }).update({ conversation_id })
    expect((await step(message)).why).toBe('no_channel_left')

    // Erased: what they said cannot be opened any more.
    await acts.db('incident_keys').where({ incident_id: bySms }).delete()
    const third = await addNotice(acts.db, recipient, { ...news, incident_id: bySms })
    expect((await step(third)).why).toBe('no_channel_left')
  })

  test('is left alone outside their hours, by the clock of the moment of sending', async () => {
    const now = new Date()
    const inZone = (ms: number): string => new Date(ms).toISOString().slice(11, 16)
    const quiet = { from: inZone(now.getTime() - 60 * SECOND), to: inZone(now.getTime() + 3_600 * SECOND) }
    const id = await addNotice(acts.db, await someone({ role: 'survivor', prefers: { quiet, time_zone: 'UTC' } }), news)
    const { next_look_ms, why } = await step(id)
    expect(why).toBe('hours_awaited')
    expect(next_look_ms).toBeGreaterThan(3_500 * SECOND)
    expect((await sendAfter(id))?.getTime()).toBeGreaterThan(now.getTime() + 3_500 * SECOND)
    expect(channels.left).toEqual([])
    expect((await step(id, 3_600 * SECOND)).why).toBe('receipt_awaited')
    expect(channels.of(id)).toEqual(['push'])
  })
})

describe('the ladder', () => {
  test('moves on because a receipt is missing, and a late one still tells the truth', async () => {
    const id = await addNotice(acts.db, await someone())
    const { next_look_ms, why } = await step(id)
    expect(why).toBe('receipt_awaited')
    expect(next_look_ms).toBeGreaterThan(29 * SECOND)
    expect(next_look_ms).toBeLessThanOrEqual(30 * SECOND)
    expect((await step(id, 29 * SECOND)).next_look_ms).toBeLessThanOrEqual(SECOND)
    expect(channels.of(id)).toEqual(['push'])
    expect((await step(id, 30 * SECOND)).why).toBe('receipt_awaited')
    expect(channels.of(id)).toEqual(['push', 'sms'])
    expect(await attempts(id)).toEqual(['push unknown', 'sms handed_over'])
    await told(id, 'delivered')
    expect(await attempts(id)).toEqual(['push delivered', 'sms handed_over'])
    expect(await sendAfter(id)).toBeNull()
    expect(await step(id, 300 * SECOND)).toEqual({ next_look_ms: null, why: 'settled' })
    expect(channels.of(id)).toEqual(['push', 'sms'])
  })

  test('moves on at once when a vendor refuses, and past a channel without address', async () => {
    channels.answer = by({ push: refuses })
    const id = await addNotice(acts.db, await someone({ phone: null }))
    expect(await step(id)).toEqual({ next_look_ms: null, why: 'handed_over' })
    expect(await attempts(id)).toEqual(['push failed REFUSED', 'sms failed NO_ADDRESS', 'email handed_over'])
  })

  test('tries a vendor that is out of order again and again, then the next; the last for a quarter of an hour', async () => {
    channels.answer = breaksDown
    const id = await addNotice(acts.db, await someone({ email: null }))
    const start = Date.now()
    let at = start
    for (let look = await step(id); look.next_look_ms !== null; look = await stepNotice(deps(), { noticeId: id, at }))
      at = Math.max(at, Date.now()) + look.next_look_ms
    expect(channels.of(id).filter(channel => channel === 'push')).toHaveLength(4)
    expect(channels.of(id).filter(channel => channel === 'sms').length).toBeGreaterThan(25)
    expect((at - start) / SECOND).toBeGreaterThan(900)
    expect((at - start) / SECOND).toBeLessThan(1_000)
    expect(await attempts(id)).toEqual(['push failed HTTP_500', 'sms failed HTTP_500', 'email failed NO_ADDRESS'])
    expect(await sendAfter(id)).toBeNull()
  })

  test('goes on when the vendor is back', async () => {
    channels.answer = breaksDown
    const id = await addNotice(acts.db, await someone())
    expect((await step(id)).why).toBe('try_under_way')
    expect((await step(id)).next_look_ms).toBeLessThanOrEqual(2 * SECOND)
    expect(channels.of(id)).toEqual(['push'])
    channels.answer = by({})
    expect((await step(id, 3 * SECOND)).why).toBe('receipt_awaited')
    expect(await attempts(id)).toEqual(['push handed_over'])
  })

  test('is due at once when a receipt is bad', async () => {
    const id = await addNotice(acts.db, await someone())
    await step(id)
    await told(id, 'failed')
    expect((await sendAfter(id))?.getTime()).toBeLessThanOrEqual(Date.now())
    expect(await attempts(id)).toEqual(['push failed GONE'])
    await step(id)
    expect(channels.of(id)).toEqual(['push', 'sms'])
  })

  test('hears what came before the hand-over was noted', async () => {
    channels.answer = by({
      push: async ({ message: { noticeId } }) => {
        await told(noticeId, 'failed')
        return { state: 'handed_over', vendor: 'fake-push', vendor_id: noticeId }
      },
      sms: async ({ message: { noticeId } }) => {
        await told(noticeId, 'delivered', 'sms')
        return { state: 'handed_over', vendor: 'fake-sms', vendor_id: noticeId }
      },
    })
    const id = await addNotice(acts.db, await someone())
    expect(await step(id)).toEqual({ next_look_ms: null, why: 'arrived' })
    expect(await attempts(id)).toEqual(['push failed GONE', 'sms delivered'])
  })

  test('does not rest over news that came while it looked', async () => {
    const id = await addNotice(acts.db, await someone())
    await step(id)
    // The receipt comes after the step has read the record, and before it rests.
    const query = Reflect.get(Client.prototype, 'query') as (...args: unknown[]) => Promise<unknown>
    let isRead = false
    const thenReceipt = async (answer: Promise<unknown>): Promise<unknown> => {
      isRead = true
      const rows = await answer
      await told(id, 'failed')
      return rows
    }
    const spy = jest.spyOn(Client.prototype, 'query').mockImplementation(function (this: Client, ...args: unknown[]) {
      const answer = query.apply(this, args)
      const isReading = (args[0] as { name?: string }).name === 'find-notice-to-send'
      return (isReading && !isRead ? thenReceipt(answer) : answer) as unknown as void
    })
    await step(id)
    spy.mockRestore()
    expect(channels.of(id)).toEqual(['push', 'sms'])
  })
})

describe('what is settled (I4)', () => {
  test('does not leave though it was queued', async () => {
    channels.answer = breaksDown
    const id = await addNotice(acts.db, await someone())
    await step(id)
    await withdraw(id)
    expect(await step(id, 60 * SECOND)).toEqual({ next_look_ms: null, why: 'settled' })
    expect(channels.of(id)).toEqual(['push'])
    expect(await attempts(id)).toEqual(['push withdrawn HTTP_500'])
  })

  test('a withdrawal that is under way is waited for before anything leaves', async () => {
    const id = await addNotice(acts.db, await someone())
    let sending: Promise<NextLook> | undefined
    await acts.db.transaction(async trx => {
      await trx('notices').where({ id }).update({ withdrawn_at: new Date(), send_after: null })
      sending = step(id)
      await eventually(async () => {
        const { rows } = await acts.db.raw<{ rows: unknown[] }>(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        )
        return rows.length > 0
      })
    })
    expect(await sending).toEqual({ next_look_ms: null, why: 'settled' })
    expect(channels.left).toEqual([])
  })

  test('what left in the moment of its withdrawal is noted as it was', async () => {
    const id = await addNotice(acts.db, await someone())
    channels.answer = async ({ message: { noticeId } }) => {
      await withdraw(noticeId)
      await step(noticeId)
      return { state: 'handed_over', vendor: 'fake-push', vendor_id: noticeId }
    }
    expect((await step(id)).next_look_ms).toBeNull()
    expect(await attempts(id)).toEqual(['push handed_over'])
  })
})

describe('several at once', () => {
  test('send once', async () => {
    const id = await addNotice(acts.db, await someone(), { code: 'account.test' })
    await Promise.all(Array.from({ length: 10 }, () => step(id)))
    expect(channels.of(id).sort()).toEqual(['email', 'push', 'sms'])
  })

  test('a try whose process died is nobody else’s for 40 s, then it is made again', async () => {
    const id = await addNotice(acts.db, await someone({ devices: [], email: null }))
    const dying: NoticeDeps = {
      ...deps(),
      channels: { ...channels, sms: { send: () => new Promise(() => undefined) } },
    }
    void stepNotice(dying, { noticeId: id, at: Date.now() })
    await eventually(async () => (await attempts(id)).includes('sms queued'))
    const look = await step(id)
    expect(look).toMatchObject({ why: 'try_under_way' })
    expect(look.next_look_ms).toBeGreaterThan(TRY_MS - 10 * SECOND)
    expect(channels.left).toEqual([])
    expect((await step(id, TRY_MS)).why).toBe('handed_over')
    expect(channels.of(id)).toEqual(['sms'])
  })

  test('do not flood anybody: what may wait leaves six times in ten minutes, what is urgent always', async () => {
    const recipient = await someone()
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => addNotice(acts.db, recipient, { code: 'dispatch.review' })),
    )
    const looks = await Promise.all(ids.map(id => step(id)))
    expect(channels.left).toHaveLength(CALM.sends)
    const waiting = looks.filter(({ why }) => why === 'calm_awaited')
    expect(waiting).toHaveLength(20 - CALM.sends)
    for (const { next_look_ms } of waiting) expect(next_look_ms).toBeGreaterThan(9 * 60 * SECOND)
    const urgent = await addNotice(acts.db, recipient)
    await step(urgent)
    expect(channels.of(urgent)).toEqual(['push'])
  })

  test('low ones that wait for the morning leave as one', async () => {
    const recipient = await someone({ prefers: { digest: true, time_zone: 'UTC' } })
    const low = { code: 'account.verified' as const }
    const ids = [await addNotice(acts.db, recipient, low), await addNotice(acts.db, recipient, low)]
    const other = await addNotice(acts.db, recipient, { code: 'incident.updated' })
    const looks = await Promise.all(ids.map(id => step(id)))
    expect(looks.map(({ why }) => why)).toEqual(['digest_awaited', 'digest_awaited'])
    const untilMorning = Math.max(...looks.map(({ next_look_ms }) => next_look_ms ?? NaN))
    await Promise.all([...ids, other].map(id => step(id, untilMorning + SECOND)))
    expect(ids.flatMap(id => channels.of(id))).toEqual(['push'])
    expect(channels.of(other)).toEqual(['push'])
    expect(await Promise.all(ids.map(sendAfter))).toContain(null)
  })
})

test('a step is a handful of statements', async () => {
  const statementsOf = async (id: string): Promise<number> => {
    const query = jest.spyOn(Client.prototype, 'query')
    await step(id)
    const sent = query.mock.calls.map(([first]) => (first as { text?: string }).text ?? String(first))
    query.mockRestore()
    return sent.filter(text => !/^(BEGIN|COMMIT)/i.test(text)).length
  }
  const recipient = await someone()
  expect(await statementsOf(await addNotice(acts.db, recipient))).toBeLessThanOrEqual(5)
  expect(await statementsOf(await addNotice(acts.db, recipient, { code: 'incident.updated' }))).toBeLessThanOrEqual(6)
  const over = await addNotice(acts.db, recipient)
  await withdraw(over)
  expect(await statementsOf(over)).toBe(1)
})
