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
const decide = (name: string, body: object, headers?: Record<string, string>, by = people.dispatcher): Promise<Reply> =>
  people.post(`/api/dispatch/${name}/`, body, by, headers)
const inboxOf = async (one: Someone): Promise<string[]> =>
  (await people.get('/api/notices/', one)).body.results.map((row: { kind: string }) => row.kind)

/** An escalated incident: nobody to ask. */
async function escalated(): Promise<{ id: string; rev: number; code: string }> {
  await db()('provider_profiles').update({ availability: 'off_duty' })
  return people.report()
}

describe('assign/ and reassign/', () => {
  it('gives an unassigned incident to a provider, at once', async () => {
    const { id, rev } = await escalated()
    const provider = await people.provider({ type: 'police' })
    const reply = await decide('assign', { incident: id, provider: provider.id, rev })
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({
      status: 'assigned',
      rev: rev + 1,
      assigned_to: { id: provider.id },
      escalation_reason: null,
    })
    expect(await inboxOf(provider)).toEqual(['assignment.made'])
    expect(people.told.at(-1)).toMatchObject({ signal: 'overridden', snapshot: { status: 'assigned' } })
    const again = await decide('assign', { incident: id, provider: (await people.provider()).id })
    expect(again.body).toMatchObject({ status: 409, code: 'TRANSITION_NOT_ALLOWED' })
    expect(again.body.allowed).toContain('reassign')
  })

  it('withdraws the open offer, and its notice', async () => {
    const asked = await people.onlyProvider()
    const { id } = await people.report()
    const other = await people.provider({ type: 'police' })
    expect(await inboxOf(asked)).toEqual(['offer.made'])
    await decide('assign', { incident: id, provider: other.id })
    expect(await inboxOf(asked)).toEqual(['offer.withdrawn'])
    expect((await people.post(`/api/incidents/${id}/accept/`, {}, asked)).body.code).toBe('OFFER_WITHDRAWN')
  })

  it('replaces the responder, who is told and loses access', async () => {
    const { id } = await escalated()
    const [one, two] = [await people.provider({ type: 'police' }), await people.provider({ type: 'police' })]
    await decide('assign', { incident: id, provider: one.id })
    const reply = await decide('reassign', { incident: id, provider: two.id, reason: 'nearer_provider' })
    expect(reply.body).toMatchObject({ status: 'assigned', assigned_to: { id: two.id } })
    expect((await people.get(`/api/incidents/${id}/`, one)).body.code).toBe('ACCESS_ENDED')
    expect(await inboxOf(one)).toContain('assignment.ended')
    expect((await decide('reassign', { incident: id, provider: two.id })).body.code).toBe('RULE_BROKEN')
  })

  it('goes beyond capacity and exclusion only by force, with a reason', async () => {
    const provider = await people.onlyProvider()
    const first = await people.report()
    await people.post(`/api/incidents/${first.id}/accept/`, {}, provider)
    const { id } = await people.report({ contact_safety: { excluded_providers: [provider.id] } })
    const ask = (more: object) => decide('assign', { incident: id, provider: provider.id, ...more })
    expect((await ask({})).body).toMatchObject({ status: 409, code: 'PROVIDER_EXCLUDED' })
    expect((await ask({ force: true })).body).toMatchObject({ status: 422, code: 'RULE_BROKEN' })
    const other = await people.report({ urgency: 'routine' })
    expect((await decide('assign', { incident: other.id, provider: provider.id })).body.code).toBe(
      'PROVIDER_AT_CAPACITY',
    )
    expect((await ask({ force: true, reason: 'Nobody else within an hour' })).status).toBe(200)
    const event = await db()('events').where({ incident_id: id, type: 'incident.assigned' }).first('data')
    expect(event.data).toMatchObject({ forced: true, provider_id: provider.id })
  })

  it('refuses who cannot be given it', async () => {
    const { id } = await escalated()
    const crew = await people.provider({ type: 'ambulance_crew' })
    const unverified = await people.api.someone('provider')
    const codes = []
    for (const provider of [crew.id, unverified.id, people.survivor.id, newId()])
      codes.push((await decide('assign', { incident: id, provider })).body.code)
    expect(codes).toEqual(['RULE_BROKEN', 'RULE_BROKEN', 'PROVIDER_NOT_FOUND', 'PROVIDER_NOT_FOUND'])
    expect((await decide('assign', { incident: newId(), provider: crew.id })).body.code).toBe('INCIDENT_NOT_FOUND')
    expect((await decide('assign', { incident: 'x', provider: 1 })).status).toBe(400)
  })

  it('on another revision than the screen showed changes nothing', async () => {
    const { id, rev } = await escalated()
    const provider = await people.provider({ type: 'police' })
    await decide('acknowledge', { incident: id, rev })
    for (const headers of [undefined, { 'if-match': `"rev:${rev}"` }]) {
      const body = { incident: id, provider: provider.id, ...(headers ? {} : { rev }) }
      const reply = await decide('assign', body, headers)
      expect(reply.body).toMatchObject({ status: 409, code: 'CHANGED', current: { rev: rev + 1, assigned_to: null } })
    }
    expect((await people.get(`/api/incidents/${id}/`, people.dispatcher)).body.status).toBe('escalated')
  })

  it('is done once under one key, which the timeline shows', async () => {
    const { id } = await escalated()
    const provider = await people.provider({ type: 'police' })
    const headers = { 'idempotency-key': newId() }
    const first = await decide('assign', { incident: id, provider: provider.id }, headers)
    const again = await decide('assign', { incident: id, provider: provider.id }, headers)
    expect([again.status, again.body]).toEqual([200, first.body])
    const { body } = await people.get(`/api/incidents/${id}/timeline/`, people.dispatcher)
    expect(body.at(-1)).toMatchObject({ type: 'incident.assigned', request_id: expect.any(String) })
  })
})

