import { startWithPeople, type People } from '../../test/builders/people'
import { expectInvariants } from '../../test/harness/invariants'
import type { Reply, Someone } from '../../test/harness/api'
import { newId } from '../../platform/ids'
import { wakeOnce } from '../../worker/waker'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())
afterEach(() => expectInvariants(people.api.database.db))

const db = () => people.api.database.db
const rowOf = (one: Someone) => db()('provider_profiles').where({ user_id: one.id }).first()
const editMe = (body: object, by: Someone, headers?: Record<string, string>): Promise<Reply> =>
  people.patch('/api/providers/me/', body, by, headers)

describe('me/', () => {
  it('shows the own profile', async () => {
    const provider = await people.provider({ capacity: 2 })
    const { status, body } = await people.get('/api/providers/me/', provider)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      id: provider.id,
      name: 'Test provider',
      provider_type: 'gbv_rescue',
      verification: 'verified',
      availability: 'available',
      capacity: 2,
      load: 0,
      languages: ['en'],
      position: null,
      cooling_until: null,
    })
    expect((await people.get('/api/providers/me/', people.dispatcher)).status).toBe(403)
  })

  it('seals the position and keeps a grid point', async () => {
    const provider = await people.provider()
    const { body } = await editMe(
      { position: { lat: -1.28638, lng: 36.81723 }, skills: ['trauma'], languages: ['sw', 'en'] },
      provider,
    )
    expect(body).toMatchObject({
      position: { lat: -1.28638, lng: 36.81723 },
      skills: ['trauma'],
      languages: ['sw', 'en'],
    })
    const row = await rowOf(provider)
    expect(row).toMatchObject({ base_lat: -1.3, base_lng: 36.8 })
    expect(row.position).not.toContain('28638')
    const forgotten = await editMe({ position: null }, provider)
    expect(forgotten.body.position).toBeNull()
    expect(await rowOf(provider)).toMatchObject({ base_lat: null, position: null })
  })

  it('`available` ends cooldown and silences, and wakes who waits', async () => {
    const provider = await people.provider()
    await db()('provider_profiles')
      .where({ user_id: provider.id })
      .update({
        availability: 'unresponsive',
        silences: 3,
        cooling_until: db().raw(`clock_timestamp() + interval '1 hour'`),
      })
    const { body } = await editMe({ availability: 'available' }, provider)
    expect(body).toMatchObject({ availability: 'available', cooling_until: null })
    const row = await rowOf(provider)
    expect(row.silences).toBe(0)
    expect(row.woke_at).not.toBeNull()
  })

  it('wakes only when a slot came free', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    await editMe({ availability: 'available' }, provider)
    expect((await rowOf(provider)).woke_at).toBeNull()
    await editMe({ capacity: 2 }, provider)
    expect((await rowOf(provider)).woke_at).not.toBeNull()
  })

  it('says less capacity than cases truthfully', async () => {
    const provider = await people.onlyProvider({ capacity: 2 })
    for (let each = 0; each < 2; each++) {
      const { id } = await people.report()
      await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    }
    expect((await editMe({ capacity: 1 }, provider)).body).toMatchObject({ capacity: 1, load: 2 })
    expect(await rowOf(provider)).toMatchObject({ load: 2, forced_load: 1 })
    expect((await editMe({ capacity: 3 }, provider)).status).toBe(200)
    expect(await rowOf(provider)).toMatchObject({ load: 2, forced_load: 0 })
  })

  it('`off_duty` gives the open offer back, and the next is asked at once', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    const next = await people.provider()
    expect((await editMe({ availability: 'off_duty' }, provider)).body).toMatchObject({
      availability: 'off_duty',
      load: 0,
    })
    const offers = await db()('offers')
      .where({ incident_id: id })
      .orderBy('offered_at')
      .select('provider_id', 'state', 'reason')
    expect(offers).toEqual([
      { provider_id: provider.id, state: 'withdrawn', reason: 'off_duty' },
      { provider_id: next.id, state: 'open', reason: null },
    ])
    expect((await people.post(`/api/incidents/${id}/accept/`, {}, provider)).body.code).toBe('OFFER_WITHDRAWN')
    const search = await db()('incidents').where({ id }).first('search_refused')
    expect(search).toEqual({ search_refused: false })
  })

  it('`off_duty` keeps the cases under way', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    expect((await editMe({ availability: 'off_duty' }, provider)).body.load).toBe(1)
    expect((await people.get(`/api/incidents/${id}/`, provider)).body.status).toBe('assigned')
  })

  it('does one edit under one key', async () => {
    const provider = await people.provider()
    const headers = { 'idempotency-key': newId() }
    const [first, second] = [
      await editMe({ capacity: 4 }, provider, headers),
      await editMe({ capacity: 4 }, provider, headers),
    ]
    expect(second.body).toEqual(first.body)
    expect((await editMe({ capacity: 5 }, provider, headers)).body.code).toBe('IDEMPOTENCY_KEY_REUSED')
  })

  it('refuses what is not theirs to say, all at once', async () => {
    const provider = await people.provider()
    const reply = await editMe(
      { availability: 'unresponsive', capacity: -1, languages: ['xx'], position: { lat: 1 }, load: 0 },
      provider,
    )
    expect(reply.status).toBe(400)
    expect(reply.body.errors).toHaveLength(5)
  })
})

