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
const cases = async (by: Someone, status: string): Promise<Reply['body']> =>
  (await app.call('GET', `/providers/assigned-cases/?status=${status}`, { by })).body
const act = (id: string, name: string, by: Someone, body: object = {}): Promise<Reply> =>
  app.call('PATCH', `/incidents/${id}/${name}/`, { by, body })
const setStatus = (id: string, by: Someone, status: string, more: object = {}): Promise<Reply> =>
  app.call('PATCH', `/providers/cases/${id}/status/`, { by, body: { status, ...more } })
const stateOf = (id: string) => db()('incidents').where({ id }).first('status', 'outcome', 'escalation_reason')
let told = 0
/** Each one differs, or it would be the last, sent again. */
const secrets = () => ({
  description: `unmistakable words ${(told += 1)}`,
  location: { address: 'the blue gate', coordinates: { latitude: -4.08, longitude: 39.66 } },
})

describe('an offer', () => {
  it('is in the pending list, and tells nothing of what was told', async () => {
    const provider = await app.people.onlyProvider()
    const { body: report } = await app.report(secrets())
    const [offer, ...others] = await cases(provider, 'pending')
    expect(others).toEqual([])
    expect(offer).toMatchObject({
      id: report.id,
      case_number: report.case_number,
      status: 'assigned',
      assignment_status: 'pending',
      type: 'gbv_rescue',
      incident_type_display: 'GBV Rescue Organization',
      urgency_level: 'immediate',
      survivor_name: 'Survivor',
      description: 'GBV Rescue Organization, Immediate, Mombasa',
      location: { address: 'Mombasa', coordinates: { latitude: -4.04, longitude: 39.66 } },
      incident_date: null,
      incident_time: null,
    })
    expect(JSON.stringify(offer)).not.toMatch(/unmistakable|blue gate|physical/)
    const one = await app.call('GET', `/incidents/${report.id}/`, { by: provider })
    expect([one.status, one.body.description]).toEqual([200, offer.description])
    expect(await cases(provider, 'accepted')).toEqual([])
    expect(await cases(provider, 'rejected')).toEqual([])
  })

  it('once accepted is in progress, with everything, and logged once an hour', async () => {
    const provider = await app.people.onlyProvider()
    const { body: report } = await app.report(secrets())
    const accepted = await act(report.id, 'accept', provider, { notes: 'Accepted assignment' })
    expect(accepted.body).toMatchObject({ incident_id: report.id, provider_id: provider.id, status: 'accepted' })
    expect(await stateOf(report.id)).toMatchObject({ status: 'in_progress' })
    expect(await cases(provider, 'pending')).toEqual([])
    for (let poll = 0; poll < 3; poll++)
      expect(await cases(provider, 'accepted')).toMatchObject([
        {
          id: report.id,
          status: 'in_progress',
          assignment_status: 'accepted',
          description: expect.stringContaining('unmistakable words'),
          survivor_name: 'Survivor',
        },
      ])
    expect((await app.call('GET', '/incidents/', { by: provider })).body).toMatchObject([{ id: report.id }])
    const looks = await db()('access_log').where({ incident_id: report.id, actor_id: provider.id }).pluck('what')
    expect(looks).toEqual(['incident.list'])
    const events = await db()('events').where({ incident_id: report.id }).orderBy('seq').pluck('type')
    expect(events.slice(-2)).toEqual(['offer.accepted', 'incident.started'])
  })

  it('accepted again is the same answer, and one yes', async () => {
    const provider = await app.people.onlyProvider()
    const { body: report } = await app.report()
    const [first, second, posted] = [
      await act(report.id, 'accept', provider),
      await act(report.id, 'accept', provider),
      await app.call('POST', `/incidents/${report.id}/accept/`, { by: provider }),
    ]
    expect([first.status, second.body]).toEqual([200, first.body])
    expect(posted.status).toBe(200)
    expect(await db()('assignments').where({ incident_id: report.id }).count<object[]>('* as count')).toEqual([
      { count: 1 },
    ])
  })

  it('that somebody else has taken is 409, in words', async () => {
    const late = await app.people.onlyProvider()
    const { body: report } = await app.report()
    await app.people.post(
      '/api/dispatch/assign/',
      { incident: report.id, provider: (await app.people.provider()).id },
      app.people.dispatcher,
    )
    const reply = await act(report.id, 'accept', late)
    expect([reply.status, reply.body.code, reply.body.errors]).toEqual([409, 'OFFER_WITHDRAWN', {}])
    expect(typeof shownOf(reply)).toBe('string')
    expect((await act(report.id, 'accept', await app.people.provider({ type: 'legal' }))).status).toBe(404)
  })

  it.each([
    ['Not available at this time', 'busy', 0],
    ['too_far', 'too_far', 0],
    ['I know the family', 'other', 1],
  ])('is refused by "%s" as %s', async (words, reason, notes) => {
    const provider = await app.people.onlyProvider()
    const { body: report } = await app.report()
    const reply = await act(report.id, 'reject', provider, { reason: words })
    expect(reply.body).toMatchObject({ status: 'rejected', rejection_reason: words, rejected_at: expect.any(String) })
    expect(await db()('offers').where({ incident_id: report.id }).pluck('reason')).toEqual([reason])
    expect(
      await db()('event_notes').join('events', 'events.id', 'event_id').where({ incident_id: report.id }),
    ).toHaveLength(notes)
    expect(await cases(provider, 'pending')).toEqual([])
    expect((await act(report.id, 'reject', provider, { reason: words })).body).toEqual(reply.body)
    expect((await app.call('GET', `/incidents/${report.id}/`, { by: provider })).body.code).toBe('ACCESS_ENDED')
  })
})

