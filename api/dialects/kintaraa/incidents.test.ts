import { shownOf, startWithApp, type App } from '../../../test/builders/app'
import type { Reply, Someone } from '../../../test/harness/api'
import { expectInvariants } from '../../../test/harness/invariants'

let app: App
beforeAll(async () => {
  app = await startWithApp()
})
afterAll(() => app.people.api.stop())
afterEach(() => expectInvariants(db()))

const db = () => app.people.api.database.db
const survivor = (): Promise<Someone> => app.people.api.someone('survivor')
/** As the record has it, read by its reporter in the product's own form. */
const inCore = async (id: string, by = app.people.survivor): Promise<Reply['body']> =>
  (await app.people.get(`/api/incidents/${id}/`, by)).body
const utcClock = (shiftSeconds = 0): string => new Date(Date.now() + shiftSeconds * 1_000).toISOString().slice(11, 19)

describe('a report', () => {
  it('is answered with every text that a screen reads', async () => {
    const { status, body } = await app.report()
    expect(status).toBe(201)
    for (const field of ['case_number', 'type', 'status', 'urgency_level', 'description', 'date_submitted'])
      expect([field, typeof body[field]]).toEqual([field, 'string'])
    expect(body).toMatchObject({
      type: 'physical',
      incident_type_display: 'Physical Violence',
      status: 'new',
      severity: 'medium',
      urgency_level: 'immediate',
      urgency_display: 'Immediate',
      support_services: ['medical', 'counseling'],
      is_anonymous: false,
      voice_recording: null,
    })
    expect(body.case_number).toMatch(/^K-[2-9A-HJKMNP-Z]{5}$/)
  })

  it('keeps the word immediate beside the urgency, and a mark in the details', async () => {
    const { body } = await app.report()
    expect(await inCore(body.id)).toMatchObject({
      urgency: 'urgent',
      urgency_word: 'immediate',
      details: { immediate: true, severity: 'medium', support_services: ['medical', 'counseling'] },
    })
    const urgency = { incident: body.id, act: 'urgency', urgency: 'routine', reason: 'other' }
    await app.people.post('/api/dispatch/override/', urgency, app.people.dispatcher)
    expect((await inCore(body.id)).urgency_word).toBe('routine')
  })

  it('takes the middle of Nairobi for no place at all', async () => {
    const { body } = await app.report()
    expect(await inCore(body.id)).toMatchObject({ location: null })
    expect(body.location).toEqual({ address: '', coordinates: null, description: null })
  })

  it('keeps the words of a place whose point is not known', async () => {
    const location = {
      address: 'Behind the market',
      description: 'Behind the market',
      coordinates: { latitude: -1.2921, longitude: 36.8219 },
    }
    const { body } = await app.report({ location })
    expect((await inCore(body.id)).location).toEqual({ lat: null, lng: null, text: 'Behind the market', area: null })
    expect(body.location).toMatchObject({ address: 'Behind the market', coordinates: null })
  })

  it('keeps a place that was found, and its area', async () => {
    const location = { address: 'Likoni', coordinates: { latitude: -4.08, longitude: 39.66 } }
    const { body } = await app.report({ location })
    expect((await inCore(body.id)).location).toEqual({ lat: -4.08, lng: 39.66, text: 'Likoni', area: 'Mombasa' })
    expect(body.location.coordinates).toEqual({ latitude: -4.08, longitude: 39.66 })
  })

  it.each([-90, 0, 90])(
    'takes the UTC clock, %i s off, for no time: it then counts from midnight in Nairobi',
    async shift => {
      const { body } = await app.report({ incident_date: '2026-02-03', incident_time: utcClock(shift) })
      expect(await inCore(body.id)).toMatchObject({
        occurred_at: '2026-02-02T21:00:00.000Z',
        occurred_precision: 'day',
      })
      expect([body.incident_date, body.incident_time]).toEqual(['2026-02-03', null])
    },
  )

  it('takes every other time for a local one', async () => {
    const { body } = await app.report({ incident_date: '2026-02-03', incident_time: utcClock(-600) })
    const { occurred_at, occurred_precision } = await inCore(body.id)
    expect([body.incident_date, occurred_precision]).toEqual(['2026-02-03', 'exact'])
    expect(new Date(Date.parse(occurred_at) + 3 * 3_600_000).toISOString().slice(11, 19)).toBe(body.incident_time)
  })

  it('tells what is wrong with a date, in words', async () => {
    const far = await app.report({ incident_date: '2099-01-01', incident_time: utcClock(-6_000) })
    expect([far.status, far.body.errors]).toEqual([400, { incident_date: ['Must not be in the future'] }])
    const none = await app.report({ incident_date: '2026-02-31' })
    expect([none.status, shownOf(none)]).toEqual([400, 'Must be a date such as 2026-01-31'])
  })

  it('wishes how to be reached and by whom, and consents to nothing', async () => {
    const provider_preferences = {
      communicationMethod: 'secure_message',
      preferredGender: 'no_preference',
      proximityPreference: 'nearest',
    }
    const { body } = await app.report({ provider_preferences })
    expect(body.provider_preferences).toEqual(provider_preferences)
    expect((await inCore(body.id)).contact_safety).toEqual({ channel: 'app', wished_gender: 'any' })
  })

  it('needs nothing, and passes over what it does not know', async () => {
    const body = { voice_recording_duration: 3, something: { else: true } }
    const reply = await app.call('POST', '/incidents/', { by: await survivor(), body })
    expect(reply.body).toMatchObject({ type: 'other', urgency_level: 'routine', description: '', incident_date: null })
  })

  it.each([
    ['femicide', 'femicide', undefined],
    ['medical', 'other', 'medical'],
  ])('of the kind %s is kept as %s', async (type, kept, reported_type) => {
    const { body } = await app.report({ type })
    const { incident_type, details } = await inCore(body.id)
    expect([body.type, incident_type, details.reported_type]).toEqual([kept, kept, reported_type])
  })

  it('of a provider is a walk-in: on behalf of somebody, and no alarm', async () => {
    const by = await app.people.onlyProvider({ type: 'healthcare' })
    const { status, body } = await app.report({ type: 'medical' }, by)
    expect([status, body.urgency_level, body.type]).toEqual([201, 'routine', 'other'])
    expect(await inCore(body.id, by)).toMatchObject({
      on_behalf: true,
      urgency: 'routine',
      details: { reported_type: 'medical' },
    })
  })

  it('sent six times is one', async () => {
    const by = await survivor()
    const body = { type: 'sexual', description: 'A lost answer', urgency_level: 'urgent', incident_date: '2026-02-03' }
    const send = (more = {}) => app.call('POST', '/incidents/', { by, body: { ...body, ...more } })
    const first = await send({ incident_time: utcClock() })
    for (let repeat = 0; repeat < 5; repeat++) {
      // The app reads its clock anew for each.
      const again = await send({ incident_time: utcClock(2 ** repeat) })
      expect([again.status, again.body]).toEqual([201, first.body])
    }
    const count = () => db()('incidents').where({ reporter_id: by.id }).count<{ count: number }[]>('* as count')
    expect(await count()).toEqual([{ count: 1 }])
    expect((await send({ urgency_level: 'routine' })).body.id).not.toBe(first.body.id)
    // Ten minutes later the same words are another report.
    await db()('idempotency_keys')
      .where({ user_id: by.id })
      .update({ taken_at: db().raw("now() - interval '601 seconds'") })
    expect((await send()).body.id).not.toBe(first.body.id)
    expect(await count()).toEqual([{ count: 3 }])
  })

  it('leaves no word of itself in what it is remembered by', async () => {
    const by = await survivor()
    await app.call('POST', '/incidents/', { by, body: { description: 'wherebyremembered' } })
    const rows = JSON.stringify(await db()('idempotency_keys').where({ user_id: by.id }))
    expect(rows).not.toContain('wherebyremembered')
  })
})

