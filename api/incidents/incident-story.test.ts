import { startWithPeople, type People } from '../../test/builders/people'
import type { Someone } from '../../test/harness/api'

let people: People
let id: string
let provider: Someone
let other: Someone

beforeAll(async () => {
  people = await startWithPeople()
  other = await people.provider()
  await people.api.database.db('provider_profiles').update({ base_lat: -4, base_lng: 39.7 })
  const incident = await people.report({ location: { lat: -4.05, lng: 39.66 } })
  id = incident.id
  provider = await people.provider()
  await people.post(`/api/incidents/${id}/reject/`, { reason: 'unsafe', note: 'I know him' }, other)
  await people.post(`/api/incidents/${id}/accept/`, {}, provider)
})
afterAll(() => people.api.stop())

interface Entry {
  readonly type: string
  readonly actor_id: string | null
  readonly note: string | null
}

describe('timeline/', () => {
  const TYPES = [
    ...['incident.reported', 'search.started', 'offer.made', 'offer.rejected', 'offer.made', 'offer.accepted'],
  ]

  it('tells the story in sentences, oldest first', async () => {
    const { status, body } = await people.get(`/api/incidents/${id}/timeline/`, people.survivor)
    expect(status).toBe(200)
    expect(body.map((entry: Entry) => entry.type)).toEqual(TYPES)
    expect(body[5]).toMatchObject({
      from: 'offering',
      to: 'assigned',
      actor_role: 'provider',
      text: 'A responder accepted',
    })
    expect(body[0].actor_id).toBe(people.survivor.id)
  })

  it('shows who acted, and their words, to dispatch and to themselves alone', async () => {
    const dispatch = await people.get(`/api/incidents/${id}/timeline/`, people.dispatcher)
    expect(dispatch.body[3]).toMatchObject({ actor_id: other.id, note: 'I know him' })
    for (const reader of [people.survivor, provider]) {
      const { body } = await people.get(`/api/incidents/${id}/timeline/`, reader)
      expect(body[3]).toMatchObject({ actor_id: null, note: null, request_id: null })
    }
  })

  it('is logged', async () => {
    const rows = await people.api.database.db('access_log').where({ incident_id: id, what: 'incident.timeline' })
    expect(rows.length).toBeGreaterThan(0)
  })

  describe('?verify=1', () => {
    const verify = async (by: Someone) => (await people.get(`/api/incidents/${id}/timeline/?verify=1`, by)).body
    const db = () => people.api.database.db
    const whole = { valid: true, checked: TYPES.length }

    it('is for administrators', async () => {
      expect(await verify(people.admin)).toEqual(whole)
      expect((await verify(people.dispatcher)).code).toBe('FORBIDDEN')
      expect((await people.get(`/api/incidents/${id}/timeline/?verify=no`, people.admin)).status).toBe(400)
    })

    it.each([
      ['an actor', 4, { actor_id: null }],
      ['a time', 2, { at: new Date(0) }],
      ['what was said', 3, { data: { offer_id: 'another' } }],
      ['a status', 6, { to_status: 'completed' }],
      ['a hash', 5, { hash: 'f'.repeat(64) }],
    ])('finds that %s was changed', async (_what, seq, change) => {
      const before = await db()('events').where({ incident_id: id, seq }).first()
      await db()('events').where({ id: before.id }).update(change)
      const found = await verify(people.admin)
      expect(found.valid).toBe(false)
      expect(found.broken_at).toBe(seq)
      await db()('events').where({ id: before.id }).update({
        actor_id: before.actor_id,
        at: before.at,
        data: before.data,
        to_status: before.to_status,
        hash: before.hash,
      })
      expect(await verify(people.admin)).toEqual(whole)
    })

    it('finds that an event was taken out, in the middle or at the end', async () => {
      for (const seq of [3, TYPES.length]) {
        const row = await db()('events').where({ incident_id: id, seq }).first()
        const note = await db()('event_notes').where({ event_id: row.id }).first()
        await db()('events').where({ id: row.id }).delete()
        expect(await verify(people.admin)).toEqual({ valid: false, checked: TYPES.length - 1, broken_at: seq })
        await db()('events').insert(row)
        if (note) await db()('event_notes').insert(note)
      }
      expect(await verify(people.admin)).toEqual(whole)
    })
  })
})

describe('offers/', () => {
  it('shows dispatch whom was asked, what came of it, and why they', async () => {
    const { status, body } = await people.get(`/api/incidents/${id}/offers/`, people.dispatcher)
    expect(status).toBe(200)
    expect(body).toMatchObject([
      { provider: other.id, provider_name: 'Test provider', round: 1, state: 'rejected', reason: 'unsafe' },
      { provider: provider.id, state: 'accepted', reason: null },
    ])
    expect(body[0].candidates[0]).toEqual({
      provider: other.id,
      chosen: true,
      rank: 1,
      reasons: ['distance_band_0', 'load_0_of_1', 'never_assigned'],
    })
    expect(body[1].candidates).toContainEqual({
      provider: other.id,
      chosen: false,
      rank: null,
      reasons: ['already_offered'],
    })
  })

  it('is for dispatch', async () => {
    for (const one of [people.survivor, provider])
      expect((await people.get(`/api/incidents/${id}/offers/`, one)).status).toBe(403)
  })
})

describe('actions/', () => {
  it('says what each may do now', async () => {
    const of = async (by: Someone) => (await people.get(`/api/incidents/${id}/actions/`, by)).body
    expect(await of(provider)).toEqual({
      status: 'assigned',
      rev: 3,
      actions: ['hand_back', 'start', 'edit'],
      outcomes: [],
    })
    expect(await of(people.survivor)).toMatchObject({
      actions: ['complete', 'cancel', 'edit'],
      outcomes: ['helped', 'not_helped'],
    })
    expect((await of(people.dispatcher)).actions).toContain('reassign')
    expect((await of(other)).code).toBe('ACCESS_ENDED')
  })
})