describe('override/', () => {
  it('holds, releases, owns, changes urgency, sends back to the search, and cancels', async () => {
    const { id } = await escalated()
    const over = (act: string, more: object = {}) => decide('override', { incident: id, act, reason: 'other', ...more })
    expect((await over('hold')).body).toMatchObject({ held: true, owner: { id: people.dispatcher.id } })
    expect((await over('release')).body).toMatchObject({ held: false, owner: null, status: 'escalated' })
    expect((await over('own')).body.owner).toEqual({ id: people.dispatcher.id })
    expect((await over('urgency', { urgency: 'routine' })).body.urgency).toBe('routine')
    const provider = await people.provider()
    expect((await over('research')).body).toMatchObject({ status: 'offering', owner: null })
    expect((await people.get('/api/providers/offers/', provider)).body).toHaveLength(1)
    expect((await over('cancel')).body.status).toBe('cancelled')
    expect((await over('cancel')).body.code).toBe('INCIDENT_CLOSED')
  })

  it('assigns and reassigns too', async () => {
    const { id } = await escalated()
    const [one, two] = [await people.provider({ type: 'police' }), await people.provider({ type: 'police' })]
    const over = (act: string, provider: string) =>
      decide('override', { incident: id, act, provider, reason: 'better_match' })
    expect((await over('assign', one.id)).body.assigned_to.id).toBe(one.id)
    expect((await over('reassign', two.id)).body.assigned_to.id).toBe(two.id)
  })

  it('takes an assigned incident from its responder and asks somebody else', async () => {
    const first = await people.onlyProvider()
    const { id } = await people.report()
    await people.post(`/api/incidents/${id}/accept/`, {}, first)
    const next = await people.provider()
    const reply = await decide('override', { incident: id, act: 'research', reason: 'no_answer' })
    expect(reply.body).toMatchObject({ status: 'offering', assigned_to: null })
    expect((await people.get('/api/providers/offers/', next)).body).toHaveLength(1)
    expect((await people.get(`/api/incidents/${id}/`, first)).body.code).toBe('ACCESS_ENDED')
  })

  it('needs a reason, a known act, and what belongs to it', async () => {
    const { id } = await escalated()
    expect((await decide('override', { incident: id, act: 'hold' })).body).toMatchObject({
      status: 422,
      code: 'RULE_BROKEN',
    })
    expect((await decide('override', { incident: id, act: 'vanish', reason: 'other' })).status).toBe(400)
    const assign = await decide('override', { incident: id, act: 'assign', reason: 'other' })
    expect(assign.body.errors).toMatchObject([{ path: 'body.provider', code: 'required' }])
    expect((await decide('override', { incident: id, act: 'urgency', reason: 'other' })).status).toBe(400)
    expect((await decide('override', { incident: id, act: 'hold', reason: 'other', provider: newId() })).status).toBe(
      400,
    )
  })
})

