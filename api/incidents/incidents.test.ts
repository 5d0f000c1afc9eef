import { startWithPeople, type People } from '../../test/builders/people'
import { expectInvariants } from '../../test/harness/invariants'
import type { Reply, Someone } from '../../test/harness/api'
import { newId } from '../../platform/ids'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())
afterEach(() => expectInvariants(people.api.database.db))

const db = () => people.api.database.db
const faults = (reply: Reply): string[] =>
  (reply.body.errors as { path: string; code: string }[]).map(({ path, code }) => `${path} ${code}`).sort()
const accessOf = (incidentId: string): Promise<{ actor_id: string; actor_role: string; what: string }[]> =>
  db()('access_log').where({ incident_id: incidentId }).orderBy('at').select('actor_id', 'actor_role', 'what')

const STORY = {
  title: 'Title of mine',
  description: 'What happened',
  incident_type: 'physical',
  occurred_at: '2026-01-05T08:30:00+03:00',
  occurred_precision: 'hour',
  location: { lat: -1.2864, lng: 36.8172, text: 'behind the market' },
  details: { injured: true, nested: { deep: ['a', 1, null] } },
  contact_safety: {
    channel: 'sms',
    hours: { from: '09:00', to: '11:00' },
    wished_gender: 'female',
    safety_flags: ['weapon', 'children_present'],
  },
}

describe('POST /api/incidents/', () => {
  it('takes an urgent report in with its first offer, and nothing but the urgency is needed', async () => {
    const provider = await people.onlyProvider()
    const reply = await people.post('/api/incidents/', { urgency: 'urgent' }, people.survivor)
    expect(reply.status).toBe(201)
    expect(reply.headers.get('etag')).toBe('"1"')
    expect(reply.body).toMatchObject({
      case_type: 'gbv',
      urgency: 'urgent',
      status: 'offering',
      rev: 1,
      version: 1,
      title: null,
      location: null,
      reporter: { id: people.survivor.id, name: 'Test survivor' },
      assigned_to: null,
      escalation_reason: null,
      voice_recording_id: null,
      message_count: 0,
    })
    expect(reply.body.code).toMatch(/^K-[2-9A-HJKMNP-Z]{5}$/)
    expect(reply.body.offer.seconds_left).toBeGreaterThan(115)
    expect(await db()('offers').where({ incident_id: reply.body.id }).pluck('provider_id')).toEqual([provider.id])
    expect(people.told.at(-1)).toMatchObject({ signal: 'reported', snapshot: { id: reply.body.id, rev: 1 } })
  })

  it('calls dispatch in the same answer when there is nobody to ask (I9)', async () => {
    await db()('provider_profiles').update({ availability: 'off_duty' })
    const incident = await people.report()
    expect(incident).toMatchObject({ status: 'escalated', escalation_reason: 'no_provider_available', offer: null })
  })

  it('puts a routine report before the dispatchers', async () => {
    const incident = await people.report({ urgency: 'routine' })
    expect(incident.status).toBe('pending_dispatcher_review')
    const { body } = await people.get('/api/notices/', people.dispatcher)
    expect(body.results[0]).toMatchObject({ kind: 'dispatch.review', reference: incident.id })
  })

  it('keeps every word sealed and gives it back to its reporter', async () => {
    const incident = await people.report(STORY)
    expect(incident).toMatchObject({
      title: STORY.title,
      description: STORY.description,
      incident_type: 'physical',
      occurred_at: '2026-01-05T05:30:00.000Z',
      occurred_precision: 'hour',
      location: { ...STORY.location, area: 'Nairobi' },
      details: STORY.details,
      contact_safety: STORY.contact_safety,
    })
    const row = await db()('incidents').where({ id: incident.id }).first()
    expect(JSON.stringify(row)).not.toMatch(/Title of mine|What happened|market|36\.8172|female|weapon/)
    expect(row.region).toBe('KE-30')
  })

  it('bars providers whom the reporter names, without saying so to anybody', async () => {
    const barred = await people.onlyProvider()
    const incident = await people.report({ contact_safety: { excluded_providers: [barred.id, newId()] } })
    expect(incident.status).toBe('escalated')
    expect(incident.contact_safety).toEqual({})
    expect(await db()('exclusions').where({ incident_id: incident.id }).pluck('provider_id')).toEqual([barred.id])
  })

  it('answers a repeated client_id with the first, also when both come at once', async () => {
    const client_id = 'phone-17'
    const send = () => people.post('/api/incidents/', { urgency: 'routine', client_id }, people.survivor)
    const replies = await Promise.all([send(), send(), send()])
    const third = await send()
    expect(new Set([...replies, third].map(reply => reply.body.id)).size).toBe(1)
    expect(replies.map(reply => reply.status).sort()).toEqual([200, 200, 201])
    expect(third.status).toBe(200)
    const other = await people.api.someone('survivor')
    const theirs = await people.post('/api/incidents/', { urgency: 'routine', client_id }, other)
    expect(theirs.status).toBe(201)
    expect(theirs.body.id).not.toBe(third.body.id)
  })

  it('does one report under one idempotency key', async () => {
    const headers = { 'idempotency-key': newId() }
    const send = (title: string) =>
      people.post('/api/incidents/', { urgency: 'routine', title }, people.survivor, headers)
    const [first, second, changed] = [await send('a'), await send('a'), await send('b')]
    expect([first.status, second.status, changed.status]).toEqual([201, 201, 409])
    expect(second.body).toEqual(first.body)
    expect(changed.body.code).toBe('IDEMPOTENCY_KEY_REUSED')
  })

  it('marks what a provider or dispatcher reports as on behalf', async () => {
    const provider = await people.onlyProvider()
    expect((await people.report({ urgency: 'routine' }, provider)).on_behalf).toBe(true)
    expect((await people.report({ urgency: 'routine' }, people.dispatcher)).on_behalf).toBe(true)
    expect((await people.report({ urgency: 'routine', on_behalf: true })).on_behalf).toBe(true)
    expect((await people.report({ urgency: 'routine' })).on_behalf).toBe(false)
  })

  it('knows the words of another case type', async () => {
    const ride = await people.report({ case_type: 'ambulance', urgency: 'routine', incident_type: 'transfer' })
    expect(ride).toMatchObject({ case_type: 'ambulance', incident_type: 'transfer' })
    expect(ride.code).toMatch(/^A-/)
  })

  it('names every fault at once and writes nothing', async () => {
    const before = await db()('incidents').count('* as n').first()
    const reply = await people.post(
      '/api/incidents/',
      {
        case_type: 'gbv',
        incident_type: 'transfer',
        title: '',
        location: { lat: 91, lng: 'x', unknown: 1 },
        occurred_at: '2199-01-01T00:00:00Z',
        details: { big: 'x'.repeat(20_001) },
        contact_safety: { hours: { from: '9', to: '11:00' }, excluded_providers: ['nobody'] },
        wanted: true,
      },
      people.survivor,
    )
    expect(reply.status).toBe(400)
    expect(reply.body.code).toBe('VALIDATION_FAILED')
    expect(faults(reply)).toEqual([
      'body.contact_safety.excluded_providers.0 invalid_format',
      'body.contact_safety.hours.from invalid_format',
      'body.details too_big',
      'body.incident_type invalid_value',
      'body.location.lat too_big',
      'body.location.lng invalid_type',
      'body.location.unknown unknown_field',
      'body.occurred_at in_future',
      'body.title too_small',
      'body.urgency required',
      'body.wanted unknown_field',
    ])
    expect(await db()('incidents').count('* as n').first()).toEqual(before)
  })

  it('refuses details that are no object, and what nests too deep', async () => {
    const deep = JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40)) as object
    expect((await people.post('/api/incidents/', { urgency: 'urgent', details: [] }, people.survivor)).status).toBe(400)
    expect((await people.post('/api/incidents/', { urgency: 'urgent', details: deep }, people.survivor)).status).toBe(
      400,
    )
  })
})

