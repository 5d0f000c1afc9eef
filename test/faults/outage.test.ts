import { eventually } from '../harness/eventually'
import { runScript } from '../harness/processes'
import { TestProduct } from '../harness/product'
import {
  accept,
  cancelAll,
  each,
  expectSound,
  expiredOffers,
  openInstallation,
  read,
  report,
  setStatus,
  spread,
  tell,
  times,
  usePolicy,
  type People,
} from './scenes'

/** Long enough that nobody's answer comes late on a slow machine. */
const WINDOW_SECONDS = 12
/** I6: after an outage. */
const GRACE_MS = 10_000
const BEHIND_A_SECOND = 50

let product: TestProduct
let people: People

beforeAll(async () => {
  product = await TestProduct.start()
  people = await openInstallation(product, { offer: { window_seconds: WINDOW_SECONDS, search_seconds: 60 } })
}, 120_000)
afterEach(() => cancelAll(product, people), 60_000)
afterAll(() => product?.stop(), 30_000)

test('with Temporal stopped everybody is answered and served, silence is moved on, and its return finds no one forgotten', async () => {
  const { survivor, dispatcher } = people
  const underWay = await each(times(20), async () => {
    const { id } = await report(product, survivor)
    return { id, provider: await accept(product, people, id) }
  })
  await product.untilAllHeard(10_000)
  await product.temporal.end('SIGKILL')
  const stoppedAt = Date.now()

  const reported = await each(times(50), () => report(product, survivor))
  expect(reported.filter(seen => !(seen.offer || seen.escalation_reason))).toEqual([])
  const offered = reported.filter(seen => seen.offer).length
  const accepted = await each(reported.slice(0, 20), async ({ id }) => ({
    id,
    provider: await accept(product, people, id),
  }))
  await each(underWay, ({ id, provider }) => setStatus(product, provider, id, { status: 'in_progress' }))
  const [chosen] = [...people.providers.values()]
  if (!chosen) throw new Error('there is no provider')
  const overridden = await each(reported.slice(20, 30), async seen => {
    const body = { act: 'assign', incident: seen.id, provider: chosen.id, reason: 'nearest', rev: seen.rev }
    await product.ask('POST', '/api/dispatch/override/', { token: dispatcher.access, body }, 200)
    return seen.id
  })
  const actedMs = Date.now() - stoppedAt

  for (const { id, provider } of accepted)
    expect(await read(product, provider, id)).toMatchObject({ status: 'assigned', assigned_to: { id: provider.id } })
  for (const { id, provider } of underWay)
    expect(await read(product, provider, id)).toMatchObject({ status: 'in_progress' })
  for (const id of overridden)
    expect(await read(product, dispatcher, id)).toMatchObject({ status: 'assigned', assigned_to: { id: chosen.id } })

  const silent = reported.slice(30).map(seen => seen.id)
  await eventually(async () => (await expiredOffers(product, silent)).length === silent.length, {
    withinMs: 60_000,
    everyMs: 200,
  })
  const movedMs = Math.max(...(await expiredOffers(product, silent)).map(row => row.at.getTime())) - stoppedAt
  const lateness = (await expiredOffers(product, silent)).map(row => row.at.getTime() - row.expires_at.getTime())

  const unheard = product.db('events').whereNotNull('signal')
  const behind = Number((await unheard.clone().countDistinct('incident_id as count').first<{ count: number }>()).count)
  const returnedAt = await product.startTemporal()
  const heardMs = await product.untilAllHeard(GRACE_MS + (behind / BEHIND_A_SECOND) * 1000)
  const known = await product.untilAllKnown()
  tell(
    `faults (Temporal stopped): 50 reports (${offered} with an offer, ${50 - offered} escalated), 20 accepts, 20 status changes, ` +
      `10 overrides answered in ${(actedMs / 1000).toFixed(1)} s; 20 silent offers moved on ${(movedMs / 1000).toFixed(1)} s after the stop ` +
      `(late: ${spread(lateness)}); Temporal back: ${behind} incidents behind, all heard in ${(heardMs / 1000).toFixed(1)} s, ` +
      `${known} runs known ${((Date.now() - returnedAt) / 1000).toFixed(1)} s after its return`,
  )
  // I1: no deadline is left alone for longer. The sweep keeps them.
  expect(Math.max(...lateness)).toBeLessThan(10_000)
  await expectSound(product)
}, 240_000)

