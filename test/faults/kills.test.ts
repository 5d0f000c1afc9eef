import { randomUUID } from 'node:crypto'
import { incidentWorkflowId } from '../../workflows/contracts/incident'
import { eventually } from '../harness/eventually'
import { TestProduct } from '../harness/product'
import {
  accept,
  askedProvider,
  cancelAll,
  each,
  expectSound,
  expiredOffers,
  openInstallation,
  report,
  spread,
  tell,
  times,
  usePolicy,
  type People,
  type Seen,
} from './scenes'

const CUT_EVERY = 12

let product: TestProduct
let people: People

beforeAll(async () => {
  product = await TestProduct.start()
  people = await openInstallation(product, { offer: { window_seconds: 20, search_seconds: 80 } })
}, 120_000)
afterEach(() => cancelAll(product, people), 60_000)
afterAll(() => product?.stop(), 30_000)

const UNDER_WAY = 200

/** When the first offers of these incidents became due, and when each was recorded as expired, in milliseconds since 1970. */
async function firstOffers(ids: readonly string[]): Promise<{ dueAt: number; expiredAt: number | null }[]> {
  const { rows } = await product.db.raw<{ rows: { due: Date; expired: Date | null }[] }>(
    `select o.expires_at as due, e.at as expired from offers o
     left join events e on e.incident_id = o.incident_id and e.type = 'offer.expired' and e.data->>'offer_id' = o.id::text
     where o.incident_id = any(?::uuid[]) and o.attempt = 1 and o.state in ('open', 'expired')`,
    [[...ids]],
  )
  return rows.map(({ due, expired }) => ({ dueAt: due.getTime(), expiredAt: expired?.getTime() ?? null }))
}

/** Reports whose workflows are armed, then the worker is killed; a tenth of the offers is accepted without it. */
async function underWayWithoutWorker(): Promise<string[]> {
  const reported = await each(times(UNDER_WAY), () => report(product, people.survivor))
  await product.untilAllHeard(15_000)
  await product.worker.end('SIGKILL')
  await each(reported.slice(-UNDER_WAY / 10), ({ id }) => accept(product, people, id))
  return reported.map(({ id }) => id)
}

async function untilAllExpired(ids: readonly string[]): Promise<void> {
  await eventually(async () => (await firstOffers(ids)).every(({ expiredAt }) => expiredAt !== null), {
    withinMs: 60_000,
    everyMs: 100,
  })
}

async function expectAcceptedStands(ids: readonly string[]): Promise<void> {
  const assigned = await product
    .db('incidents')
    .whereIn('id', [...ids])
    .whereNotNull('assignee_id')
    .pluck('id')
  expect(assigned.sort()).toEqual([...ids.slice(-UNDER_WAY / 10)].sort())
}

test('with the worker killed under 200 incidents every deadline is kept all the same, by the API', async () => {
  const ids = await underWayWithoutWorker()
  await untilAllExpired(ids)
  const kept = await firstOffers(ids)
  tell(
    `faults (worker killed -9, ${UNDER_WAY} under way): ${kept.length} deadlines kept without it; late ` +
      spread(kept.map(({ dueAt, expiredAt }) => (expiredAt ?? NaN) - dueAt)),
  )
  expect(kept.length).toBe(UNDER_WAY - UNDER_WAY / 10)
  await expectAcceptedStands(ids)
  await product.startWorker()
  await product.untilAllKnown()
  await expectSound(product)
}, 240_000)

test('worker and API killed with 200 incidents under way handle every overdue deadline when they are back', async () => {
  const ids = await underWayWithoutWorker()
  await product.api.end('SIGKILL')
  const lastDue = Math.max(...(await firstOffers(ids)).map(({ dueAt }) => dueAt))
  await eventually(async () => Date.now() > lastDue + 1_000, { withinMs: 60_000, everyMs: 100 })
  const overdue = (await firstOffers(ids)).filter(({ expiredAt }) => expiredAt === null)

  await product.startApi()
  const returnedAt = Date.now()
  await product.startWorker()
  await untilAllExpired(ids)
  const kept = await firstOffers(ids)
  tell(
    `faults (worker and API killed -9, ${UNDER_WAY} under way): ${overdue.length} deadlines overdue at their return, the ` +
      `oldest ${((returnedAt - Math.min(...overdue.map(({ dueAt }) => dueAt))) / 1000).toFixed(1)} s; handled ` +
      `${spread(kept.map(({ expiredAt }) => Math.max(0, (expiredAt ?? NaN) - returnedAt)))} after it`,
  )
  expect(overdue.length).toBeGreaterThanOrEqual(150)
  await expectAcceptedStands(ids)
  await product.untilAllKnown()
  await expectSound(product)
}, 240_000)

