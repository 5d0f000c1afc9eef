import { shownOf, startWithApp, type App } from '../../../test/builders/app'
import { startTestApi } from '../../../test/harness/api'
import { clientsOf } from '../clients'
import { kintaraa } from './kintaraa.client'

const APP_PAGE = 'http://localhost:8081'
let app: App
beforeAll(async () => {
  const clients = [{ ...kintaraa, host: 'app.example.org' }]
  app = await startWithApp({ clients, corsOrigins: [APP_PAGE], trustedProxies: ['loopback'] })
})
afterAll(() => app.people.api.stop())

const raw = (method: string, path: string, headers: Record<string, string> = {}) =>
  app.people.api.call(method, path, { headers, unchecked: true })
const atItsHost = { 'x-forwarded-host': 'App.example.org' }

describe('the app’s address', () => {
  it('has a document of its own, and the product’s document knows nothing of it', async () => {
    const { status, body } = await raw('GET', '/clients/kintaraa/openapi.json')
    expect([status, body.openapi, body.info.title]).toEqual([200, '3.1.0', 'Kesi for the Kintaraa app'])
    expect(Object.keys(body.paths).every(path => path.startsWith('/clients/kintaraa/api/'))).toBe(true)
    expect(JSON.stringify(body)).not.toContain('problem+json')
    expect(JSON.stringify((await raw('GET', '/openapi.json')).body)).not.toContain('kintaraa')
  })

  it('says no in the app’s form wherever nothing is, and to every other method', async () => {
    for (const [method, path, code] of [
      ['GET', '/wizardry/', 'ROUTE_NOT_FOUND'],
      ['GET', '/safety-plans', 'ROUTE_NOT_FOUND'],
      ['DELETE', '/auth/me/', 'METHOD_NOT_ALLOWED'],
    ] as const) {
      const reply = await app.call(method, path)
      expect([path, reply.body]).toMatchObject([
        path,
        { success: false, code, errors: {}, message: expect.any(String) },
      ])
      expect(shownOf(reply)).toBe(reply.body.message)
    }
    expect((await raw('GET', '/ws?userId=1&role=admin')).status).toBe(404)
  })

  it('reads what is no JSON as nothing, and says so', async () => {
    const reply = await app.call('POST', '/incidents/', { by: app.people.survivor, body: '{"type":' })
    expect([reply.status, reply.body.code]).toEqual([400, 'BODY_MALFORMED'])
  })

  it('answers the pages of the app’s own origin', async () => {
    const asked = {
      origin: APP_PAGE,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization,content-type',
    }
    const { headers } = await raw('OPTIONS', '/clients/kintaraa/api/auth/me/update/', asked)
    expect(headers.get('access-control-allow-origin')).toBe(APP_PAGE)
    expect(headers.get('access-control-allow-methods')).toMatch(/PUT/)
    expect(headers.get('access-control-allow-headers')).toMatch(/authorization,content-type/)
    expect(
      (
        await raw('OPTIONS', '/clients/kintaraa/api/auth/me/', { ...asked, origin: 'https://evil.example' })
      ).headers.get('access-control-allow-origin'),
    ).toBeNull()
  })

  it('stands at the root of its own host too, and of no other', async () => {
    expect((await raw('GET', '/api/auth/me/', atItsHost)).headers.get('content-type')).toContain('application/json')
    expect((await raw('GET', '/api/auth/me/', atItsHost)).body).toMatchObject({ success: false, code: 'TOKEN_MISSING' })
    expect((await raw('GET', '/api/wizardry/', atItsHost)).body).toMatchObject({ success: false })
    expect((await raw('GET', '/health/live/', atItsHost)).status).toBe(200)
    expect((await raw('GET', '/api/auth/me/')).headers.get('content-type')).toContain('problem+json')
    expect(
      (await raw('GET', '/api/auth/me/', { 'x-forwarded-host': 'other.example.org' })).headers.get('content-type'),
    ).toContain('problem+json')
  })

  it('leaves no query in any log', async () => {
    await raw('GET', '/clients/kintaraa/api/incidents/?token=hushhush')
    await raw('GET', '/clients/kintaraa/ws/providers/?token=hushhush')
    expect(JSON.stringify(app.people.api.log)).not.toContain('hushhush')
  })

  it('is not there unless it is switched on', async () => {
    const without = await startTestApi()
    const reply = await without.call('GET', '/clients/kintaraa/api/auth/health/')
    expect([reply.status, reply.headers.get('content-type')]).toEqual([404, 'application/problem+json; charset=utf-8'])
    await without.stop()
  })

  it.each([
    [{}, 0],
    [{ dialectKintaraa: 'off' }, 0],
    [{ dialectKintaraa: 'on' }, 1],
    [{ dialectKintaraaHost: 'app.example.org' }, 1],
    [{ dialectKintaraa: 'off', dialectKintaraaHost: 'app.example.org' }, 0],
  ] as const)('is switched by %j', (given, count) => {
    const settings = {
      ...{ dialectKintaraa: undefined, dialectKintaraaHost: undefined, dialectKintaraaSocketTokens: 'on' as const },
      ...given,
    }
    expect(clientsOf(settings)).toHaveLength(count)
  })
})