test('with its file deleted under 200 open incidents Temporal is told anew of each, and no deadline is handled twice', async () => {
  await usePolicy(product, {
    offer: { window_seconds: 15, search_seconds: 120 },
    review: { window_seconds: 18 },
    start: { nudge_seconds: 16, escalate_seconds: 3_600 },
    auto_close_seconds: 18,
  })
  const { survivor } = people
  const offering = await each(times(120), () => report(product, survivor))
  const waiting = await each(times(30), () => report(product, survivor, 'routine'))
  const worked = await each(times(50), async index => {
    const { id } = await report(product, survivor)
    const provider = await accept(product, people, id)
    if (index >= 30) await setStatus(product, provider, id, { status: 'in_progress' })
    if (index >= 40) await setStatus(product, provider, id, { status: 'completed', outcome: 'resolved' })
    return { id }
  })
  const ids = [...offering, ...waiting, ...worked].map(seen => seen.id)
  const before = await deadlines(ids)
  await product.untilAllHeard(10_000)
  const noticed = workerSays('Temporal does not answer')
  const rebuilt = workerSays('rebuilt')
  await product.loseTemporal()
  const lostAt = Date.now()
  await noticed()
  const returnedAt = await product.startTemporal()
  // Somebody's act comes before the worker has looked: that Temporal knows one incident must not hide that it lost the others.
  await report(product, survivor)
  await rebuilt()
  const rebuiltMs = Date.now() - returnedAt
  const again = await runScript('dist/scripts/rebuild.js', product.env)
  const due = before.filter(row => row.next_deadline_at !== null)
  await eventually(
    async () =>
      (await deadlines(due.map(row => row.id))).every((row, index) => row.rev > (due[index]?.rev ?? Infinity)),
    { withinMs: 60_000, everyMs: 200 },
  )
  const known = await product.untilAllKnown()
  const { rows } = await product.db.raw<{ rows: { id: string; at: Date }[] }>(
    `select distinct on (incident_id) incident_id as id, at from events
     where incident_id = any(:ids::uuid[]) and actor_role = 'engine' and at > to_timestamp(:lost) order by incident_id, seq`,
    { ids: due.map(row => row.id), lost: lostAt / 1000 },
  )
  const handledAt = new Map(rows.map(row => [row.id, row.at.getTime()]))
  const lateness = due.map(row => (handledAt.get(row.id) ?? NaN) - (row.next_deadline_at?.getTime() ?? NaN))
  tell(
    `faults (Temporal's file deleted): ${before.length} incidents open (${due.length} with a deadline), rebuilt by itself ` +
      `${(rebuiltMs / 1000).toFixed(1)} s after its return, ${known} runs known; their deadlines were handled ${spread(lateness)} late; ` +
      `npm run rebuild beside it: ${again.trim().split('\n').at(-1)}`,
  )
  expect(before).toHaveLength(200)
  expect(lateness.every(ms => ms >= 0)).toBe(true)
  await expectSound(product)
}, 240_000)

/** Begins to listen for a line of the worker's log; the answer waits until it comes. */
function workerSays(message: string): () => Promise<unknown> {
  const count = (): number => product.worker.log.split(`"msg":"${message}"`).length
  const before = count()
  return () => eventually(async () => count() > before, { withinMs: 90_000, everyMs: 100 })
}

async function deadlines(
  ids: readonly string[],
): Promise<{ id: string; rev: number; next_deadline_at: Date | null }[]> {
  const rows = product.db('incidents').whereIn('id', ids).whereNotIn('status', ['closed', 'cancelled']).orderBy('id')
  const found = await rows
    .clone()
    .select<{ id: string; rev: number; next_deadline_at: Date | null }[]>('id', 'rev', 'next_deadline_at')
  return found
}
