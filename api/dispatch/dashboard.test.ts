import { Client } from 'pg'
import { startWithPeople, type People } from '../../test/builders/people'
import { newId } from '../../platform/ids'
import { ENDED_COUNTED_AT_MOST } from '../../db/dispatch.repository'
import { nudged } from '../../db/nudge'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())

const db = () => people.api.database.db
const board = async (query = '') => (await people.get(`/api/dispatch/dashboard/${query}`, people.dispatcher)).body

/** Rows as they would be after a life: only what figures are made of. */
async function addEnded(count: number, { status = 'closed', urgency = 'urgent', daysAgo = 400 } = {}): Promise<void> {
  const { id: policy_id } = await db()('policies').where({ case_type: 'gbv', active: true }).first('id')
  await db().raw(
    `insert into incidents (id, code, case_type, case_type_version, policy_id, urgency, status, rev, last_hash, reported_at,
       last_event_at, created_at, updated_at, assigned_at, completed_at, description)
     select gen_random_uuid(), :prefix || n, 'gbv', 1, :policy_id, :urgency, :status, 1, '', t, t, t, t, t + interval '5 minutes',
       t + interval '1 hour', repeat('x', 400)
     from generate_series(1, :count) n, lateral (select clock_timestamp() - make_interval(days => :daysAgo) - n * interval '1 second' as t) at`,
    { prefix: `${newId()}-`, policy_id, urgency, status, count, daysAgo },
  )
}

/** The statements that reach the database until `work` has its answer. */
async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  await nudged(db())
  const query = jest.spyOn(Client.prototype, 'query')
  try {
    await work()
    return query.mock.calls.length
  } finally {
    query.mockRestore()
  }
}

describe('the figures', () => {
  it('count what is open by its words, with and without filters', async () => {
    await people.onlyProvider()
    const offered = await people.report()
    await people.report({ urgency: 'routine' })
    const { statistics } = await board()
    expect(statistics).toMatchObject({
      total: 2,
      open: 2,
      unassigned_urgent: 1,
      created_today: 2,
      completed_today: 0,
      average_response_seconds: null,
      is_estimate: false,
      by_urgency: { urgent: 1, routine: 1 },
    })
    expect(statistics.by_status).toMatchObject({ offering: 1, pending_dispatcher_review: 1, closed: 0, cancelled: 0 })
    const urgent = (await board('?urgency=urgent')).statistics
    expect(urgent).toMatchObject({ total: 1, unassigned_urgent: 1, by_urgency: { urgent: 1, routine: 0 } })
    expect((await board('?status=closed,offering&case_type=gbv')).statistics).toMatchObject({ total: 1, open: 1 })
    expect((await board('?case_type=ambulance')).statistics.total).toBe(0)
    await people.post(`/api/incidents/${offered.id}/cancel/`, { reason: 'solved' }, people.survivor)
    expect((await board()).statistics).toMatchObject({ total: 2, open: 1, by_status: { cancelled: 1, offering: 0 } })
  })

  it('know the responses of the last days and what was done today', async () => {
    const before = (await board()).statistics
    await addEnded(3, { daysAgo: 30 })
    expect((await board()).statistics.average_response_seconds).toBe(before.average_response_seconds)
    await addEnded(3, { daysAgo: 2 })
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    await people.post(`/api/incidents/${id}/status/`, { status: 'in_progress' }, provider)
    await people.post(`/api/incidents/${id}/status/`, { status: 'completed', outcome: 'resolved' }, provider)
    const { statistics } = await board()
    expect(statistics.completed_today).toBe(1)
    // Three took 300 s, the last one no time.
    expect(statistics.average_response_seconds).toBe(225)
    expect(statistics.by_status).toMatchObject({ completed: 1, closed: 6 })
  })

  it('leave out what was deleted', async () => {
    const { total } = (await board()).statistics
    const { id } = await people.report({ urgency: 'routine' })
    await people.api.call('DELETE', `/api/incidents/${id}/`, { token: people.survivor.access })
    expect((await board()).statistics.total).toBe(total)
  })

  it('of a great many ended ones are an estimate, and say so', async () => {
    const { total } = (await board()).statistics
    await addEnded(4 * ENDED_COUNTED_AT_MOST)
    await addEnded(10, { status: 'cancelled', urgency: 'routine' })
    const unsampled = (await board()).statistics
    expect(unsampled).toMatchObject({ is_estimate: true, by_status: { closed: ENDED_COUNTED_AT_MOST } })
    await db().raw('vacuum analyze incidents')
    const { statistics } = await board()
    expect(statistics.is_estimate).toBe(true)
    expect(Math.abs(statistics.total - (total + 4 * ENDED_COUNTED_AT_MOST + 10))).toBeLessThan(total * 0.05 + 100)
    expect(statistics.total).toBe(statistics.by_urgency.urgent + statistics.by_urgency.routine)
    // What is few is still counted.
    const few = (await board('?status=cancelled&urgency=routine')).statistics
    expect(few).toMatchObject({ total: 10, is_estimate: false })
  })

  it('take the same number of statements, however much there is', async () => {
    await board()
    const few = await statementsOf(() => board('?page_size=1'))
    for (let each = 0; each < 12; each++) await people.report({ urgency: 'routine' })
    const many = await statementsOf(() => board('?page_size=100'))
    expect((await board('?page_size=100')).queue.results.length).toBeGreaterThan(12)
    expect(many).toBe(few)
    expect(few).toBeLessThanOrEqual(8)
  })

  it('walk through no whole table', async () => {
    const plans = await plansOf(() => board('?page_size=20'))
    expect(plans.length).toBeGreaterThanOrEqual(5)
    expect(plans.filter(plan => /Seq Scan on incidents/.test(plan))).toEqual([])
    const read = /actual rows=(\d+)|Rows Removed by Filter: (\d+)/g
    const rows = plans.flatMap(plan => [...plan.matchAll(read)].map(([, given, removed]) => Number(given ?? removed)))
    expect(Math.max(...rows)).toBeLessThanOrEqual(ENDED_COUNTED_AT_MOST)
    for (const index of ['incidents_needing_person', 'incidents_ended', 'incidents_completed'])
      expect(plans.join()).toContain(index)
  })
})

