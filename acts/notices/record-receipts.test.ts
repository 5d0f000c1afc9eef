import { noteHandedOver } from '../../db/notices.repository'
import { startListening } from '../../db/listen'
import { inTransaction } from '../../db/unit-of-work'
import { STATES_BY_RANK } from '../../domain/notice-plan'
import { RECEIPT_STATES, type NoticeCode, type Receipt, type ReceiptState } from '../../domain/notices'
import { newId } from '../../platform/ids'
import { actDeps, addUser } from '../../test/builders/record'
import { addNotice } from '../../test/builders/recipients'
import { createTestDatabase, type TestDatabase } from '../../test/harness/database'
import { eventually } from '../../test/harness/eventually'
import { seeded, shuffled } from '../../test/harness/random'
import { recordReceipts } from './record-receipts'

let test_: TestDatabase
let deps: ReturnType<typeof actDeps>
let recipient: string
beforeAll(async () => {
  test_ = await createTestDatabase({ pool: 20 })
  deps = actDeps(test_.db)
  recipient = await addUser(deps.db, 'dispatcher')
})
afterAll(() => test_.drop())

interface Sent {
  readonly noticeId: string
  readonly attemptId: string
  readonly handOvers: { vendor: string; vendorId: string }[]
}

/** A notice of which a try is under way; `handOver` notes that the vendor took it. */
async function trying({ code = 'assignment.made', devices = 1 }: { code?: NoticeCode; devices?: number } = {}) {
  const noticeId = await addNotice(deps.db, recipient, { code, at: new Date(Date.now() + 60_000) })
  const attemptId = newId()
  await deps
    .db('notice_attempts')
    .insert({ id: attemptId, notice_id: noticeId, channel: 'push', state: 'queued', tries: 1 })
  const handOvers = Array.from({ length: devices }, () => ({ vendor: 'fcm', vendorId: newId() }))
  return { noticeId, attemptId, handOvers } satisfies Sent
}
const handOver = ({ attemptId, handOvers }: Sent) =>
  inTransaction(deps.db, trx => noteHandedOver(trx, { attemptId, handOvers, at: Date.now() }))
const receiptOf = ({ handOvers }: Sent, state: ReceiptState, device = 0): Receipt => ({
  vendor: 'fcm',
  vendor_id: handOvers[device]?.vendorId ?? '',
  state,
  ...(state === 'failed' && { code: 'GONE' }),
})
const attempt = ({ attemptId }: Sent) =>
  deps.db('notice_attempts').where({ id: attemptId }).first('state', 'failure', 'vendor_id')
const isDue = async ({ noticeId }: Sent): Promise<boolean | null> => {
  const { send_after } = await deps.db('notices').where({ id: noticeId }).first('send_after')
  return send_after && send_after.getTime() <= Date.now()
}

test('doubled, late, out of order, before the hand-over: there is one truth', async () => {
  const random = seeded(5)
  for (let round = 0; round < 60; round++) {
    const sent = await trying()
    const states = RECEIPT_STATES.filter(() => random() < 0.6)
    const doubled = [...states, ...states.filter(() => random() < 0.5)]
    const happenings = shuffled([...doubled, 'handed_over' as const], random)
    for (const happening of happenings)
      await (happening === 'handed_over' ? handOver(sent) : recordReceipts(deps, [receiptOf(sent, happening)]))
    const truth = [...STATES_BY_RANK]
      .reverse()
      .find(state => state === 'handed_over' || states.includes(state as ReceiptState))
    expect({ happenings, state: (await attempt(sent)).state }).toEqual({ happenings, state: truth })
    const rows = await deps.db('notice_receipts').where({ vendor_id: sent.handOvers[0]?.vendorId }).pluck('state')
    expect(rows.sort()).toEqual([...states].sort())
  }
})

test('a receipt and its hand-over in the same moment find each other', async () => {
  const rounds = await Promise.all(Array.from({ length: 100 }, () => trying()))
  await Promise.all(rounds.flatMap(sent => [handOver(sent), recordReceipts(deps, [receiptOf(sent, 'delivered')])]))
  const states = await Promise.all(rounds.map(async sent => (await attempt(sent)).state))
  expect(states).toEqual(rounds.map(() => 'delivered'))
})

test('what arrived settles a ladder, what failed makes it due and wakes whoever waits for news', async () => {
  const heard: string[] = []
  const ear = startListening({ url: test_.url, name: 'test', logger: deps.logger }, payload => heard.push(payload))
  await eventually(async () => heard.length > 0)
  const [arrived, failed] = [await trying(), await trying()]
  await handOver(arrived)
  await handOver(failed)
  expect([await isDue(arrived), await isDue(failed)]).toEqual([false, false])
  const before = heard.length
  await recordReceipts(deps, [receiptOf(arrived, 'delivered'), receiptOf(failed, 'failed')])
  expect([await isDue(arrived), await isDue(failed)]).toEqual([null, true])
  expect(await attempt(failed)).toMatchObject({ state: 'failed', failure: 'GONE' })
  await eventually(async () => heard.length > before)
  await recordReceipts(deps, [receiptOf(failed, 'delivered')])
  expect(await attempt(failed)).toMatchObject({ state: 'delivered', failure: null })
  expect(await isDue(failed)).toBeNull()
  await ear.stop()
})

test('one device is enough', async () => {
  const sent = await trying({ devices: 2 })
  await handOver(sent)
  await recordReceipts(deps, [receiptOf(sent, 'failed', 0)])
  await recordReceipts(deps, [receiptOf(sent, 'delivered', 1)])
  await recordReceipts(deps, [receiptOf(sent, 'failed', 1)])
  expect((await attempt(sent)).state).toBe('delivered')
})

test('what goes by all channels at once goes on when one has arrived', async () => {
  const sent = await trying({ code: 'account.test' })
  await handOver(sent)
  await recordReceipts(deps, [receiptOf(sent, 'delivered')])
  expect(await isDue(sent)).toBe(false)
})

test('what is settled is not made due again, and a message that nobody knows is kept', async () => {
  const sent = await trying()
  await handOver(sent)
  await deps.db('notices').where({ id: sent.noticeId }).update({ withdrawn_at: new Date(), send_after: null })
  await recordReceipts(deps, [receiptOf(sent, 'failed'), { vendor: 'fcm', vendor_id: 'never sent', state: 'read' }])
  expect(await isDue(sent)).toBeNull()
  expect(await deps.db('notice_receipts').where({ vendor_id: 'never sent' }).pluck('state')).toEqual(['read'])
  await recordReceipts(deps, [])
})
