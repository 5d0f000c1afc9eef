import { startWithPeople, type People } from '../../test/builders/people'
import { expectInvariants } from '../../test/harness/invariants'
import type { Someone } from '../../test/harness/api'
import { newId } from '../../platform/ids'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())
afterEach(() => expectInvariants(people.api.database.db))

const db = () => people.api.database.db
const act = (id: string, name: string, body: object, by: Someone, headers?: Record<string, string>) =>
  people.post(`/api/incidents/${id}/${name}/`, body, by, headers)
const loadOf = async (id: string): Promise<number> =>
  (await db()('provider_profiles').where({ user_id: id }).first('load')).load

/** An incident that somebody accepted. */
async function accepted(): Promise<{ id: string; provider: Someone }> {
  const provider = await people.onlyProvider()
  const { id } = await people.report({ description: 'the story' })
  const reply = await act(id, 'accept', {}, provider)
  expect(reply.status).toBe(200)
  return { id, provider }
}

describe('accept/', () => {
  it('answers the whole incident, by POST and PATCH alike, logs it, and answers the same again', async () => {
    const { id, provider } = await accepted()
    const again = await people.patch(`/api/incidents/${id}/accept/`, {}, provider)
    expect(again.status).toBe(200)
    expect(again.body).toMatchObject({
      status: 'assigned',
      description: 'the story',
      reporter: { name: 'Test survivor' },
      assigned_to: { id: provider.id, name: 'Test provider', provider_type: 'gbv_rescue' },
      offer: null,
    })
    expect(await db()('access_log').where({ incident_id: id }).select('actor_id', 'what')).toEqual([
      { actor_id: provider.id, what: 'incident.read' },
      { actor_id: provider.id, what: 'incident.read' },
    ])
    expect(people.told.at(-1)).toMatchObject({ signal: 'offerAnswered', snapshot: { status: 'assigned' } })
    expect(await db()('events').where({ incident_id: id, type: 'offer.accepted' })).toHaveLength(1)
  })

  it('keeps its answer under a key, even when the incident has moved on', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    const headers = { 'idempotency-key': newId() }
    const first = await act(id, 'accept', {}, provider, headers)
    await act(id, 'status', { status: 'in_progress' }, provider)
    await act(id, 'status', { status: 'completed', outcome: 'resolved' }, provider)
    const again = await act(id, 'accept', {}, provider, headers)
    expect([again.status, again.body]).toEqual([200, first.body])
  })

  it('makes the answer anew from the record when it was lost after the act', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    const headers = { 'idempotency-key': newId() }
    const first = await act(id, 'accept', {}, provider, headers)
    await db()('idempotency_keys').where({ user_id: provider.id }).update({ status: null, answer: null })
    const again = await act(id, 'accept', {}, provider, headers)
    expect(again.body).toEqual(first.body)
    expect(await db()('events').where({ incident_id: id, type: 'offer.accepted' })).toHaveLength(1)
  })

  it('gives every loser the reason', async () => {
    const provider = await people.onlyProvider()
    const { id, offer } = await people.report()
    const other = await people.provider()
    const unverified = await people.api.someone('provider')
    const police = await people.provider({ type: 'police' })
    expect((await act(id, 'accept', {}, other)).body.code).toBe('OFFER_NOT_YOURS')
    expect((await act(id, 'accept', {}, unverified)).body.code).toBe('INCIDENT_NOT_FOUND')
    expect((await act(id, 'accept', {}, police)).body.code).toBe('INCIDENT_NOT_FOUND')
    expect((await act(newId(), 'accept', {}, provider)).body.code).toBe('INCIDENT_NOT_FOUND')
    expect((await act(id, 'accept', { offer_id: newId() }, provider)).status).not.toBe(200)
    expect((await act(id, 'accept', { offer_id: offer.id }, provider)).status).toBe(200)
    await act(id, 'cancel', { reason: 'safe_now' }, people.survivor)
    expect((await act(id, 'accept', {}, provider)).body.code).toBe('INCIDENT_CLOSED')
  })

  it('refuses an answer after the deadline, though nobody has noticed yet', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    await db()('offers')
      .where({ incident_id: id })
      .update({ expires_at: db().raw(`clock_timestamp() - interval '5 ms'`) })
    expect((await act(id, 'accept', {}, provider)).body).toMatchObject({ status: 409, code: 'OFFER_EXPIRED' })
    expect((await act(id, 'reject', { reason: 'busy' }, provider)).body.code).toBe('OFFER_EXPIRED')
  })

  it('has one winner among twenty at once', async () => {
    await db()('provider_profiles').update({ availability: 'off_duty' })
    const wide = await startWithPeople({ offer: { mode: 'broadcast', broadcast_size: 20 } as never })
    try {
      const crowd = await Promise.all(Array.from({ length: 20 }, () => wide.provider()))
      for (let round = 0; round < 5; round++) {
        const { id } = await wide.report()
        const replies = await Promise.all(crowd.map(one => wide.post(`/api/incidents/${id}/accept/`, {}, one)))
        expect(replies.filter(reply => reply.status === 200)).toHaveLength(1)
        const lost = replies.filter(reply => reply.status !== 200).map(reply => reply.body.code)
        expect(new Set(lost)).toEqual(new Set(['OFFER_TAKEN']))
        const winner = crowd[replies.findIndex(reply => reply.status === 200)] as Someone
        const done = await wide.post(
          `/api/incidents/${id}/status/`,
          { status: 'completed', outcome: 'helped' },
          wide.survivor,
        )
        expect(done.body.assigned_to.id).toBe(winner.id)
      }
      await expectInvariants(wide.api.database.db)
    } finally {
      await wide.api.stop()
    }
  })

  it('and an override decided on the same rev: exactly one of them wins', async () => {
    const asked = await people.onlyProvider({ capacity: 50 })
    const other = await people.provider({ capacity: 50, type: 'police' })
    for (let round = 0; round < 10; round++) {
      const { id, rev } = await people.report()
      const [answer, order] = await Promise.all([
        act(id, 'accept', {}, asked),
        people.post('/api/dispatch/assign/', { incident: id, provider: other.id, rev }, people.dispatcher),
      ])
      expect([answer.status, order.status].sort()).toEqual([200, 409])
      expect(answer.status === 200 ? order.body.code : answer.body.code).toBe(
        answer.status === 200 ? 'CHANGED' : 'OFFER_WITHDRAWN',
      )
      const winner = answer.status === 200 ? asked.id : other.id
      expect((await people.get(`/api/incidents/${id}/`, people.dispatcher)).body.assigned_to.id).toBe(winner)
    }
  })
})

