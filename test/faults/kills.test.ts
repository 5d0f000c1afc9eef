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

test('a worker killed with 200 incidents under way handles every overdue deadline when it is back', async () => {
  const { db } = product
  const reported = await each(times(200), () => report(product, people.survivor))
  await product.untilAllHeard(15_000)
  await product.worker.end('SIGKILL')
  const accepted = await each(reported.slice(-20), async ({ id }) => {
    await accept(product, people, id)
    return id
  })
  const first = db('offers')
    .whereIn(
      'incident_id',
      reported.map(seen => seen.id),
    )
    .where({ attempt: 1 })
  await eventually(
    async () => {
      const { rows } = await db.raw<{ rows: [{ now: Date }] }>('select clock_timestamp() as now')
      const last = await first.clone().max<{ max: Date }[]>('expires_at as max')
      return (last[0]?.max ?? Infinity) < rows[0].now
    },
    { withinMs: 60_000, everyMs: 100 },
  )
  const overdue = await first.clone().where({ state: 'open' }).select<{ id: string }[]>('id')
  const killedFor = await first.clone().min<{ min: Date }[]>('expires_at as min')

  await product.startWorker()
  const returnedAt = Date.now()
  await eventually(async () => !(await first.clone().where({ state: 'open' }).first('id')), {
    withinMs: 60_000,
    everyMs: 100,
  })
  const { rows } = await db.raw<{ rows: { at: Date }[] }>(
    `select at from events where type = 'offer.expired' and (data->>'offer_id')::uuid = any(?::uuid[])`,
    [overdue.map(offer => offer.id)],
  )
  const lateness = rows.map(row => Math.max(0, row.at.getTime() - returnedAt))
  tell(
    `faults (worker killed -9, 200 under way): ${overdue.length} deadlines overdue at its return, the oldest ` +
      `${((returnedAt - (killedFor[0]?.min.getTime() ?? NaN)) / 1000).toFixed(1)} s; handled ${spread(lateness)} after its return`,
  )
  expect(rows).toHaveLength(overdue.length)
  // What was answered while it was dead stands.
  const { rows: yes } = await db.raw<{ rows: { id: string }[] }>(
    `select id from incidents where id = any(?::uuid[]) and assignee_id is not null`,
    [accepted],
  )
  expect(yes).toHaveLength(accepted.length)
  expect(overdue.length).toBeGreaterThanOrEqual(150)
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