test('a run that somebody terminates by hand is healed by the sweep', async () => {
  await usePolicy(product, { offer: { window_seconds: 2, search_seconds: 60 } })
  const { id } = await report(product, people.survivor)
  await product.untilAllHeard(10_000)
  const handle = product.link.client.workflow.getHandle(incidentWorkflowId(id))
  await handle.terminate('by hand')
  await eventually(async () => (await expiredOffers(product, [id])).length === 1, { withinMs: 30_000, everyMs: 100 })
  const [{ at, expires_at } = { at: new Date(NaN), expires_at: new Date(NaN) }] = await expiredOffers(product, [id])
  // The record may be ahead of the new run: whoever acts on an incident does what is due there, and tells afterwards.
  await eventually(async () => (await handle.describe()).status.name === 'RUNNING', { withinMs: 15_000, everyMs: 100 })
  tell(
    `faults (a run terminated by hand): healed ${((at.getTime() - expires_at.getTime()) / 1000).toFixed(1)} s after its deadline`,
  )
  await expectSound(product)
}, 60_000)

test('with every connection to PostgreSQL cut in the middle of traffic, each request is done once and nothing stops', async () => {
  await usePolicy(product, { offer: { window_seconds: 60, search_seconds: 120 } })
  if (!product.worker.runs) await product.startWorker()
  const before = await countIncidents()
  const pids = [product.api.pid, product.worker.pid]
  const answers = new Map<number, number>()
  /** As a client does that keeps its draft: the same request under the same key until it is answered. */
  const insist = async (path: string, token: string, body: object, wanted: number): Promise<Seen> => {
    const headers = { 'idempotency-key': randomUUID() }
    return eventually(
      async () => {
        const reply = await product.call('POST', path, { token, body, headers })
        answers.set(reply.status, (answers.get(reply.status) ?? 0) + 1)
        return reply.status === wanted && (reply.body as Seen)
      },
      { withinMs: 60_000, everyMs: 250 },
    )
  }
  let cut = 0
  const done = await each(times(120), async index => {
    const { id } = await insist('/api/incidents/', people.survivor.access, { urgency: 'urgent' }, 201)
    // Nine others are in the middle of something.
    if (index % CUT_EVERY === 0) cut += await cutConnections()
    const provider = await askedProvider(product, people, id)
    await insist(`/api/incidents/${id}/accept/`, provider.access, {}, 200)
    return id
  })
  const counts = [...answers].sort(([a], [b]) => a - b).map(([status, count]) => `${count} times ${status}`)
  const heardMs = await product.untilAllHeard(20_000)
  tell(
    `faults (PostgreSQL connections cut): ${cut} sessions ended during 120 reports and 120 accepts, answered ${counts.join(', ')}; ` +
      `each done once, all heard ${(heardMs / 1000).toFixed(1)} s after`,
  )
  const statuses = await product.db('incidents').whereIn('id', done).pluck<string[]>('status')
  expect(statuses).toEqual(done.map(() => 'assigned'))
  expect((await countIncidents()) - before).toBe(120)
  expect(cut).toBeGreaterThan(0)
  expect([product.api.pid, product.worker.pid]).toEqual(pids)
  expect([product.api.runs, product.worker.runs]).toEqual([true, true])
  await product.untilAllKnown()
  await expectSound(product)
}, 240_000)

async function countIncidents(): Promise<number> {
  const [{ count } = { count: NaN }] = await product.db('incidents').count<{ count: number }[]>('* as count')
  return count
}

/** Ends every session of API and worker, as a restart of the server or a firewall would. */
async function cutConnections(): Promise<number> {
  const { rows } = await product.db.raw<{ rows: { ended: boolean }[] }>(
    `select pg_terminate_backend(pid) as ended from pg_stat_activity
     where datname = current_database() and application_name in ('kesi-api', 'kesi-worker')`,
  )
  return rows.filter(row => row.ended).length
}