describe('reject/', () => {
  it('asks the next in the same act and ends the access', async () => {
    const first = await people.onlyProvider()
    const { id } = await people.report()
    const second = await people.provider()
    const reply = await people.patch(`/api/incidents/${id}/reject/`, { reason: 'busy', note: 'Auntie of mine' }, first)
    expect([reply.status, reply.body]).toEqual([200, { status: 'rejected' }])
    expect(await db()('offers').where({ incident_id: id, state: 'open' }).pluck('provider_id')).toEqual([second.id])
    expect((await people.get('/api/providers/me/', first)).body.cooling_until).not.toBeNull()
    const again = await act(id, 'reject', { reason: 'busy' }, first)
    expect(again.body.code).toBe('OFFER_NOT_YOURS')
    const note = await db()('event_notes').first('note')
    expect(note.note).not.toContain('Auntie')
  })

  it('seals a note that looks like a code: a word may be a name', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    await act(id, 'reject', { reason: 'other', note: 'aisha' }, provider)
    const event = await db()('events').where({ incident_id: id, type: 'offer.rejected' }).first('data')
    expect(JSON.stringify(event)).not.toContain('aisha')
    const { body } = await people.get(`/api/incidents/${id}/timeline/`, people.dispatcher)
    expect(body.find((entry: { type: string }) => entry.type === 'offer.rejected').note).toBe('aisha')
  })

  it('needs a reason from the list', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    expect((await act(id, 'reject', {}, provider)).status).toBe(400)
    expect((await act(id, 'reject', { reason: 'tired' }, provider)).status).toBe(400)
  })
})

describe('status/', () => {
  it('starts and completes, and frees the slot', async () => {
    const { id, provider } = await accepted()
    expect(await loadOf(provider.id)).toBe(1)
    const started = await act(id, 'status', { status: 'in_progress', note: 'On my way' }, provider)
    expect(started.body.status).toBe('in_progress')
    expect((await act(id, 'status', { status: 'in_progress' }, provider)).status).toBe(200)
    const done = await act(id, 'status', { status: 'completed', outcome: 'referred', note: 'To the clinic' }, provider)
    expect(done.body).toMatchObject({ status: 'completed', outcome: 'referred' })
    expect(await loadOf(provider.id)).toBe(0)
    const { body } = await people.get(`/api/incidents/${id}/timeline/`, provider)
    expect(body.map((entry: { note: string | null }) => entry.note).filter(Boolean)).toEqual([
      'On my way',
      'To the clinic',
    ])
  })

  it('refuses what the table forbids, with what is allowed', async () => {
    const { id, provider } = await accepted()
    const early = await act(id, 'status', { status: 'completed', outcome: 'resolved' }, provider)
    expect(early.body).toMatchObject({
      status: 409,
      code: 'TRANSITION_NOT_ALLOWED',
      allowed: ['hand_back', 'start', 'edit'],
    })
    const outcome = await act(id, 'status', { status: 'completed' }, provider)
    expect(outcome.body).toMatchObject({ status: 422, code: 'RULE_BROKEN' })
    const theirs = await act(id, 'status', { status: 'completed', outcome: 'resolved' }, people.survivor)
    expect(theirs.body).toMatchObject({ code: 'RULE_BROKEN', allowed: ['helped', 'not_helped'] })
    expect((await act(id, 'status', { status: 'in_progress' }, people.survivor)).body.code).toBe('FORBIDDEN')
    const stranger = await act(id, 'status', { status: 'in_progress' }, await people.provider())
    expect(stranger.body.code).toBe('INCIDENT_NOT_FOUND')
  })

  it('puts what did not help before dispatch', async () => {
    const { id } = await accepted()
    const reply = await act(id, 'status', { status: 'completed', outcome: 'not_helped' }, people.survivor)
    expect(reply.body).toMatchObject({ status: 'completed', escalation_reason: 'not_helped' })
    const board = await people.get('/api/dispatch/dashboard/', people.dispatcher)
    expect(board.body.escalations.map((row: { incident: string }) => row.incident)).toContain(id)
  })
})

