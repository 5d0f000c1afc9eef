import { newId } from '../../platform/ids'
import { STORY } from '../../test/builders/incident-story'
import { startWithPeople, type People } from '../../test/builders/people'
import type { Reply, Someone } from '../../test/harness/api'
import { expectInvariants } from '../../test/harness/invariants'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())
afterEach(() => expectInvariants(people.api.database.db))

const db = () => people.api.database.db
const remove = (path: string, by: Someone): Promise<Reply> => people.api.call('DELETE', path, { token: by.access })
const accessOf = (incidentId: string): Promise<string[]> =>
  db()('access_log').where({ incident_id: incidentId }).orderBy(['at', 'id']).pluck('what')

describe('exclusions/ (S8)', () => {
  const bar = (id: string, providers: readonly Someone[], by: Someone): Promise<Reply> =>
    people.post(`/api/incidents/${id}/exclusions/`, { providers: providers.map(each => each.id) }, by)
  const listed = async (id: string, by: Someone): Promise<string[]> =>
    (await people.get(`/api/incidents/${id}/exclusions/`, by)).body.map((row: { provider: string }) => row.provider)

  it('adds to the list and shows it to the reporter and dispatch alone', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    const [first, second] = [await people.provider({ type: 'legal' }), await people.provider()]
    const added = await bar(id, [first], people.survivor)
    expect(added.status).toBe(200)
    expect(added.body).toEqual([
      {
        provider: first.id,
        provider_name: 'Test provider',
        provider_type: 'legal',
        barred_by: 'reporter',
        barred_at: expect.any(String),
        is_assigned: false,
      },
    ])
    expect((await bar(id, [first, second], people.dispatcher)).body).toMatchObject([
      { provider: first.id, barred_by: 'reporter' },
      { provider: second.id, barred_by: 'dispatch' },
    ])
    expect(await listed(id, people.survivor)).toEqual([first.id, second.id])
    expect((await people.get(`/api/incidents/${id}/exclusions/`, first)).body.code).toBe('FORBIDDEN')
    const stranger = await people.api.someone('survivor')
    for (const reply of [
      await people.get(`/api/incidents/${id}/exclusions/`, stranger),
      await bar(id, [first], stranger),
      await remove(`/api/incidents/${id}/exclusions/${first.id}/`, stranger),
      await bar(newId(), [first], people.dispatcher),
    ])
      expect(reply.body).toMatchObject({ status: 404, code: 'INCIDENT_NOT_FOUND' })
  })

  it('is recorded as an edit, without saying who, and once only', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    const provider = await people.provider()
    await bar(id, [provider], people.survivor)
    await bar(id, [provider], people.survivor)
    await people.post(`/api/incidents/${id}/exclusions/`, { providers: [newId()] }, people.survivor)
    const edits = await db()('events').where({ incident_id: id, type: 'incident.edited' }).pluck('data')
    expect(edits).toEqual([{ version: 2, fields: 'excluded_providers' }])
    expect((await people.get(`/api/incidents/${id}/`, people.survivor)).body.version).toBe(2)
  })

  it('withdraws the open offer of whoever is barred and asks the next, in the same act', async () => {
    const first = await people.onlyProvider()
    const { id } = await people.report()
    const second = await people.provider()
    await bar(id, [first], people.survivor)
    const offers = await db()('offers')
      .where({ incident_id: id })
      .orderBy('offered_at')
      .select('provider_id', 'state', 'reason')
    expect(offers).toEqual([
      { provider_id: first.id, state: 'withdrawn', reason: 'excluded_by_reporter' },
      { provider_id: second.id, state: 'open', reason: null },
    ])
    expect(people.told.at(-1)?.signal).toBe('offerAnswered')
    expect((await people.get(`/api/incidents/${id}/`, first)).body.code).toBe('ACCESS_ENDED')
  })

  it('never offers to the barred again, also after a reopening, for which they can be barred beforehand', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    await people.post(`/api/incidents/${id}/cancel/`, { reason: 'safe_now' }, people.survivor)
    expect((await bar(id, [provider], people.survivor)).status).toBe(200)
    const reopened = await people.post(`/api/incidents/${id}/reopen/`, { reason: 'still_in_need' }, people.survivor)
    expect(reopened.body).toMatchObject({ status: 'escalated', offer: null })
  })

  describe('of the responder who has the case', () => {
    let provider: Someone
    let id: string
    const path = () => `/api/incidents/${id}/`

    beforeEach(async () => {
      provider = await people.onlyProvider()
      id = (await people.report(STORY)).id
      await people.post(`${path()}accept/`, {}, provider)
      await db()('notices').where({ recipient_id: provider.id }).delete()
    })

    it('calls dispatch at once, and the responder does not learn of it', async () => {
      const { body } = await bar(id, [provider], people.survivor)
      expect(body).toMatchObject([{ provider: provider.id, is_assigned: true }])
      const seen = await people.get(path(), people.dispatcher)
      expect(seen.body).toMatchObject({ status: 'assigned', escalation_reason: 'assignee_barred' })
      expect(people.told.at(-1)?.signal).toBe('statusChanged')
      const { body: inbox } = await people.get('/api/notices/', people.dispatcher)
      expect(inbox.results[0]).toMatchObject({ kind: 'dispatch.escalated', reference: id })
      const board = await people.get('/api/incidents/?escalated=true', people.dispatcher)
      expect(board.body.results.map((row: { id: string }) => row.id)).toContain(id)

      expect((await people.get(path(), provider)).body).toMatchObject({ status: 'assigned', escalation_reason: null })
      const shown = [
        await people.get(`${path()}timeline/`, provider),
        await people.get('/api/incidents/', provider),
        await people.get('/api/providers/assigned-cases/', provider),
      ]
      for (const reply of shown) expect(JSON.stringify(reply.body)).not.toMatch(/barred|exclu|incident\.escalated/)
      expect((await people.get('/api/incidents/?escalated=true', provider)).body.results).toEqual([])
      expect((await people.get('/api/incidents/?escalated=false', provider)).body.results).toHaveLength(1)
      expect((await people.get('/api/notices/', provider)).body.results).toEqual([])
      const told = await people.get(`${path()}timeline/`, people.survivor)
      expect(told.body).toContainEqual(
        expect.objectContaining({ type: 'incident.escalated', reason: 'assignee_barred' }),
      )
    })

    it('stays dispatch’s matter although the work begins, until dispatch decides', async () => {
      await bar(id, [provider], people.survivor)
      await people.post(`${path()}status/`, { status: 'in_progress' }, provider)
      const begun = await people.get(path(), people.dispatcher)
      expect(begun.body).toMatchObject({ status: 'in_progress', escalation_reason: 'assignee_barred' })
      const next = await people.provider()
      const { body } = await people.post(
        '/api/dispatch/reassign/',
        { incident: id, provider: next.id },
        people.dispatcher,
      )
      expect(body).toMatchObject({ escalation_reason: null, assigned_to: { id: next.id } })
      expect((await people.get(path(), provider)).body.code).toBe('ACCESS_ENDED')
      const back = { incident: id, provider: provider.id }
      expect((await people.post('/api/dispatch/reassign/', back, people.dispatcher)).body.code).toBe(
        'PROVIDER_EXCLUDED',
      )
    })

    it('is over when the reporter lets them in again', async () => {
      await bar(id, [provider], people.survivor)
      expect((await remove(`${path()}exclusions/${provider.id}/`, people.survivor)).status).toBe(204)
      expect((await people.get(path(), people.dispatcher)).body.escalation_reason).toBeNull()
    })
  })

  it('lets in again: the reporter whomever, dispatch whom dispatch has barred', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    const [hers, theirs] = [await people.provider(), await people.provider()]
    await bar(id, [hers], people.survivor)
    await bar(id, [theirs], people.dispatcher)
    const lift = (provider: Someone, by: Someone) => remove(`/api/incidents/${id}/exclusions/${provider.id}/`, by)
    expect((await lift(hers, people.dispatcher)).body).toMatchObject({ status: 422, code: 'RULE_BROKEN' })
    const cleared = await people.patch(`/api/incidents/${id}/`, { version: 3, contact_safety: null }, people.dispatcher)
    expect(cleared.body.code).toBe('RULE_BROKEN')
    expect(await listed(id, people.survivor)).toEqual([hers.id, theirs.id])
    expect((await lift(theirs, people.dispatcher)).status).toBe(204)
    expect((await lift(theirs, people.dispatcher)).body.code).toBe('EXCLUSION_NOT_FOUND')
    await bar(id, [theirs], people.dispatcher)
    for (const provider of [hers, theirs]) expect((await lift(provider, people.survivor)).status).toBe(204)
    expect(await listed(id, people.survivor)).toEqual([])
  })

  it('has an end: a hundred for one incident', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    const barred = await Promise.all(Array.from({ length: 101 }, () => people.api.someone('provider')))
    expect((await bar(id, barred, people.survivor)).status).toBe(400)
    expect((await bar(id, barred.slice(0, 100), people.survivor)).body).toHaveLength(100)
    expect((await bar(id, barred.slice(100), people.survivor)).body.code).toBe('RULE_BROKEN')
  })
})