describe('a case that dispatch gave', () => {
  const give = async (provider: Someone): Promise<string> => {
    const { body } = await app.report({ ...secrets(), urgency_level: 'routine' })
    const reply = await app.call('POST', `/dispatch/cases/${body.id}/assign/`, {
      by: app.people.dispatcher,
      body: { provider_id: provider.id, notes: '' },
    })
    expect([reply.status, reply.body.status, reply.body.code]).toEqual([200, 'pending', undefined])
    return body.id
  }

  it('waits for a yes without a word of what was told, and accept starts it', async () => {
    const provider = await app.people.onlyProvider({ type: 'counseling' })
    const id = await give(provider)
    const pending = await cases(provider, 'pending')
    expect(pending).toMatchObject([{ id, status: 'assigned', type: 'counseling', assignment_status: 'pending' }])
    expect(JSON.stringify(pending)).not.toMatch(/unmistakable|blue gate/)
    expect((await act(id, 'accept', provider)).status).toBe(200)
    expect(await stateOf(id)).toMatchObject({ status: 'in_progress' })
  })

  it('can be given back', async () => {
    const provider = await app.people.onlyProvider({ type: 'counseling' })
    const id = await give(provider)
    expect((await act(id, 'reject', provider, { reason: 'Not available at this time' })).status).toBe(200)
    const events = await db()('events').where({ incident_id: id }).pluck('type')
    expect(events).toContain('incident.handed_back')
    expect(await cases(provider, 'pending')).toEqual([])
  })
})

