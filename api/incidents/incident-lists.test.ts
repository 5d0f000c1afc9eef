import { newId } from '../../platform/ids'
import { faultsOf, STORY } from '../../test/builders/incident-story'
import { startWithPeople, type People } from '../../test/builders/people'
import type { Someone } from '../../test/harness/api'
import { expectInvariants } from '../../test/harness/invariants'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())
afterEach(() => expectInvariants(people.api.database.db))

const db = () => people.api.database.db

describe('GET /api/incidents/', () => {
  it('lists by role, without a word, a place or a name (S4)', async () => {
    const reporter = await people.api.someone('survivor')
    const provider = await people.onlyProvider()
    const mine = await people.report(STORY, reporter)
    await people.post(`/api/incidents/${mine.id}/accept/`, {}, provider)
    await people.report({ ...STORY, urgency: 'routine' })

    const own = await people.get('/api/incidents/', reporter)
    expect(own.body).toMatchObject({ count: 1, next: null, previous: null })
    expect(own.body.results[0]).toMatchObject({ id: mine.id, title: STORY.title, status: 'assigned', area: 'Nairobi' })
    const worked = await people.get('/api/incidents/', provider)
    expect(worked.body.results.map((row: { id: string }) => row.id)).toEqual([mine.id])
    const all = await people.get('/api/incidents/?page_size=100', people.dispatcher)
    expect(all.body.count).toBeGreaterThan(1)
    for (const body of [worked.body, all.body]) {
      expect(JSON.stringify(body)).not.toMatch(/Title of mine|What happened|market|36\.8|Test survivor|Test provider/)
      for (const row of body.results) expect(row.title).toBeNull()
    }
  })

  it('filters, orders and pages', async () => {
    const reporter = await people.api.someone('survivor')
    await db()('provider_profiles').update({ availability: 'off_duty' })
    const first = await people.report({ incident_type: 'online' }, reporter)
    const second = await people.report({ urgency: 'routine' }, reporter)
    const third = await people.report({ case_type: 'ambulance', urgency: 'routine' }, reporter)
    const ids = async (query: string): Promise<string[]> => {
      const { status, body } = await people.get(`/api/incidents/${query}`, reporter)
      expect(status).toBe(200)
      return body.results.map((row: { id: string }) => row.id)
    }
    expect(await ids('')).toEqual([third.id, second.id, first.id])
    expect(await ids('?ordering=created_at')).toEqual([first.id, second.id, third.id])
    expect(await ids('?status=escalated')).toEqual([first.id])
    expect(await ids('?status=escalated,pending_dispatcher_review')).toHaveLength(3)
    expect(await ids('?urgency=routine&case_type=gbv')).toEqual([second.id])
    expect(await ids('?incident_type=online')).toEqual([first.id])
    expect(await ids('?escalated=true')).toEqual([first.id])
    expect(await ids('?escalated=false')).toEqual([third.id, second.id])
    expect(await ids('?mine=true')).toHaveLength(3)
    expect(await ids('?mine=false')).toEqual([])
    expect(await ids(`?assigned_to=${newId()}`)).toEqual([])
    expect(await ids(`?created_after=${encodeURIComponent(first.created_at)}`)).toEqual([third.id, second.id])
    expect(await ids(`?created_before=${encodeURIComponent(second.created_at)}`)).toEqual([first.id])
    const page = await people.get('/api/incidents/?page=2&page_size=2', reporter)
    expect(page.body).toMatchObject({
      count: 3,
      next: null,
      previous: 'http://kesi.test/api/incidents/?page=1&page_size=2',
      results: [{ id: first.id }],
    })
    const past = await people.get('/api/incidents/?page=3&page_size=2', reporter)
    expect(past.body).toMatchObject({ status: 404, code: 'PAGE_NOT_FOUND' })
    const wrong = await people.get(
      '/api/incidents/?status=lost&page_size=101&page=0&colour=red&ordering=name',
      reporter,
    )
    expect(faultsOf(wrong)).toHaveLength(5)
  })

  it('finds what a dispatcher owns', async () => {
    await db()('provider_profiles').update({ availability: 'off_duty' })
    const { id } = await people.report()
    const dispatcher = await people.api.someone('dispatcher')
    await people.post('/api/dispatch/acknowledge/', { incident: id }, dispatcher)
    const { body } = await people.get('/api/incidents/?mine=true', dispatcher)
    expect(body.results).toMatchObject([{ id, owner: { id: dispatcher.id } }])
  })

  it('shows a title in its reporter’s own list alone, never in dispatch’s, whoever took the report in (S4)', async () => {
    const provider = await people.onlyProvider()
    for (const reporter of [provider, people.dispatcher, people.admin]) {
      const { id } = await people.report({ ...STORY, urgency: 'routine' }, reporter)
      const { body } = await people.get('/api/incidents/?mine=false&page_size=100', people.dispatcher)
      const theirs = await people.get('/api/incidents/?page_size=100', reporter)
      const row = theirs.body.results.find((each: { id: string }) => each.id === id)
      expect(row.title).toBe(reporter === provider ? STORY.title : null)
      expect(JSON.stringify(body)).not.toContain(STORY.title)
    }
  })
})