/** What the database did for each reading of incidents, with the rows that each node really gave. */
async function plansOf(work: () => Promise<unknown>): Promise<string[]> {
  await nudged(db())
  const query = jest.spyOn(Client.prototype, 'query')
  let calls: unknown[][]
  try {
    await work()
    calls = query.mock.calls
  } finally {
    query.mockRestore()
  }
  const plans: string[] = []
  for (const [config] of calls) {
    const { text, values } = config as { text: string; values: unknown[] }
    if (!/^(select|with)/i.test(text) || !text.includes('incidents')) continue
    plans.push(await explain(text, values))
  }
  return plans
}

async function explain(text: string, values: unknown[]): Promise<string> {
  const client = new Client({ connectionString: people.api.database.url })
  await client.connect()
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (analyze, timing off) ${text}`, values)
    return rows.map(row => row['QUERY PLAN']).join('\n')
  } finally {
    await client.end()
  }
}

describe('the queue and the escalations', () => {
  it('are for dispatch alone', async () => {
    for (const one of [people.survivor, await people.provider()]) {
      expect((await people.get('/api/dispatch/dashboard/', one)).status).toBe(403)
      expect((await people.get('/api/dispatch/analytics/', one)).status).toBe(403)
      expect((await people.get('/api/dispatch/recommendations/', one)).status).toBe(403)
    }
    expect((await people.get('/api/dispatch/dashboard/')).status).toBe(401)
    expect((await people.get('/api/dispatch/dashboard/', people.admin)).status).toBe(200)
  })

  it('hold only what needs a person', async () => {
    const provider = await people.onlyProvider()
    const asked = await people.report()
    await people.post(`/api/incidents/${asked.id}/accept/`, {}, provider)
    const waiting = await people.report()
    const { queue, escalations } = await board('?page_size=100&urgency=urgent')
    const queued = queue.results.map((row: { id: string }) => row.id)
    expect(queued).toContain(waiting.id)
    expect(queued).not.toContain(asked.id)
    expect(escalations.map((row: { incident: string }) => row.incident)).toContain(waiting.id)
  })

  it('refuse what is no filter', async () => {
    for (const query of ['?status=urgent', '?urgency=high', '?case_type=x', '?page=0', '?page_size=101', '?other=1'])
      expect((await people.get(`/api/dispatch/dashboard/${query}`, people.dispatcher)).status).toBe(400)
  })
})