describe('cancel/', () => {
  it('ends it with a reason, frees the responder, and tells them', async () => {
    const { id, provider } = await accepted()
    const missing = await act(id, 'cancel', {}, people.survivor)
    expect(missing.body).toMatchObject({ status: 422, errors: [{ path: 'body.reason', code: 'required' }] })
    const reply = await act(id, 'cancel', { reason: 'I went to my sister in Thika' }, people.survivor)
    expect(reply.body).toMatchObject({ status: 'cancelled', assigned_to: null })
    expect(await loadOf(provider.id)).toBe(0)
    const inbox = await people.get('/api/notices/', provider)
    expect(inbox.body.results.map((row: { kind: string }) => row.kind)).toEqual(['assignment.ended'])
    const event = await db()('events').where({ incident_id: id, type: 'incident.cancelled' }).first('data')
    expect(JSON.stringify(event)).not.toContain('Thika')
    expect((await people.get(`/api/incidents/${id}/`, provider)).body.code).toBe('ACCESS_ENDED')
    expect((await act(id, 'cancel', { reason: 'other' }, people.survivor)).body.code).toBe('INCIDENT_CLOSED')
  })

  it('on another revision than the screen showed does nothing', async () => {
    const { id } = await accepted()
    const reply = await act(id, 'cancel', { reason: 'other' }, people.dispatcher, { 'if-match': '"rev:1"' })
    expect(reply.body).toMatchObject({ status: 409, code: 'CHANGED', current: { rev: 2, status: 'assigned' } })
    expect((await act(id, 'cancel', { reason: 'other', rev: 2 }, people.dispatcher)).status).toBe(200)
  })

  it('is not for a responder, and does not exist for a stranger', async () => {
    const { id, provider } = await accepted()
    expect((await act(id, 'cancel', { reason: 'other' }, provider)).status).toBe(403)
    const stranger = await people.api.someone('survivor')
    expect((await act(id, 'cancel', { reason: 'other' }, stranger)).body.code).toBe('INCIDENT_NOT_FOUND')
  })
})

describe('close/ and reopen/', () => {
  it('closing ends the responder’s access, reopening searches anew', async () => {
    const { id, provider } = await accepted()
    expect((await act(id, 'close', {}, people.survivor)).body.code).toBe('TRANSITION_NOT_ALLOWED')
    await act(id, 'status', { status: 'completed', outcome: 'helped' }, people.survivor)
    expect((await people.get(`/api/incidents/${id}/`, provider)).status).toBe(200)
    const closed = await act(id, 'close', {}, people.survivor)
    expect(closed.body.status).toBe('closed')
    expect((await people.get(`/api/incidents/${id}/`, provider)).body.code).toBe('ACCESS_ENDED')
    expect((await people.get('/api/incidents/', provider)).body.count).toBe(0)

    expect((await act(id, 'reopen', {}, people.survivor)).status).toBe(422)
    const reopened = await act(id, 'reopen', { reason: 'He came back' }, people.survivor)
    expect(reopened.body).toMatchObject({ status: 'offering', outcome: null, assigned_to: null })
    expect(await db()('offers').where({ incident_id: id, state: 'open' }).pluck('provider_id')).toEqual([provider.id])
  })

  it('is too late after the case type’s days, and not offered as an action', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    await act(id, 'cancel', { reason: 'by_mistake' }, people.survivor)
    await db()('incidents')
      .where({ id })
      .update({ ended_at: db().raw(`clock_timestamp() - interval '31 days'`) })
    expect((await act(id, 'reopen', { reason: 'still_in_need' }, people.survivor)).body.code).toBe('RULE_BROKEN')
    const actions = await people.get(`/api/incidents/${id}/actions/`, people.survivor)
    expect(actions.body.actions).toEqual([])
  })
})

describe('hand-back/', () => {
  it('searches again without whoever gave it back', async () => {
    const { id, provider } = await accepted()
    expect((await act(id, 'hand-back', {}, provider)).status).toBe(422)
    const next = await people.provider()
    const reply = await act(id, 'hand-back', { reason: 'conflict_of_interest' }, provider)
    expect(reply.body).toEqual({ status: 'handed_back' })
    expect((await people.get(`/api/incidents/${id}/`, provider)).body.code).toBe('ACCESS_ENDED')
    expect(await db()('offers').where({ incident_id: id, state: 'open' }).pluck('provider_id')).toEqual([next.id])
    expect((await act(id, 'hand-back', { reason: 'other' }, provider)).body.code).toBe('ACCESS_ENDED')
    expect((await act(id, 'hand-back', { reason: 'other' }, people.dispatcher)).status).toBe(403)
  })
})