describe('GET /api/incidents/{id}/', () => {
  it('shows all of it to the reporter, without a line in the log, and to dispatch, with one (S5)', async () => {
    const incident = await people.report({ ...STORY, urgency: 'routine' })
    expect((await people.get(`/api/incidents/${incident.id}/`, people.survivor)).body.title).toBe(STORY.title)
    expect(await accessOf(incident.id)).toEqual([])
    const seen = await people.get(`/api/incidents/${incident.id}/`, people.dispatcher)
    expect(seen.headers.get('etag')).toBe('"1"')
    expect(seen.body).toMatchObject({ title: STORY.title, reporter: { name: 'Test survivor' } })
    expect(await accessOf(incident.id)).toEqual([
      { actor_id: people.dispatcher.id, actor_role: 'dispatcher', what: 'incident.read' },
    ])
  })

  it('shows an offered provider the preview and nothing else (S3), logged as such', async () => {
    const provider = await people.onlyProvider()
    const incident = await people.report(STORY)
    const reply = await people.get(`/api/incidents/${incident.id}/`, provider)
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({
      id: incident.id,
      code: incident.code,
      urgency: 'urgent',
      service: 'gbv_rescue',
      area: 'Nairobi',
      language: 'en',
      wished_gender: 'female',
      safety_flags: ['weapon', 'children_present'],
      offer: { id: incident.offer.id, expires_at: incident.offer.expires_at, seconds_left: expect.any(Number) },
    })
    expect(reply.headers.get('etag')).toBeNull()
    expect(await accessOf(incident.id)).toMatchObject([{ actor_id: provider.id, what: 'incident.preview' }])
    for (const part of ['timeline', 'actions'])
      expect([200, 403]).toContain((await people.get(`/api/incidents/${incident.id}/${part}/`, provider)).status)
    expect((await people.get(`/api/incidents/${incident.id}/timeline/`, provider)).status).toBe(403)
  })

  it.each(['reject', 'expiry', 'withdrawal'])('ends an offered provider’s access with %s', async how => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    if (how === 'reject') await people.post(`/api/incidents/${id}/reject/`, { reason: 'too_far' }, provider)
    if (how === 'expiry')
      await db()('offers')
        .where({ incident_id: id })
        .update({ expires_at: db().raw(`clock_timestamp() - interval '1 ms'`) })
    if (how === 'withdrawal') await people.post(`/api/incidents/${id}/cancel/`, { reason: 'safe_now' }, people.survivor)
    const reply = await people.get(`/api/incidents/${id}/`, provider)
    expect(reply.body).toMatchObject({ status: 403, code: 'ACCESS_ENDED' })
  })

  it('does not exist for somebody else', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    const strangers: Someone[] = [await people.api.someone('survivor'), await people.provider()]
    for (const stranger of strangers)
      for (const path of ['', 'timeline/', 'actions/']) {
        const reply = await people.get(`/api/incidents/${id}/${path}`, stranger)
        expect(reply.body).toMatchObject({ status: 404, code: 'INCIDENT_NOT_FOUND' })
      }
    expect(await accessOf(id)).toEqual([])
    const none = await people.get(`/api/incidents/${newId()}/`, people.dispatcher)
    const wrong = await people.get('/api/incidents/7/', people.dispatcher)
    expect([none.body.code, wrong.body.code]).toEqual(['INCIDENT_NOT_FOUND', 'INCIDENT_NOT_FOUND'])
  })

  it('says nothing of a person whose account or incident was erased', async () => {
    const incident = await people.report({ ...STORY, urgency: 'routine' })
    await db()('incident_keys').where({ incident_id: incident.id }).delete()
    const { body } = await people.get(`/api/incidents/${incident.id}/`, people.dispatcher)
    expect(body).toMatchObject({
      title: null,
      description: null,
      details: null,
      location: { lat: null, area: 'Nairobi' },
    })
  })
})

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
    expect(faults(wrong)).toHaveLength(5)
  })

  it('finds what a dispatcher owns', async () => {
    await db()('provider_profiles').update({ availability: 'off_duty' })
    const { id } = await people.report()
    const dispatcher = await people.api.someone('dispatcher')
    await people.post('/api/dispatch/acknowledge/', { incident: id }, dispatcher)
    const { body } = await people.get('/api/incidents/?mine=true', dispatcher)
    expect(body.results).toMatchObject([{ id, owner: { id: dispatcher.id } }])
  })
})

