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
    expect(lost?.body).toMatchObject({ code: 'VERSION_CONFLICT', current: { version: 2 }, yours: { version: 1 } })
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
    expect(faultsOf(type)).toEqual(['body.incident_type invalid_value'])
    const stranger = await people.patch(path, { version: 1, title: 'x' }, await people.api.someone('survivor'))
    expect(stranger.body.code).toBe('INCIDENT_NOT_FOUND')
    await people.post(`${path}cancel/`, { reason: 'by_mistake' }, people.survivor)
    expect((await people.patch(path, { version: 1, title: 'x' }, people.survivor)).body.code).toBe('INCIDENT_CLOSED')
  })

  it('shows both versions in full to those who may read them, and logs that dispatch read', async () => {
    const incident = await people.report({ ...STORY, urgency: 'routine' })
    const path = `/api/incidents/${incident.id}/`
    await people.patch(path, { version: 1, title: 'Theirs', location: null }, people.survivor)
    const lost = await people.patch(path, { version: 1, title: 'Mine', details: { a: 1 } }, people.dispatcher)
    expect(lost.status).toBe(412)
    expect(lost.body.yours).toEqual({ version: 1, title: 'Mine', details: { a: 1 } })
    expect(lost.body.current).toEqual({
      version: 2,
      title: 'Theirs',
      description: STORY.description,
      incident_type: STORY.incident_type,
      occurred_at: '2026-01-05T05:30:00.000Z',
      occurred_precision: STORY.occurred_precision,
      location: null,
      details: STORY.details,
      contact_safety: STORY.contact_safety,
    })
    const log = await db()('access_log').where({ incident_id: incident.id }).pluck('what')
    expect(log).toEqual(['incident.read'])
    const { id: _id, current: _current, yours: _yours, ...rest } = lost.body
    expect(JSON.stringify(rest)).not.toMatch(/Theirs|Mine/)
  })
})

