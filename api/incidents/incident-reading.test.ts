import { newId } from '../../platform/ids'
import { STORY } from '../../test/builders/incident-story'
import { startWithPeople, type People } from '../../test/builders/people'
import type { Someone } from '../../test/harness/api'
import { expectInvariants } from '../../test/harness/invariants'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())
afterEach(() => expectInvariants(people.api.database.db))

const db = () => people.api.database.db
const accessOf = (incidentId: string): Promise<{ actor_id: string; actor_role: string; what: string }[]> =>
  db()('access_log').where({ incident_id: incidentId }).orderBy('at').select('actor_id', 'actor_role', 'what')

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