describe('?search=', () => {
  let reporter: Someone
  let provider: Someone
  let market: string
  let river: string
  const found = async (words: string, by: Someone): Promise<string[]> => {
    const reply = await people.get(`/api/incidents/?search=${encodeURIComponent(words)}&page_size=100`, by)
    expect(reply.status).toBe(200)
    expect(reply.body.count).toBe(reply.body.results.length)
    return reply.body.results.map((row: { id: string }) => row.id)
  }

  beforeAll(async () => {
    reporter = await people.api.someone('survivor')
    provider = await people.onlyProvider()
    const taken = await people.report({ ...STORY, title: 'Noise at the market', incident_type: 'economic' }, reporter)
    market = taken.id
    await people.post(`/api/incidents/${market}/accept/`, {}, provider)
    river = (
      await people.report(
        { title: 'Down at the river', urgency: 'routine', location: { lat: -0.6, lng: 34.45 } },
        reporter,
      )
    ).id
  })

  it('finds a code by its beginning, with or without its dash, in whatever case', async () => {
    const { code } = await db()('incidents').where({ id: market }).first('code')
    for (const words of [code, code.toLowerCase(), code.replace('-', ''), code.slice(0, 5)]) {
      expect(await found(words, people.dispatcher)).toContain(market)
      expect(await found(words, reporter)).toContain(market)
    }
    expect(await found(code, people.dispatcher)).toEqual([market])
    expect(await found(code, await people.api.someone('survivor'))).toEqual([])
  })

  it('finds an incident type and an area by name or code', async () => {
    expect(await found('Econ', reporter)).toEqual([market])
    expect(await found('nairobi', reporter)).toEqual([market])
    expect(await found('KE-30', people.dispatcher)).toContain(market)
    expect(await found('homa bay', reporter)).toEqual([river])
  })

  it('finds the words of a title for those alone who may read it', async () => {
    expect(await found('MARKET noise', reporter)).toEqual([market])
    expect(await found('at the', reporter)).toEqual([river, market])
    expect(await found('market', provider)).toEqual([market])
    expect(await found('river', provider)).toEqual([])
    expect(await found('market', people.dispatcher)).toEqual([])
    expect(await found('market', people.admin)).toEqual([])
    await people.post(`/api/incidents/${market}/hand-back/`, { reason: 'too_far' }, provider)
    expect(await found('market', provider)).toEqual([])
  })

  it('takes signs for what they are, and goes together with filters', async () => {
    for (const words of ['%', '_', "'; select 1 --"]) expect(await found(words, reporter)).toEqual([])
    const { body } = await people.get('/api/incidents/?search=at%20the&urgency=routine', reporter)
    expect(body.results.map((row: { id: string }) => row.id)).toEqual([river])
    expect((await people.get(`/api/incidents/?search=${'x'.repeat(101)}`, reporter)).status).toBe(400)
    expect((await people.get('/api/incidents/?search=', reporter)).status).toBe(400)
  })
})

describe('GET /api/incidents/stats/', () => {
  const statsOf = async (by: Someone) => {
    const { status, body } = await people.get('/api/incidents/stats/', by)
    expect(status).toBe(200)
    return body
  }

  it('counts what each may see', async () => {
    const reporter = await people.api.someone('survivor')
    const provider = await people.onlyProvider()
    expect(await statsOf(reporter)).toMatchObject({ since: null, total: 0, average_response_seconds: null, recent: [] })
    const before = await statsOf(people.dispatcher)

    const taken = await people.report({ ...STORY, incident_type: 'online' }, reporter)
    await people.post(`/api/incidents/${taken.id}/accept/`, {}, provider)
    const ended = await people.report({ urgency: 'routine', incident_type: 'online' }, reporter)
    await people.post(`/api/incidents/${ended.id}/cancel/`, { reason: 'safe_now' }, reporter)
    const plain = await people.report({ urgency: 'routine' }, reporter)

    const own = await statsOf(reporter)
    expect(own).toMatchObject({ total: 3, open: 2, by_urgency: { urgent: 1, routine: 2 } })
    expect(own.by_status).toMatchObject({ assigned: 1, cancelled: 1, pending_dispatcher_review: 1, completed: 0 })
    expect(own.by_type).toEqual([
      { type: 'online', count: 2 },
      { type: null, count: 1 },
    ])
    expect(own.average_response_seconds).toBeGreaterThanOrEqual(0)
    expect(own.recent.map((row: { id: string }) => row.id)).toEqual([plain.id, ended.id, taken.id])
    expect(own.recent[2].title).toBe(STORY.title)

    expect(await statsOf(provider)).toMatchObject({ total: 1, open: 1, recent: [{ id: taken.id, title: null }] })
    const all = await statsOf(people.dispatcher)
    expect(all.total).toBe(before.total + 3)
    expect(all.recent).toHaveLength(5)
    expect(JSON.stringify(all)).not.toMatch(/Title of mine|What happened|Test survivor/)
  })

  it('looks back thirty days for dispatch, but never loses sight of an open one', async () => {
    const reporter = await people.api.someone('survivor')
    const open = await people.report({ urgency: 'routine' }, reporter)
    const ended = await people.report({ urgency: 'routine' }, reporter)
    await people.post(`/api/incidents/${ended.id}/cancel/`, { reason: 'safe_now' }, reporter)
    const before = await statsOf(people.dispatcher)
    const longAgo = db().raw(`created_at - interval '31 days'`)
    await db()('incidents').whereIn('id', [open.id, ended.id]).update({ created_at: longAgo })
    const after = await statsOf(people.dispatcher)
    expect(after.total).toBe(before.total - 1)
    expect(after.open).toBe(before.open)
    expect(Date.parse(after.since)).toBeLessThan(Date.parse(open.created_at))
    expect((await statsOf(reporter)).total).toBe(2)
  })
})