describe('lists', () => {
  it('are bare arrays, newest first, with every text of one’s own', async () => {
    const by = await survivor()
    const ids = [(await app.report({}, by)).body.id, (await app.report({ description: 'the second' }, by)).body.id]
    const { status, body } = await app.call('GET', '/incidents/', { by })
    expect([status, body.map(({ id }: { id: string }) => id)]).toEqual([200, [...ids].reverse()])
    expect(body[0]).toMatchObject({
      description: 'the second',
      support_services: ['medical', 'counseling'],
      status: 'new',
    })
  })

  it('find by the app’s words, and by a word that is none nothing', async () => {
    const by = await survivor()
    await app.report({ type: 'online', urgency_level: 'routine' }, by)
    const found = async (query: string): Promise<number> =>
      (await app.call('GET', `/incidents/?${query}`, { by })).body.length
    expect(await found('status=new&type=online&sort=-created_at')).toBe(1)
    expect(await found('status=completed')).toBe(0)
    expect(await found('status=wizardry')).toBe(0)
    expect(await found('type=sexual')).toBe(0)
    expect(await found('page=zero&unknown=1')).toBe(1)
  })

  it('of dispatch hold codes, and nobody’s words', async () => {
    const { body } = await app.report({ description: 'unmistakable words' })
    const list = await app.call('GET', '/incidents/', { by: app.people.dispatcher })
    expect(list.body.map(({ id }: { id: string }) => id)).toContain(body.id)
    expect(JSON.stringify(list.body)).not.toContain('unmistakable')
  })

  it('come with figures', async () => {
    const by = await survivor()
    await app.report({}, by)
    await app.report({ type: 'online' }, by)
    expect((await app.call('GET', '/incidents/stats/', { by })).body).toEqual({
      total_incidents: 2,
      by_status: { new: 2, assigned: 0, in_progress: 0, completed: 0, closed: 0 },
      by_type: expect.arrayContaining([
        { type: 'online', count: 1 },
        { type: 'physical', count: 1 },
      ]),
      recent_incidents: 2,
    })
  })
})