describe('access-log/ (S5)', () => {
  it('has a row for every reading by staff, and shows the reporter when, in which role and what', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    const path = `/api/incidents/${id}/`
    await people.get(path, provider)
    await people.post(`${path}accept/`, {}, provider)
    for (const part of ['', 'timeline/', 'offers/', 'exclusions/'])
      await people.get(`${path}${part}`, people.dispatcher)
    await people.get(`${path}timeline/?verify=1`, people.admin)
    await people.get(`${path}timeline/`, provider)
    for (const part of ['', 'timeline/', 'exclusions/']) await people.get(`${path}${part}`, people.survivor)
    const { body } = await people.get(`${path}access-log/`, people.survivor)
    expect(body).toMatchObject({ count: 8, next: null, previous: null })
    expect(body.results.map((row: { actor_role: string; what: string }) => `${row.actor_role} ${row.what}`)).toEqual([
      'provider incident.timeline',
      'admin incident.verify',
      'dispatcher incident.exclusions',
      'dispatcher incident.offers',
      'dispatcher incident.timeline',
      'dispatcher incident.read',
      'provider incident.read',
      'provider incident.preview',
    ])
    for (const row of body.results) expect(Object.keys(row).sort()).toEqual(['actor_role', 'at', 'what'])
    const paged = await people.get(`${path}access-log/?page=2&page_size=5`, people.survivor)
    expect(paged.body.results).toEqual(body.results.slice(5))
    expect((await people.get(`${path}access-log/?page=3&page_size=5`, people.survivor)).body.code).toBe(
      'PAGE_NOT_FOUND',
    )
  })

  it('is the reporter’s and the administrators’, whose look at it is a reading too', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    const path = `/api/incidents/${id}/access-log/`
    expect((await people.get(path, people.admin)).body.results).toMatchObject([{ what: 'incident.access_log' }])
    expect((await people.get(path, await people.api.someone('survivor'))).body.code).toBe('INCIDENT_NOT_FOUND')
    for (const other of [people.dispatcher, await people.provider()])
      expect((await people.get(path, other)).body.code).toBe('FORBIDDEN')
    await remove(`/api/incidents/${id}/`, people.survivor)
    expect((await people.get(path, people.survivor)).status).toBe(404)
    expect((await people.get(path, people.admin)).status).toBe(200)
    expect(await accessOf(id)).toEqual(['incident.access_log', 'incident.access_log'])
  })
})