describe('the end of the work', () => {
  const started = async (): Promise<{ id: string; provider: Someone }> => {
    const provider = await app.people.onlyProvider()
    const { body } = await app.report()
    await act(body.id, 'accept', provider)
    return { id: body.id, provider }
  }

  it('comes without an outcome: it is kept as not stated, and dispatch asks without being woken', async () => {
    const { id, provider } = await started()
    const reply = await setStatus(id, provider, 'completed', { notes: 'Brought to the clinic' })
    expect([reply.status, reply.body.status]).toEqual([200, 'completed'])
    expect(await stateOf(id)).toEqual({
      status: 'completed',
      outcome: 'not_stated',
      escalation_reason: 'outcome_missing',
    })
    const queue = (await app.people.get('/api/dispatch/dashboard/', app.people.dispatcher)).body.queue.results
    expect(queue.map((row: { id: string }) => row.id)).toContain(id)
    expect(await db()('notices').where({ incident_id: id, code: 'dispatch.escalated' })).toEqual([])
    expect((await cases(provider, 'accepted'))[0]).toMatchObject({ id, status: 'completed' })
    // The answer was lost, or a minute has passed: it is the same completion.
    await db()('idempotency_keys').where({ user_id: provider.id }).delete()
    expect((await setStatus(id, provider, 'completed')).status).toBe(200)
  })

  it('is asked for until somebody states it, in the product’s own form', async () => {
    const { id, provider } = await started()
    await setStatus(id, provider, 'completed')
    const { body } = await app.people.get(`/api/incidents/${id}/actions/`, app.people.dispatcher)
    expect([body.actions.includes('state_outcome'), body.outcomes.includes('resolved')]).toEqual([true, true])
    const state = (outcome: string) =>
      app.people.patch(`/api/incidents/${id}/status/`, { status: 'completed', outcome }, app.people.dispatcher)
    expect((await state('not_stated')).status).toBe(400)
    expect((await state('resolved')).body).toMatchObject({
      status: 'completed',
      outcome: 'resolved',
      escalation_reason: null,
    })
    const after = await app.people.get(`/api/incidents/${id}/actions/`, app.people.dispatcher)
    expect([after.body.actions.includes('state_outcome'), after.body.outcomes]).toEqual([false, []])
    expect((await state('referred')).body.code).toBe('TRANSITION_NOT_ALLOWED')
    expect(await db()('incidents').where({ id }).first('next_step')).toEqual({ next_step: 'closeIncident' })
  })

  it('wakes dispatch where nobody stated it before it would have closed', async () => {
    const { id, provider } = await started()
    await setStatus(id, provider, 'completed')
    const row = await db()('incidents').where({ id }).first('next_step', 'next_deadline_at', 'completed_at')
    const policy = await db()('policies').where({ case_type: 'gbv', active: true }).first('rules')
    expect(row.next_step).toBe('climbLadder')
    expect(row.next_deadline_at.getTime() - row.completed_at.getTime()).toBe(policy.rules.auto_close_seconds * 1_000)
  })

  it('is not for others, and no other word is one', async () => {
    const { id, provider } = await started()
    expect((await setStatus(id, provider, 'closed')).body.errors).toEqual({
      status: [expect.stringMatching(/in_progress/)],
    })
    expect((await setStatus(id, await app.people.provider(), 'completed')).status).toBe(404)
    expect((await setStatus(id, app.people.survivor, 'completed')).status).toBe(422)
    expect((await setStatus(id, provider, 'in_progress')).status).toBe(200)
  })

  it('takes the case from the provider’s lists when it is closed', async () => {
    const { id, provider } = await started()
    await setStatus(id, provider, 'completed')
    await app.people.post(`/api/incidents/${id}/close/`, {}, app.people.dispatcher)
    expect(await cases(provider, 'accepted')).toEqual([])
    expect((await app.call('GET', `/incidents/${id}/`, { by: provider })).body.code).toBe('ACCESS_ENDED')
  })
})

describe('somebody who stopped answering', () => {
  it('can be asked again ten minutes later, when their app still asks for its list', async () => {
    const provider = await app.people.onlyProvider()
    const { body } = await app.report()
    const stands = () => db()('provider_profiles').where({ user_id: provider.id }).first('availability')
    await db()('offers')
      .where({ incident_id: body.id })
      .update({ state: 'expired', expires_at: db().raw('now()') })
    await db()('provider_profiles').where({ user_id: provider.id }).update({ availability: 'unresponsive', load: 0 })
    await cases(provider, 'pending')
    expect(await stands()).toEqual({ availability: 'unresponsive' })
    await db()('offers')
      .where({ incident_id: body.id })
      .update({ expires_at: db().raw("now() - interval '601 seconds'") })
    await cases(provider, 'pending')
    expect(await stands()).toEqual({ availability: 'available' })
  })
})
