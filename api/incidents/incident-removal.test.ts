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

describe('POST /api/incidents/{id}/restore/', () => {
  const remove = (id: string, by: Someone): Promise<Reply> =>
    people.api.call('DELETE', `/api/incidents/${id}/`, { token: by.access })
  const restore = (id: string, by: Someone, headers = {}) =>
    people.api.call('POST', `/api/incidents/${id}/restore/`, { token: by.access, headers })

  it('puts a deleted incident back on the lists, ended as it was, and tells nobody', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    await remove(id, people.survivor)
    const notices = await db()('notices').where({ incident_id: id }).count('* as n').first()
    const headers = { 'idempotency-key': 'restore-1' }
    const restored = await restore(id, people.admin, headers)
    expect(restored.status).toBe(200)
    expect(restored.body).toMatchObject({ id, status: 'cancelled' })
    expect((await restore(id, people.admin, headers)).body).toEqual(restored.body)
    expect((await people.get(`/api/incidents/${id}/`, people.survivor)).body.status).toBe('cancelled')
    const { body } = await people.get('/api/incidents/?status=cancelled', people.survivor)
    expect(body.results.map((row: { id: string }) => row.id)).toContain(id)
    expect(await db()('notices').where({ incident_id: id }).count('* as n').first()).toEqual(notices)
    const last = await db()('events').where({ incident_id: id }).orderBy('seq', 'desc').first()
    expect(last).toMatchObject({ type: 'incident.restored', from_status: null, actor_role: 'admin', signal: null })
    const reopened = await people.post(`/api/incidents/${id}/reopen/`, { reason: 'by_mistake' }, people.survivor)
    expect(reopened.body.status).toBe('pending_dispatcher_review')
  })

  it('is an administrator’s, and for what is deleted', async () => {
    const { id } = await people.report({ urgency: 'routine' })
    expect((await restore(id, people.admin)).body.code).toBe('TRANSITION_NOT_ALLOWED')
    await remove(id, people.survivor)
    for (const other of [people.survivor, people.dispatcher, await people.provider()])
      expect((await restore(id, other)).body.code).toBe('FORBIDDEN')
    expect((await restore('7', people.admin)).body.code).toBe('INCIDENT_NOT_FOUND')
  })
})