describe('acknowledge/', () => {
  it('names the owner; another dispatcher must take it over', async () => {
    const { id } = await escalated()
    expect((await decide('acknowledge', { incident: id })).body.owner).toEqual({ id: people.dispatcher.id })
    expect((await decide('acknowledge', { incident: id })).status).toBe(200)
    const other = await people.api.someone('dispatcher')
    expect((await decide('acknowledge', { incident: id }, undefined, other)).body.code).toBe('TRANSITION_NOT_ALLOWED')
    const taken = await decide('override', { incident: id, act: 'own', reason: 'other' }, undefined, other)
    expect(taken.body.owner).toEqual({ id: other.id })
  })
})

describe('who may decide', () => {
  it('is dispatch alone, whoever’s the incident is', async () => {
    const { id } = await escalated()
    const provider = await people.provider({ type: 'police' })
    const bodies = {
      assign: { incident: id, provider: provider.id },
      reassign: { incident: id, provider: provider.id },
      override: { incident: id, act: 'own', reason: 'other' },
      acknowledge: { incident: id },
    }
    for (const [name, body] of Object.entries(bodies)) {
      for (const one of [people.survivor, provider])
        expect((await decide(name, body, undefined, one)).body.code).toBe('FORBIDDEN')
      const signedOut = await people.api.call('POST', `/api/dispatch/${name}/`, { body })
      expect(signedOut.body.code).toBe('TOKEN_MISSING')
      const gone = await decide(name, { ...body, incident: newId() })
      expect(gone.body.code).toBe('INCIDENT_NOT_FOUND')
    }
    expect((await people.get(`/api/incidents/${id}/`, people.dispatcher)).body).toMatchObject({
      status: 'escalated',
      owner: null,
    })
  })
})