describe('PATCH with base_version', () => {
  const merging = (id: string, body: Record<string, unknown>, by = people.survivor, headers = {}) =>
    people.patch(`/api/incidents/${id}/`, body, by, headers)

  it('writes what nobody else changed, and names field by field what somebody did', async () => {
    const { id } = await people.report({ ...STORY, urgency: 'routine' })
    await merging(id, { version: 1, title: 'Dispatch’s title', incident_type: 'economic' }, people.dispatcher)
    const reply = await merging(id, {
      base_version: 1,
      base: { title: STORY.title, description: STORY.description },
      title: 'Her title',
      description: 'Her description',
      location: { lat: -4.05, lng: 39.66 },
    })
    expect(reply.status).toBe(200)
    expect(reply.headers.get('etag')).toBe('"3"')
    expect(reply.body).toMatchObject({
      version: 3,
      title: 'Dispatch’s title',
      description: 'Her description',
      incident_type: 'economic',
      location: { area: 'Mombasa' },
      merge: {
        merged: ['description', 'location'],
        conflicts: [{ field: 'title', base: STORY.title, yours: 'Her title', current: 'Dispatch’s title' }],
      },
    })
    const event = await db()('events')
      .where({ incident_id: id, type: 'incident.edited' })
      .orderBy('seq', 'desc')
      .first()
    expect(event.data).toEqual({ version: 3, fields: 'description,place' })
  })

  it('refuses what leaves nothing to write, with the conflicts, and writes nothing', async () => {
    const { id } = await people.report({ ...STORY, urgency: 'routine' })
    await merging(id, { version: 1, location: { lat: -4.05, lng: 39.66 } }, people.dispatcher)
    const reply = await merging(id, { base_version: 1, location: null })
    expect(reply.body).toMatchObject({
      status: 412,
      code: 'VERSION_CONFLICT',
      current: { version: 2 },
      yours: { version: 1, location: null },
      conflicts: [{ field: 'location', base: null, yours: null, current: { lat: -4.05, lng: 39.66 } }],
    })
    expect((await people.get(`/api/incidents/${id}/`, people.survivor)).body).toMatchObject({ version: 2, rev: 2 })
  })

  it('takes the same edit twice, and the edit that both made, for no conflict', async () => {
    const { id } = await people.report({ ...STORY, urgency: 'routine' })
    const edit = { base_version: 1, title: 'Agreed', details: { a: { b: 1, c: null } } }
    expect((await merging(id, edit)).body).toMatchObject({ version: 2, merge: { merged: ['title', 'details'] } })
    for (const by of [people.survivor, people.dispatcher]) {
      const again = await merging(id, edit, by)
      expect(again.body).toMatchObject({ version: 2, merge: { merged: ['title', 'details'], conflicts: [] } })
    }
  })

  it('comes to the same whichever of two edits of different fields arrives first', async () => {
    const edits = [
      { base_version: 1, title: 'A' },
      { base_version: 1, description: 'B' },
      { base_version: 1, occurred_at: '2026-01-06T00:00:00Z' },
    ]
    const ends = await Promise.all(
      [edits, edits.toReversed()].map(async order => {
        const { id } = await people.report({ ...STORY, urgency: 'routine' })
        const replies = await Promise.all(order.map(edit => merging(id, edit)))
        expect(replies.map(reply => reply.status)).toEqual([200, 200, 200])
        const { body } = await people.get(`/api/incidents/${id}/`, people.survivor)
        return [body.version, body.title, body.description, body.occurred_at]
      }),
    )
    expect(ends[0]).toEqual([4, 'A', 'B', '2026-01-06T00:00:00.000Z'])
    expect(ends[1]).toEqual(ends[0])
  })

  it('keeps barred whoever either side barred, until a person decides', async () => {
    const [one, two, three] = [await people.provider(), await people.provider(), await people.provider()]
    const { id } = await people.report({ urgency: 'routine', contact_safety: { excluded_providers: [one.id] } })
    await people.post(`/api/incidents/${id}/exclusions/`, { providers: [two.id] }, people.dispatcher)
    const reply = await merging(id, { base_version: 1, contact_safety: { excluded_providers: [three.id] } })
    const all = [one.id, two.id, three.id].sort()
    expect(reply.body.merge).toEqual({
      merged: ['contact_safety'],
      conflicts: [{ field: 'contact_safety.excluded_providers', base: null, yours: [three.id], current: all }],
    })
    expect(await db()('exclusions').where({ incident_id: id }).orderBy('provider_id').pluck('provider_id')).toEqual(all)
    const lone = await merging(id, { version: 3, contact_safety: { excluded_providers: [] } })
    expect(lone.status).toBe(200)
    expect(await db()('exclusions').where({ incident_id: id })).toEqual([])
  })

  it('answers the same under one idempotency key, also after its answer was lost', async () => {
    const { id } = await people.report({ ...STORY, urgency: 'routine' })
    await merging(id, { version: 1, title: 'Theirs' }, people.dispatcher)
    const headers = { 'idempotency-key': 'offline-edit-1' }
    const edit = { base_version: 1, title: 'Mine', description: 'Mine too' }
    const first = await merging(id, edit, people.survivor, headers)
    expect(first.body.merge).toMatchObject({ merged: ['description'], conflicts: [{ field: 'title' }] })
    expect((await merging(id, edit, people.survivor, headers)).body).toEqual(first.body)
    await db()('idempotency_keys').whereNotNull('answer').where({ effect: id }).update({ answer: null, status: null })
    const again = await merging(id, edit, people.survivor, headers)
    expect(again.body.merge).toEqual(first.body.merge)
    expect(again.body.version).toBe(3)
  })

  it('wants one version, and one that there is', async () => {
    const { id } = await people.report({ ...STORY, urgency: 'routine' })
    expect(faultsOf(await merging(id, { version: 1, base_version: 1 }))).toEqual(['body.base_version not_together'])
    expect(faultsOf(await merging(id, { version: 1, base: {} }))).toEqual(['body.base_version required'])
    const both = await merging(id, { base_version: 1, title: 'x' }, people.survivor, { 'if-match': '"1"' })
    expect(faultsOf(both)).toEqual(['body.base_version not_together'])
    expect((await merging(id, { base_version: 7, title: 'x' })).body).toMatchObject({ status: 412, conflicts: [] })
    expect((await merging(id, { base_version: 1, base: { version: 1 } })).status).toBe(400)
  })

  it('is the same door as every edit', async () => {
    const { id } = await people.report({ ...STORY, urgency: 'routine' })
    const provider = await people.onlyProvider()
    const edit = { base_version: 1, title: 'x' }
    for (const stranger of [await people.api.someone('survivor'), provider])
      expect((await merging(id, edit, stranger)).body.code).toBe('INCIDENT_NOT_FOUND')
    await people.post('/api/dispatch/assign/', { incident: id, provider: provider.id }, people.dispatcher)
    expect((await merging(id, edit, provider)).body.merge.merged).toEqual(['title'])
    const contact = await merging(id, { base_version: 1, contact_safety: { channel: 'call' } }, provider)
    expect(contact.body.code).toBe('FORBIDDEN')
    await people.post(`/api/incidents/${id}/cancel/`, { reason: 'safe_now' }, people.survivor)
    expect((await merging(id, edit)).body.code).toBe('INCIDENT_CLOSED')
    expect((await merging(id, edit, provider)).body.code).toBe('ACCESS_ENDED')
  })
})