describe('who waits for somebody', () => {
  it('is offered to the provider who becomes available', async () => {
    const provider = await people.onlyProvider()
    await editMe({ availability: 'off_duty' }, provider)
    const { id } = await people.report()
    const seen = async () => (await people.get(`/api/incidents/${id}/`, people.dispatcher)).body
    expect(await seen()).toMatchObject({ status: 'escalated', escalation_reason: 'no_provider_available' })
    await editMe({ availability: 'busy' }, provider)
    expect(await wakeOnce(people.api.deps.acts)).toBe(0)
    await editMe({ availability: 'available' }, provider)
    expect(await wakeOnce(people.api.deps.acts)).toBeGreaterThan(0)
    expect((await people.get('/api/providers/offers/', provider)).body).toMatchObject([{ incident: { id } }])
    await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    expect((await seen()).assigned_to).toMatchObject({ id: provider.id })
  })
})

describe('metrics/', () => {
  const metricsOf = async (one: Someone, path = 'metrics') => (await people.get(`/api/providers/${path}/`, one)).body
  const offersOf = (one: Someone) => db()('offers').where({ provider_id: one.id })
  const asked = (one: Someone, seconds: number, state: string) =>
    offersOf(one)
      .where({ state })
      .update({ offered_at: db().raw(`answered_at - make_interval(secs => ?)`, [seconds]) })

  it('is all zeros at first', async () => {
    expect(await metricsOf(await people.provider())).toEqual({
      ...{ offered: 0, accepted: 0, rejected: 0, expired: 0, open: 0, completed: 0 },
      ...{ median_answer_seconds: null, p90_answer_seconds: null },
    })
  })

  it('counts what was offered, how fast it was answered, and what came of it', async () => {
    const provider = await people.onlyProvider({ capacity: 5 })
    const [done, working, refused] = [await people.report(), await people.report(), await people.report()]
    for (const { id } of [done, working]) await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    await people.post(`/api/incidents/${refused.id}/reject/`, { reason: 'too_far' }, provider)
    await asked(provider, 10, 'accepted')
    await asked(provider, 40, 'rejected')
    await people.post(`/api/incidents/${done.id}/status/`, { status: 'in_progress' }, provider)
    await people.post(`/api/incidents/${done.id}/status/`, { status: 'completed', outcome: 'resolved' }, provider)
    await people.report()
    const metrics = await metricsOf(provider)
    expect(metrics).toEqual({
      ...{ offered: 4, accepted: 2, rejected: 1, expired: 0, open: 1, completed: 1 },
      ...{ median_answer_seconds: 10, p90_answer_seconds: 34 },
    })
    expect(await metricsOf(provider, 'stats')).toEqual(metrics)
  })

  it('reaches back 90 days', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    await people.post(`/api/incidents/${id}/reject/`, { reason: 'too_far' }, provider)
    await asked(provider, 89 * 86_400, 'rejected')
    expect(await metricsOf(provider)).toMatchObject({ offered: 1, rejected: 1 })
    await asked(provider, 91 * 86_400, 'rejected')
    expect(await metricsOf(provider)).toMatchObject({ offered: 0, rejected: 0, median_answer_seconds: null })
  })

  it('is nobody else’s', async () => {
    for (const one of [people.survivor, people.dispatcher, people.admin])
      for (const path of ['metrics', 'stats', 'offers', 'assigned-cases', 'me'])
        expect((await people.get(`/api/providers/${path}/`, one)).status).toBe(403)
    expect((await people.get('/api/providers/metrics/')).status).toBe(401)
  })
})