describe('dashboard/', () => {
  it('shows figures, the queue, the escalations and what is unattended', async () => {
    const { id, code } = await escalated()
    const routine = await people.report({ urgency: 'routine' })
    const { status, body } = await people.get('/api/dispatch/dashboard/?page_size=100', people.dispatcher)
    expect(status).toBe(200)
    const { statistics } = body
    expect(statistics.total).toBeGreaterThanOrEqual(2)
    expect(statistics.by_status).toMatchObject({ escalated: expect.any(Number), closed: expect.any(Number) })
    expect(statistics.by_urgency.urgent + statistics.by_urgency.routine).toBe(statistics.total)
    expect(statistics.unassigned_urgent).toBeGreaterThan(0)
    expect(statistics.created_today).toBe(statistics.total)
    expect(statistics.providers.total).toBeGreaterThan(0)
    const queued = body.queue.results.map((row: { id: string }) => row.id)
    expect(queued).toEqual(expect.arrayContaining([id, routine.id]))
    expect(body.escalations).toContainEqual({
      incident: id,
      code,
      reason: 'no_provider_available',
      step: 1,
      since: expect.any(String),
      owner: null,
    })
    expect(body.unattended).toEqual({ count: 0 })
    expect(JSON.stringify(body)).not.toMatch(/Test survivor|"title":"/)
  })

  it('filters', async () => {
    const ride = await people.report({ case_type: 'ambulance', urgency: 'routine' })
    const { body } = await people.get(
      '/api/dispatch/dashboard/?case_type=ambulance&status=pending_dispatcher_review&urgency=routine',
      people.admin,
    )
    expect(body.statistics).toMatchObject({ total: 1, open: 1, completed_today: 0, average_response_seconds: null })
    expect(body.queue.results).toMatchObject([{ id: ride.id }])
    expect(body.escalations).toEqual([])
    const past = await people.get('/api/dispatch/dashboard/?page=9', people.dispatcher)
    expect(past.body.code).toBe('PAGE_NOT_FOUND')
  })
})

describe('recommendations/ and available-providers/', () => {
  it('ranks who could be asked and says why the others could not', async () => {
    await db()('provider_profiles')
      .delete()
      .whereNotIn('user_id', db()('offers').select('provider_id'))
      .whereNotIn('user_id', db()('assignments').select('provider_id'))
    await db()('provider_profiles').update({ verification: 'refused' })
    const [far, near, barred, off] = [
      await people.provider(),
      await people.provider(),
      await people.provider(),
      await people.provider(),
    ]
    const profile = (one: Someone) => db()('provider_profiles').where({ user_id: one.id })
    await profile(far).update({ base_lat: -4, base_lng: 39.7 })
    await profile(near).update({ base_lat: -1.3, base_lng: 36.8 })
    await profile(off).update({ availability: 'off_duty' })
    const unverified = await people.api.someone('provider')
    const incident = await people.report({
      urgency: 'routine',
      location: { lat: -1.28, lng: 36.82 },
      contact_safety: { excluded_providers: [barred.id] },
    })
    const { body } = await people.get(`/api/dispatch/recommendations/?incident=${incident.id}`, people.dispatcher)
    expect(body.map((row: { provider: string }) => row.provider).slice(0, 2)).toEqual([near.id, far.id])
    expect(body[0]).toMatchObject({
      provider_name: 'Test provider',
      rank: 1,
      eligible: true,
      why_not: [],
      score_parts: { distance_band: 0, load_ratio: 0, last_assigned_at: null },
    })
    const why = Object.fromEntries(
      body.map((row: { provider: string; why_not: string[] }) => [row.provider, row.why_not]),
    )
    expect(why[barred.id]).toEqual(['excluded_by_reporter'])
    expect(why[off.id]).toEqual(['off_duty'])
    expect(why[unverified.id]).toEqual(['not_verified'])

    const free = await people.get(`/api/dispatch/available-providers/?incident=${incident.id}`, people.dispatcher)
    expect(free.body).toMatchObject({ count: 2, results: [{ id: near.id }, { id: far.id }] })
    const all = await people.get('/api/dispatch/available-providers/?provider_type=gbv_rescue', people.dispatcher)
    expect(all.body.count).toBe(3)
  })

  it('says every reason of somebody, and ranks another service when it is wanted', async () => {
    const officer = await people.provider({ type: 'police' })
    const incident = await people.report({ urgency: 'routine' })
    const ask = (path: string, type: string) =>
      people.get(`/api/dispatch/${path}/?incident=${incident.id}&provider_type=${type}`, people.dispatcher)
    expect((await ask('recommendations', 'police')).body).toContainEqual(
      expect.objectContaining({ provider: officer.id, eligible: true }),
    )
    expect((await ask('available-providers', 'police')).body.results).toContainEqual(
      expect.objectContaining({ id: officer.id, load: 0, capacity: 1 }),
    )
    expect((await ask('recommendations', 'ambulance_crew')).body).toEqual([])
    await db()('provider_profiles')
      .where({ user_id: officer.id })
      .update({ availability: 'busy', capacity: 0, cooling_until: db().raw(`clock_timestamp() + interval '1 hour'`) })
    await db()('users').where({ id: officer.id }).update({ status: 'disabled' })
    const { body } = await ask('recommendations', 'police')
    expect(body.find((row: { provider: string }) => row.provider === officer.id)).toMatchObject({
      eligible: false,
      rank: null,
      why_not: ['inactive', 'busy', 'cooling_down', 'at_capacity'],
    })
    expect((await ask('recommendations', 'wizard')).status).toBe(400)
  })

  it('needs an incident that is there', async () => {
    for (const path of ['recommendations', 'available-providers']) {
      const none = await people.get(`/api/dispatch/${path}/?incident=${newId()}`, people.dispatcher)
      expect(none.body.code).toBe('INCIDENT_NOT_FOUND')
      for (const one of [people.survivor, await people.provider()])
        expect((await people.get(`/api/dispatch/${path}/?incident=${newId()}`, one)).status).toBe(403)
    }
    expect((await people.get('/api/dispatch/recommendations/', people.dispatcher)).status).toBe(400)
  })
})