describe('PATCH /api/incidents/{id}/', () => {
  it('edits on the version that was seen, and raises it', async () => {
    const incident = await people.report({ ...STORY, urgency: 'routine' })
    const path = `/api/incidents/${incident.id}/`
    const edited = await people.patch(
      path,
      { title: 'Another title', description: null, location: { lat: -4.05, lng: 39.66 } },
      people.survivor,
      { 'if-match': '"1"' },
    )
    expect(edited.status).toBe(200)
    expect(edited.headers.get('etag')).toBe('"2"')
    expect(edited.body).toMatchObject({
      version: 2,
      title: 'Another title',
      description: null,
      location: { lat: -4.05, text: null, area: 'Mombasa' },
      details: STORY.details,
    })
    const byBody = await people.patch(path, { version: 2, incident_type: 'economic' }, people.dispatcher)
    expect(byBody.body).toMatchObject({ version: 3, incident_type: 'economic' })
    const event = await db()('events')
      .where({ incident_id: incident.id, type: 'incident.edited' })
      .orderBy('seq')
      .first()
    expect(event.data).toEqual({ version: 2, fields: 'title,description,place' })
  })

  it('needs the version (428) and refuses another one with both (412)', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    const path = `/api/incidents/${id}/`
    const none = await people.patch(path, { title: 'x' }, people.survivor)
    expect(none.body).toMatchObject({ status: 428, code: 'VERSION_REQUIRED' })
    const replies = await Promise.all(
      ['a', 'b', 'c'].map(title => people.patch(path, { title, version: 1 }, people.survivor)),
    )
    expect(replies.map(reply => reply.status).sort()).toEqual([200, 412, 412])
    const lost = replies.find(reply => reply.status === 412)
    expect(lost?.body).toMatchObject({ code: 'VERSION_CONFLICT', current: 2, yours: 1 })
  })

  it('withdraws the offer of somebody who is barred by it, and asks the next', async () => {
    const first = await people.onlyProvider()
    const incident = await people.report()
    const second = await people.provider()
    const { body } = await people.patch(
      `/api/incidents/${incident.id}/`,
      { version: 1, contact_safety: { excluded_providers: [first.id] } },
      people.survivor,
    )
    expect(body.status).toBe('offering')
    const offers = await db()('offers')
      .where({ incident_id: incident.id })
      .orderBy('offered_at')
      .select('provider_id', 'state')
    expect(offers).toEqual([
      { provider_id: first.id, state: 'withdrawn' },
      { provider_id: second.id, state: 'open' },
    ])
    expect(people.told.at(-1)?.signal).toBe('offerAnswered')
    await people.patch(`/api/incidents/${incident.id}/`, { version: 2, contact_safety: null }, people.survivor)
    expect(await db()('exclusions').where({ incident_id: incident.id })).toEqual([])
  })

  it('lets the responder edit the story, not the contact', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    const path = `/api/incidents/${id}/`
    expect((await people.patch(path, { version: 1, title: 'x' }, provider)).status).toBe(403)
    await people.post(`${path}accept/`, {}, provider)
    expect((await people.patch(path, { version: 1, title: 'x' }, provider)).body.version).toBe(2)
    const contact = await people.patch(path, { version: 2, contact_safety: { channel: 'call' } }, provider)
    expect(contact.body.code).toBe('FORBIDDEN')
  })

  it('refuses the wrong type, a stranger, and what is over', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    const path = `/api/incidents/${id}/`
    const type = await people.patch(path, { version: 1, incident_type: 'transfer' }, people.survivor)
    expect(faults(type)).toEqual(['body.incident_type invalid_value'])
    const stranger = await people.patch(path, { version: 1, title: 'x' }, await people.api.someone('survivor'))
    expect(stranger.body.code).toBe('INCIDENT_NOT_FOUND')
    await people.post(`${path}cancel/`, { reason: 'by_mistake' }, people.survivor)
    expect((await people.patch(path, { version: 1, title: 'x' }, people.survivor)).body.code).toBe('INCIDENT_CLOSED')
  })
})