describe('offers/ and assigned-cases/', () => {
  it('lists the open offers with the preview alone', async () => {
    const provider = await people.onlyProvider({ capacity: 2 })
    const report = {
      description: 'the story',
      location: { lat: -1.28, lng: 36.82 },
      contact_safety: { wished_gender: 'female' },
    }
    const first = await people.report(report)
    await people.report(report)
    const { body } = await people.get('/api/providers/offers/', provider)
    expect(body).toHaveLength(2)
    expect(body[0]).toEqual({
      id: first.offer.id,
      expires_at: first.offer.expires_at,
      seconds_left: expect.any(Number),
      incident: {
        id: first.id,
        code: first.code,
        urgency: 'urgent',
        service: 'gbv_rescue',
        area: 'Nairobi',
        language: 'en',
        wished_gender: 'female',
        safety_flags: [],
        offer: expect.objectContaining({ id: first.offer.id }),
      },
    })
    await people.post(`/api/incidents/${first.id}/accept/`, {}, provider)
    expect((await people.get('/api/providers/offers/', provider)).body).toHaveLength(1)
    expect((await people.get('/api/providers/offers/', await people.provider())).body).toEqual([])
  })

  it('lists the cases under way, by status', async () => {
    const provider = await people.onlyProvider({ capacity: 2 })
    const [one, two] = [await people.report(), await people.report()]
    for (const { id } of [one, two]) await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    await people.post(`/api/incidents/${two.id}/status/`, { status: 'in_progress' }, provider)
    const cases = async (query = '') => (await people.get(`/api/providers/assigned-cases/${query}`, provider)).body
    expect(await cases()).toMatchObject({ count: 2 })
    expect((await cases('?status=in_progress')).results).toMatchObject([{ id: two.id, title: null }])
    await people.report({ urgency: 'routine' }, provider)
    expect(await cases()).toMatchObject({ count: 2 })
  })
})

describe('the directory', () => {
  it('is dispatch’s, filtered and paged', async () => {
    const police = await people.provider({ type: 'police' })
    const { body } = await people.get('/api/providers/?provider_type=police', people.dispatcher)
    expect(body).toMatchObject({ count: 1, results: [{ id: police.id, name: 'Test provider', is_active: true }] })
    const page = await people.get('/api/providers/?page_size=2&verification=verified', people.admin)
    expect(page.body.results).toHaveLength(2)
    expect(page.body.count).toBeGreaterThan(2)
    expect((await people.get('/api/providers/?provider_type=wizard', people.admin)).status).toBe(400)
    expect((await people.get('/api/providers/', police)).status).toBe(403)
  })

  it('shows one', async () => {
    const police = await people.provider({ type: 'police' })
    const { body } = await people.get(`/api/providers/${police.id}/`, people.dispatcher)
    expect(body).toMatchObject({ id: police.id, provider_type: 'police' })
    expect(body).not.toHaveProperty('position')
    expect((await people.get(`/api/providers/${people.survivor.id}/`, people.dispatcher)).body.code).toBe(
      'PROVIDER_NOT_FOUND',
    )
  })
})