describe('one incident', () => {
  it('can be read, edited without a version, and deleted', async () => {
    const by = await survivor()
    const { body } = await app.report({}, by)
    const edited = await app.call('PATCH', `/incidents/${body.id}/`, {
      by,
      body: {
        description: 'It was two days ago',
        support_services: ['legal'],
        provider_preferences: { communicationMethod: 'call' },
        status: 'completed',
      },
    })
    expect(edited.body).toMatchObject({
      description: 'It was two days ago',
      support_services: ['legal'],
      status: 'new',
    })
    expect((await app.call('GET', `/incidents/${body.id}/`, { by })).body).toEqual(edited.body)
    expect(await inCore(body.id, by)).toMatchObject({
      version: 2,
      details: { immediate: true, support_services: ['legal'] },
      contact_safety: { channel: 'call' },
    })
    const events = await db()('events').where({ incident_id: body.id, type: 'incident.edited' }).pluck('data')
    expect(events).toMatchObject([{ version: 2, fields: 'description,details,contact_safety' }])
    expect((await app.call('DELETE', `/incidents/${body.id}/`, { by })).status).toBe(204)
    expect((await app.call('GET', `/incidents/${body.id}/`, { by })).body.code).toBe('INCIDENT_NOT_FOUND')
  })

  it('is edited last by whoever writes last, and no field is lost', async () => {
    const by = await survivor()
    const { body } = await app.report({}, by)
    const edit = (more: object) => app.call('PATCH', `/incidents/${body.id}/`, { by, body: more })
    const replies = await Promise.all([edit({ description: 'one' }), edit({ support_services: ['police'] })])
    expect(replies.map(({ status }) => status)).toEqual([200, 200])
    expect((await app.call('GET', `/incidents/${body.id}/`, { by })).body).toMatchObject({
      description: 'one',
      support_services: ['police'],
    })
  })
})

describe('a recording', () => {
  /** As the app sends it: the form's bytes under the type of JSON, and no boundary in any header. */
  function form(file: Buffer): string {
    const boundary = '----WebKitFormBoundary7MA4YWxkTrZu0gW'
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n`
    const rest = `\r\n--${boundary}\r\nContent-Disposition: form-data; name="duration"\r\n\r\n12\r\n--${boundary}--\r\n`
    return head + file.toString('latin1') + rest
  }
  const WAV = Buffer.concat([
    Buffer.from('RIFF$\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0', 'latin1'),
    Buffer.alloc(4_100, 1),
  ])

  it('is read although its header says nothing of its form, and refused in words: none is kept yet', async () => {
    const reply = await app.call('POST', '/incidents/upload-voice/', { by: await survivor(), body: form(WAV) })
    expect([reply.status, shownOf(reply)]).toEqual([503, expect.stringMatching(/write/)])
  })

  it('that is none is refused for what it is', async () => {
    const by = await survivor()
    const text = await app.call('POST', '/incidents/upload-voice/', { by, body: form(Buffer.alloc(5_000, 'words ')) })
    expect([text.status, text.body.code]).toEqual([415, 'FILE_TYPE_NOT_SUPPORTED'])
    const json = await app.call('POST', '/incidents/upload-voice/', { by, body: {} })
    expect([json.status, json.body.code]).toEqual([415, 'MEDIA_TYPE_NOT_SUPPORTED'])
    expect((await app.call('POST', '/incidents/upload-voice/', { by })).status).toBe(415)
  })
})
