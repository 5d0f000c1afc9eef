import { newId } from '../../platform/ids'
import { faultsOf, STORY } from '../../test/builders/incident-story'
import { startWithPeople, type People } from '../../test/builders/people'
import { expectInvariants } from '../../test/harness/invariants'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())
afterEach(() => expectInvariants(people.api.database.db))

const db = () => people.api.database.db

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

  it('keeps the reporter’s word for the urgency, in lists too, and takes none that means another', async () => {
    const incident = await people.report({ urgency_word: 'immediate' })
    expect(incident).toMatchObject({ urgency: 'urgent', urgency_word: 'immediate' })
    const { body } = await people.get('/api/incidents/', people.survivor)
    expect(body.results[0]).toMatchObject({ id: incident.id, urgency_word: 'immediate' })
    expect(await people.report()).toMatchObject({ urgency_word: 'urgent' })
    const wrong = await people.post(
      '/api/incidents/',
      { urgency: 'routine', urgency_word: 'immediate' },
      people.survivor,
    )
    expect(faultsOf(wrong)).toEqual(['body.urgency_word invalid_value'])
  })

  it('takes words for a place whose point is not known, and half a point for none', async () => {
    const { location } = await people.report({ location: { text: 'Behind the market' } })
    expect(location).toEqual({ lat: null, lng: null, text: 'Behind the market', area: null })
    const half = await people.post('/api/incidents/', { urgency: 'urgent', location: { lat: -1.3 } }, people.survivor)
    expect(faultsOf(half)).toEqual(['body.location.lng required'])
    const nothing = await people.post('/api/incidents/', { urgency: 'urgent', location: {} }, people.survivor)
    expect(faultsOf(nothing)).toEqual(['body.location.lat required', 'body.location.lng required'])
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
    expect(faultsOf(reply)).toEqual([
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

  it('keeps the subject of a report on behalf apart and sealed (S7)', async () => {
    const subject = { name: 'Somebody Else', phone: '+254700000001', note: 'my neighbour' }
    const incident = await people.report({ urgency: 'routine', subject })
    expect(incident).toMatchObject({ on_behalf: true, subject_consent: 'not_asked', subject })
    const row = await db()('incident_subjects').where({ incident_id: incident.id }).first()
    expect(row.consent).toBe('not_asked')
    expect(JSON.stringify([row, await db()('incidents').where({ id: incident.id }).first()])).not.toMatch(
      /Somebody|2547|neighbour/,
    )
    const plain = await people.report({ urgency: 'routine' })
    expect(plain).toMatchObject({ on_behalf: false, subject_consent: null, subject: null })
    const own = await people.post('/api/incidents/', { urgency: 'routine', on_behalf: false, subject }, people.survivor)
    expect(faultsOf(own)).toEqual(['body.subject not_on_behalf'])
  })
})