describe('the subject of a report on behalf (S7)', () => {
  const SUBJECT = { name: 'Somebody Else', phone: '+254700000001', note: 'my neighbour' }
  const HIDDEN = /Somebody Else|2547|neighbour/
  const full = (reply: Reply) => ({ consent: reply.body.subject_consent, subject: reply.body.subject })

  it('goes to nobody but whoever told it, until they agreed', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report({ ...STORY, subject: SUBJECT })
    const path = `/api/incidents/${id}/`
    const preview = await people.get(path, provider)
    expect(preview.body).not.toHaveProperty('subject')
    const offers = await people.get('/api/providers/offers/', provider)
    const accepted = await people.post(`${path}accept/`, {}, provider)
    for (const reply of [accepted, await people.get(path, provider), await people.get(path, people.dispatcher)])
      expect(full(reply)).toEqual({ consent: 'not_asked', subject: null })
    const lists = [
      await people.get('/api/incidents/', provider),
      await people.get('/api/incidents/?page_size=100', people.dispatcher),
      await people.get(`${path}timeline/`, provider),
    ]
    for (const reply of [preview, offers, ...lists]) expect(JSON.stringify(reply.body)).not.toMatch(HIDDEN)
    expect(full(await people.get(path, people.survivor))).toEqual({ consent: 'not_asked', subject: SUBJECT })

    const lost = await people.patch(path, { version: 7, title: 'x' }, people.dispatcher)
    expect(lost.body.current).toMatchObject({ subject: null, subject_consent: 'not_asked' })

    await people.patch(path, { version: 1, subject_consent: 'agreed' }, people.survivor)
    for (const reader of [provider, people.dispatcher])
      expect(full(await people.get(path, reader))).toEqual({ consent: 'agreed', subject: SUBJECT })
    await people.patch(path, { version: 2, subject_consent: 'not_asked' }, people.survivor)
    expect((await people.get(path, provider)).body.subject).toBeNull()
  })

  it('is known once a person recorded that they are in imminent danger, and the record says who', async () => {
    const chw = await people.provider({ type: 'chw' })
    const { id } = await people.report({ urgency: 'routine', subject: SUBJECT }, chw)
    const path = `/api/incidents/${id}/`
    expect((await people.get(path, people.dispatcher)).body.subject).toBeNull()
    const danger = await people.patch(path, { version: 1, subject_consent: 'imminent_danger' }, people.dispatcher)
    expect(full(danger)).toEqual({ consent: 'imminent_danger', subject: SUBJECT })
    const event = await db()('events').where({ incident_id: id, type: 'incident.edited' }).first()
    expect(event).toMatchObject({ actor_id: people.dispatcher.id, data: { version: 2, fields: 'subject_consent' } })
  })

  it('is not the responder’s to say, and not of a report about oneself', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report({ subject: SUBJECT })
    const path = `/api/incidents/${id}/`
    await people.post(`${path}accept/`, {}, provider)
    for (const edit of [{ subject_consent: 'agreed' }, { subject: { name: 'x' } }])
      expect((await people.patch(path, { version: 1, ...edit }, provider)).body.code).toBe('FORBIDDEN')
    const own = await people.report({ urgency: 'routine' })
    const edit = { version: 1, subject: SUBJECT }
    expect((await people.patch(`/api/incidents/${own.id}/`, edit, people.survivor)).body.code).toBe('RULE_BROKEN')
  })

  it('is edited and merged like every field, by those who do not see it as well', async () => {
    const { id } = await people.report({ urgency: 'routine', on_behalf: true })
    const path = `/api/incidents/${id}/`
    const named = await people.patch(
      path,
      { version: 1, subject: { name: 'A' }, subject_consent: 'agreed' },
      people.survivor,
    )
    expect(full(named)).toEqual({ consent: 'agreed', subject: { name: 'A', phone: null, note: null } })
    const other = await people.patch(path, { base_version: 1, subject: { name: 'B' }, title: 'x' }, people.dispatcher)
    expect(other.body.merge).toEqual({
      merged: ['title'],
      conflicts: [{ field: 'subject', base: null, yours: { name: 'B' }, current: { name: 'A' } }],
    })
    const cleared = await people.patch(path, { version: 3, subject: null }, people.survivor)
    expect(full(cleared)).toEqual({ consent: 'agreed', subject: null })
  })
})

