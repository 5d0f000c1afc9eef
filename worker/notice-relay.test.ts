import { stepNotice } from '../activities/notice-step'
import { findStoreId } from '../adapters/temporal/store-id'
import { leaseNotices, markNoticesTold } from '../db/notices.repository'
import { nudge } from '../db/nudge'
import { NOTICES, type NoticeCode } from '../domain/notices'
import type { Channel } from '../domain/policy'
import { connectTemporal } from '../platform/temporal/connection'
import { addNotice, addRecipient } from '../test/builders/recipients'
import { RecordingChannels } from '../test/fakes/recording-channels'
import { startEngine, type TestEngine } from '../test/harness/engine'
import { eventually } from '../test/harness/eventually'
import { relayNotices, startNoticeRelay, type NoticeRelayDeps } from './notice-relay'
import { TemporalReach } from './temporal-reach'

const channels = new RecordingChannels(new Set<Channel>(['email', 'push']))
let engine: TestEngine
let recipient: string
let stepped: string[]

beforeAll(async () => {
  engine = await startEngine({ time: 'real', channels })
  recipient = await addRecipient({ db: engine.db, vault: engine.deps.vault })
})
afterAll(() => engine.stop())
beforeEach(async () => {
  stepped = []
  await engine.db('notices').update({ send_after: null })
})

const relay = (): NoticeRelayDeps => ({
  ...engine.engineDeps,
  step(input) {
    stepped.push(input.noticeId)
    const { db, vault, logger } = engine.deps
    return stepNotice({ db, vault, logger, channels, publicUrl: 'http://kesi.test', timeTravel: false }, input)
  },
})
const add = (code: NoticeCode = 'dispatch.escalated', at = new Date()): Promise<string> =>
  addNotice(engine.db, recipient, { code, at, channels: NOTICES[code].channels })
const makeDue = (id: string) =>
  engine
    .db('notices')
    .where({ id })
    .update({ send_after: new Date(0) })
const dueInMs = async (id: string): Promise<number | null> => {
  const { rows } = await engine.db.raw<{ rows: [{ ms: number | null }] }>(
    'select (extract(epoch from send_after - clock_timestamp()) * 1000)::double precision as ms from notices where id = ?',
    [id],
  )
  return rows[0].ms
}

test('a notice leaves by its workflow, once', async () => {
  const id = await add()
  expect(await relayNotices(relay())).toBe(1)
  expect(await relayNotices(relay())).toBe(0)
  await eventually(async () => (await dueInMs(id)) === null)
  await makeDue(id)
  await relayNotices(relay())
  await eventually(async () => (await dueInMs(id)) === null)
  expect(channels.of(id)).toEqual(['push'])
  expect(stepped).toEqual([])
})

test('while its workflow waits, the relay looks a little later than it would', async () => {
  const id = await add('assignment.made')
  await relayNotices(relay())
  await eventually(async () => channels.of(id).length === 1 && ((await dueInMs(id)) ?? 0) < 60_000)
  expect(await dueInMs(id)).toBeGreaterThan(35_000)
  expect(await dueInMs(id)).toBeLessThanOrEqual(40_000)
})

test('what is leased is nobody else’s; what a step has set meanwhile stays; urgent ones come first', async () => {
  const [low, urgent] = [await add('account.verified'), await add()]
  const leased = await Promise.all([leaseNotices(engine.db, 200), leaseNotices(engine.db, 200)])
  expect(
    leased
      .flat()
      .map(({ id }) => id)
      .sort(),
  ).toEqual([low, urgent].sort())
  await engine.db('notices').where({ id: urgent }).update({ send_after: null })
  await markNoticesTold(engine.db, leased.flat())
  expect(await dueInMs(urgent)).toBeNull()
  expect(await dueInMs(low)).toBeGreaterThan(100_000)
  await makeDue(low)
  await engine.db('notices').where({ id: urgent }).update({ send_after: new Date() })
  expect((await leaseNotices(engine.db, 1)).map(({ id }) => id)).toEqual([urgent])
})

test('one that its workflow has left for five minutes is looked after here', async () => {
  const id = await add('dispatch.escalated', new Date(Date.now() - 301_000))
  await relayNotices(relay())
  expect(stepped).toEqual([id])
  expect(channels.of(id)).toEqual(['push'])
})

test('of a crowd the first messages leave from here, and its ladders have workflows afterwards', async () => {
  const crowd: string[] = []
  for (let n = 0; n < 30; n++) crowd.push(await add(n === 0 ? 'assignment.made' : 'dispatch.escalated'))
  expect(await relayNotices(relay())).toBe(30)
  expect([...stepped].sort()).toEqual([...crowd].sort())
  for (const id of crowd) expect(channels.of(id)).toEqual(['push'])
  const [ladder = ''] = crowd
  expect(await dueInMs(ladder)).toBeGreaterThan(35_000)
  await makeDue(ladder)
  stepped = []
  await relayNotices(relay())
  await eventually(async () => ((await dueInMs(ladder)) ?? 0) > 35_000 && ((await dueInMs(ladder)) ?? 0) <= 40_000)
  expect(stepped).toEqual([])
})

test('with Temporal away nothing is lost for 30 s, and then sent without it', async () => {
  const away = connectTemporal({ temporalAddress: '127.0.0.1:1', temporalNamespace: 'kesi-test', codecKeys: undefined })
  let now = 0
  const reach = new TemporalReach(
    () => findStoreId(away),
    engine.deps.logger,
    () => now,
  )
  const deps: NoticeRelayDeps = { ...relay(), reach, target: { ...engine.target, link: away } }
  const ids = [await add(), await add(), await add('assignment.made')]
  await relayNotices(deps)
  expect(reach.isSilent).toBe(true)
  for (const id of ids) expect(await dueInMs(id)).toBeLessThanOrEqual(1_000)
  expect(await relayNotices(deps)).toBe(0)
  now = 30_000
  for (const id of ids) await makeDue(id)
  expect(await relayNotices(deps)).toBe(3)
  await away.close()
  expect(stepped.sort()).toEqual([...ids].sort())
  for (const id of ids) expect(channels.of(id)).toEqual(['push'])
})

test('news has it look at once', async () => {
  const idle = startNoticeRelay(relay(), engine.test.url)
  await eventually(async () => {
    const { rows } = await engine.db.raw<{ rows: unknown[] }>(
      `select 1 from pg_stat_activity where datname = current_database() and application_name = 'kesi-worker-ear' and query like 'listen%'`,
    )
    return rows.length > 0
  })
  const lateness: number[] = []
  for (let round = 0; round < 8; round++) {
    const id = await add()
    const start = performance.now()
    nudge(engine.db)
    await eventually(async () => channels.of(id).length === 1, { everyMs: 2 })
    lateness.push(performance.now() - start)
  }
  await idle.stop()
  // Without news it would look once a second.
  expect(lateness.sort((a, b) => a - b)[3]).toBeLessThan(300)
})
