import { newId } from '../../platform/ids'
import { startWithPeople, type People } from '../../test/builders/people'
import { createKesiClient, done, KesiRefusal, type KesiClient } from './kesi-client'

let people: People
let client: KesiClient
let token: string | undefined
beforeAll(async () => {
  people = await startWithPeople()
  client = createKesiClient({ baseUrl: people.api.url, accessToken: () => token })
})
beforeEach(() => {
  token = people.survivor.access
})
afterAll(() => people.api.stop())

describe('the typed client', () => {
  it('does what its types say', async () => {
    const body = { urgency: 'routine', location: { lat: -1.28, lng: 36.82 } } as const
    const incident = await done(client.POST('/api/incidents/', { body }))
    expect(incident).toMatchObject({ urgency: 'routine', status: 'pending_dispatcher_review' })
    const path = { id: incident.id }
    expect(await done(client.GET('/api/incidents/{id}/', { params: { path } }))).toMatchObject({ code: incident.code })
    const query = { status: 'pending_dispatcher_review', page_size: 5 }
    const page = await done(client.GET('/api/incidents/', { params: { query } }))
    expect(page.results.map(({ id }) => id)).toEqual([incident.id])
  })

  it('sends the token that is good now', async () => {
    token = undefined
    await expect(done(client.GET('/api/auth/me/'))).rejects.toMatchObject({ status: 401, code: 'TOKEN_MISSING' })
    token = people.dispatcher.access
    expect(await done(client.GET('/api/auth/me/'))).toMatchObject({ role: 'dispatcher' })
  })

  it('says a refusal by its code, and all that came with it', async () => {
    const call = client.GET('/api/incidents/{id}/', { params: { path: { id: newId() } } })
    const refused: unknown = await done(call).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(KesiRefusal)
    expect(refused).toMatchObject({ status: 404, code: 'INCIDENT_NOT_FOUND', problem: { title: 'No such incident' } })
  })

  it('answers nothing where nothing is said', async () => {
    const { access, refresh } = await people.api.someone('survivor')
    token = access
    expect(await done(client.POST('/api/auth/logout/', { body: { refresh } }))).toBeUndefined()
    await expect(done(client.GET('/api/auth/me/'))).rejects.toMatchObject({ code: 'SESSION_REVOKED' })
  })

  it('gives up in time', async () => {
    const impatient = createKesiClient({ baseUrl: people.api.url, withinMs: 1 })
    await expect(done(impatient.GET('/health/ready/'))).rejects.toThrow(/abort|timeout/i)
  })
})
