import { newId } from '../../platform/ids'
import { startWithPeople, type People } from '../../test/builders/people'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())

const list = async (id: string, query = '', by = people.dispatcher) =>
  people.get(`/api/incidents/${id}/notices/${query}`, by)

describe('incidents/{id}/notices/', () => {
  it('says who was told, by which channel and with what result; the reporter is a role alone', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report({ title: 'secret' })
    const { db } = people.api.database
    const offered = await db('notices').where({ incident_id: id, code: 'offer.made' }).first('id')
    await db('notice_attempts').insert([
      { id: newId(), notice_id: offered.id, channel: 'push', state: 'failed', failure: 'TOKEN_DEAD' },
      { id: newId(), notice_id: offered.id, channel: 'sms', state: 'delivered' },
    ])
    await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    const { status, body } = await list(id)
    expect(status).toBe(200)
    const rows = body.results as { kind: string; role: string; person: unknown }[]
    expect(rows.find(row => row.kind === 'offer.made')).toEqual({
      id: offered.id,
      kind: 'offer.made',
      role: 'provider',
      person: { id: provider.id, name: 'Test provider' },
      created_at: expect.any(String),
      read_at: null,
      withdrawn_at: expect.any(String),
      channels: [
        { channel: 'push', state: 'failed', at: expect.any(String), failure: 'TOKEN_DEAD' },
        { channel: 'sms', state: 'delivered', at: expect.any(String), failure: null },
      ],
    })
    const reporters = rows.filter(row => row.role === 'survivor')
    expect(reporters.length).toBeGreaterThan(0)
    for (const row of reporters) expect(row.person).toBeNull()
    expect(JSON.stringify(body)).not.toContain(people.survivor.id)
  })

  it('does not name a reporter who is a provider either', async () => {
    const reporter = await people.provider({ type: 'chw' })
    const { id } = await people.report({ urgency: 'routine' }, reporter)
    const post = await people.post(`/api/incidents/${id}/cancel/`, { reason: 'safe_now' }, people.dispatcher)
    expect(post.status).toBe(200)
    const told = await people.api.database.db('notices').where({ incident_id: id, recipient_id: reporter.id })
    expect(told.length).toBeGreaterThan(0)
    expect(JSON.stringify((await list(id)).body)).not.toContain(reporter.id)
  })

  it('is paged, and each look is logged (S5)', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    const { body: all } = await list(id)
    expect(all.count).toBeGreaterThan(1)
    const pages = [await list(id, '?page_size=1'), await list(id, '?page_size=1&page=2')]
    expect(pages.flatMap(page => page.body.results)).toEqual(all.results.slice(0, 2))
    expect((await list(id, '?page=9')).body.code).toBe('PAGE_NOT_FOUND')
    const { body } = await people.get(`/api/incidents/${id}/access-log/`, people.survivor)
    const looks = body.results.filter((row: { actor_role: string }) => row.actor_role === 'dispatcher')
    expect(looks.map((row: { what: string }) => row.what)).toEqual(Array(4).fill('incident.notices'))
  })

  it('is for dispatch', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    for (const by of [people.survivor, provider]) expect((await list(id, '', by)).body.code).toBe('FORBIDDEN')
    expect((await list(id, '', people.admin)).status).toBe(200)
    for (const wrong of [newId(), 'x']) expect((await list(wrong)).body.code).toBe('INCIDENT_NOT_FOUND')
  })
})
