import { sweepOnce } from '../../acts/sweep'
import { startTestApi, type TestApi } from '../../test/harness/api'
import { startWithPeople, type People } from '../../test/builders/people'
import { onceTrue } from './health.reads'

describe('live and ready', () => {
  let api: TestApi
  const parts = { database: true, worker: true }
  beforeAll(async () => {
    api = await startTestApi()
    Object.assign(api.deps.checks, {
      database: async () => parts.database,
      worker: async () => {
        if (!parts.worker) throw new Error('no worker')
        return true
      },
    })
  })
  afterAll(() => api.stop())

  it('is alive for anybody, with and without the last slash', async () => {
    for (const path of ['/health/live', '/health/live/'])
      expect((await api.call('GET', path)).body).toEqual({ status: 'ok' })
  })

  it('is ready when every part is, and says how far behind and how the clocks differ', async () => {
    const { status, body } = await api.call('GET', '/health/ready')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      ready: true,
      checks: { database: true, worker: true },
      behind: false,
      behind_seconds: 0,
      kept_by_sweep: 0,
    })
    expect(Math.abs(body.clock_difference_ms)).toBeLessThan(1_000)
  })

  it('names what is missing', async () => {
    parts.worker = false
    const { status, body, headers } = await api.call('GET', '/health/ready')
    parts.worker = true
    expect(status).toBe(503)
    expect(headers.get('retry-after')).toBe('5')
    expect(body).toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      detail: 'Not ready: worker',
      ready: false,
      checks: { database: true, worker: false },
    })
  })

  it('asks a check no more once it was true', async () => {
    const answers = [false, true, false]
    const check = onceTrue(async () => answers.shift() ?? false)
    expect([await check(), await check(), await check(), await check()]).toEqual([false, true, true, true])
  })
})

describe('unattended and behind', () => {
  let people: People
  beforeAll(async () => {
    people = await startWithPeople()
  })
  afterAll(() => people.api.stop())
  const db = () => people.api.database.db

  it('lists an open incident whose deadline passed more than 10 s ago, until somebody owns it (I1)', async () => {
    const { id, code } = await people.report()
    const unattended = async () => (await people.get('/api/health/unattended/', people.dispatcher)).body
    expect(await unattended()).toEqual({ count: 0, results: [] })
    await db()('incidents')
      .where({ id })
      .update({ next_deadline_at: db().raw(`clock_timestamp() - interval '9 s'`) })
    expect((await unattended()).count).toBe(0)
    await db()('incidents')
      .where({ id })
      .update({ next_deadline_at: db().raw(`clock_timestamp() - interval '11 s'`) })
    expect(await unattended()).toEqual({
      count: 1,
      results: [{ incident: id, code, status: 'escalated', since: expect.any(String) }],
    })
    const board = await people.get('/api/dispatch/dashboard/', people.dispatcher)
    expect(board.body.unattended).toEqual({ count: 1 })
    await people.post('/api/dispatch/acknowledge/', { incident: id }, people.dispatcher)
    expect((await unattended()).count).toBe(0)
    expect((await people.get('/api/health/unattended/', people.survivor)).status).toBe(403)
  })

  it('says behind when a change waits to be heard for more than 5 s', async () => {
    await people.report()
    expect((await people.get('/health/ready')).body.behind).toBe(false)
    await db()('events')
      .whereNotNull('signal')
      .update({ at: db().raw(`clock_timestamp() - interval '7 s'`) })
    const { body } = await people.get('/health/ready')
    expect(body.behind).toBe(true)
    expect(body.behind_seconds).toBeGreaterThan(6)
  })

  it('counts the deadlines that the sweep kept within five minutes', async () => {
    const { id } = await people.report()
    const keptBySweep = async () => (await people.get('/health/ready')).body.kept_by_sweep
    expect(await keptBySweep()).toBe(0)
    await db()('incidents')
      .where({ id })
      .update({ next_deadline_at: db().raw(`clock_timestamp() - interval '3 s'`) })
    await sweepOnce(people.api.deps.acts)
    expect(await keptBySweep()).toBe(1)
    await db()('incidents')
      .where({ id })
      .update({ swept_at: db().raw(`clock_timestamp() - interval '6 minutes'`) })
    expect(await keptBySweep()).toBe(0)
  })
})