describe('contact safety (S2)', () => {
  it('is the reporter’s to read and to change, and shows before the accept only what the responder must know', async () => {
    const provider = await people.onlyProvider()
    const contact = { ...STORY.contact_safety, note: 'not when he is at home' }
    const { id } = await people.report({ ...STORY, contact_safety: contact })
    const path = `/api/incidents/${id}/`
    expect((await people.get(path, people.survivor)).body.contact_safety).toEqual(contact)
    const preview = await people.get(path, provider)
    expect(preview.body).toMatchObject({ wished_gender: 'female', safety_flags: ['weapon', 'children_present'] })
    const others = [
      preview,
      await people.get('/api/providers/offers/', provider),
      await people.get('/api/incidents/', people.survivor),
      await people.get('/api/incidents/?page_size=100', people.dispatcher),
      await people.get('/api/dispatch/dashboard/', people.dispatcher),
      await people.get('/api/incidents/stats/', people.survivor),
    ]
    for (const reply of others) {
      expect(reply.status).toBe(200)
      expect(JSON.stringify(reply.body)).not.toMatch(/contact_safety|09:00|at home|"channel"/)
    }
    const changed = { channel: 'none', wished_gender: 'any' }
    const edited = await people.patch(path, { version: 1, contact_safety: changed }, people.survivor)
    expect(edited.body.contact_safety).toEqual(changed)
    expect((await people.get(path, provider)).body).toMatchObject({ wished_gender: 'any', safety_flags: [] })
    expect(
      (await people.patch(path, { version: 2, contact_safety: null }, people.survivor)).body.contact_safety,
    ).toBeNull()
  })
})