describe('DELETE /api/incidents/{id}/', () => {
  const remove = (id: string, by: Someone): Promise<Reply> =>
    people.api.call('DELETE', `/api/incidents/${id}/`, { token: by.access })

  it('cancels an open one first and takes it off every list', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    const gone = await remove(id, people.survivor)
    expect([gone.status, gone.body]).toEqual([204, ''])
    expect((await people.get(`/api/incidents/${id}/`, people.survivor)).status).toBe(404)
    expect((await people.get(`/api/incidents/${id}/`, people.dispatcher)).status).toBe(404)
    expect((await people.get(`/api/incidents/${id}/`, people.admin)).body.status).toBe('cancelled')
    expect((await remove(id, people.survivor)).status).toBe(404)
    const reopened = await people.post(`/api/incidents/${id}/reopen/`, { reason: 'by_mistake' }, people.survivor)
    expect(reopened.status).toBe(404)
    const { body } = await people.get('/api/incidents/', people.survivor)
    expect(body.results.map((row: { id: string }) => row.id)).not.toContain(id)
    const events = await db()('events').where({ incident_id: id }).orderBy('seq').select('type', 'data')
    expect(events.slice(-2)).toMatchObject([
      { type: 'incident.cancelled', data: { reason: 'deleted_by_reporter' } },
      { type: 'incident.deleted' },
    ])
    expect(await db()('provider_profiles').where({ user_id: provider.id }).first('load')).toEqual({ load: 0 })
    expect(people.told.at(-1)).toMatchObject({ signal: 'statusChanged', snapshot: { open: false } })
  })

  it('closes a completed one, and is dispatch’s to do as well', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    const provider = await people.onlyProvider()
    await people.post('/api/dispatch/assign/', { incident: id, provider: provider.id }, people.dispatcher)
    await people.post(`/api/incidents/${id}/status/`, { status: 'completed', outcome: 'helped' }, people.survivor)
    expect((await remove(id, people.dispatcher)).status).toBe(204)
    expect(await db()('incidents').where({ id }).first('status')).toEqual({ status: 'closed' })
  })

  it('is nobody else’s', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    expect((await remove(id, await people.api.someone('survivor'))).body.code).toBe('INCIDENT_NOT_FOUND')
    expect((await remove(id, await people.provider())).body.code).toBe('FORBIDDEN')
  })
})
