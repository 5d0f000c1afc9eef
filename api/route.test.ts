import { z } from 'zod'
import { startTestApi, type Someone, type TestApi } from '../test/harness/api'
import { Refusal } from '../domain/refusals'
import { idParams, textField } from './fields'
import { answer, defineRoute, type Route } from './route'

const thing = z.object({ id: z.string(), name: z.string() })

const routes: Route[] = [
  defineRoute({
    method: 'get',
    path: '/api/things/:id/',
    permission: 'incident:read',
    summary: 'One',
    tags: [],
    params: idParams,
    query: z.strictObject({ full: z.enum(['yes', 'no']).optional() }),
    response: thing,
    errors: ['INCIDENT_NOT_FOUND'],
    handler: async ({ params }) => ({ id: params.id, name: 'a thing', secret: 'never declared' }),
  }),
  defineRoute({
    method: 'get',
    path: '/api/things/stats/',
    permission: 'public',
    summary: 'Figures',
    tags: [],
    response: z.object({ total: z.number() }),
    errors: [],
    handler: async () => ({ total: 3 }),
  }),
  defineRoute({
    method: ['patch', 'post'],
    path: '/api/things/:id/accept/',
    permission: 'incident:answer',
    summary: 'Accept',
    tags: [],
    params: idParams,
    body: z.strictObject({
      name: textField(20),
      many: z.number().int(),
      place: z.strictObject({ lat: z.number() }).optional(),
      free: z.record(z.string(), z.unknown()).optional(),
    }),
    response: z.object({ by: z.string(), rev: z.number().nullable() }),
    ifMatch: true,
    errors: ['INCIDENT_NOT_FOUND', 'OFFER_TAKEN'],
    otherStatuses: { 202: 'Later' },
    async handler({ body, actor, headers }) {
      if (body.name === 'taken') throw new Refusal('OFFER_TAKEN', { extra: { allowed: [] } })
      if (body.name === 'undeclared') throw new Refusal('RULE_BROKEN')
      if (body.name === 'broken') throw new Error('select * from users where secret = 1')
      if (body.name === 'cut off') throw Object.assign(new Error('terminating connection'), { code: '57P01' })
      return answer(
        { by: actor.id, rev: headers.ifMatch.rev ?? null },
        { headers: { etag: '"7"' }, status: body.name === 'later' ? 202 : 200 },
      )
    },
  }),
  defineRoute({
    method: 'post',
    path: '/api/empty/',
    permission: 'public',
    summary: 'Nothing in, nothing out',
    tags: [],
    errors: [],
    handler: async () => undefined,
  }),
  defineRoute({
    method: 'get',
    path: '/api/liar/',
    permission: 'public',
    summary: 'Answers what it did not declare',
    tags: [],
    response: thing,
    errors: [],
    handler: async () => ({ id: 7, name: 'x' }) as unknown as { id: string; name: string },
  }),
]

const ID = '0192b3c4-0000-7000-8000-000000000001'

describe('a declared route', () => {
  let api: TestApi
  let provider: Someone
  let survivor: Someone
  const accept = `/api/things/${ID}/accept/`
  const good = { name: 'x', many: 1 }

  beforeAll(async () => {
    api = await startTestApi({ routes })
    provider = await api.someone('provider')
    survivor = await api.someone('survivor')
  })
  afterAll(() => api.stop())

  it('answers what its schema declares and nothing else, with and without the slash', async () => {
    for (const path of [`/api/things/${ID}/`, `/api/things/${ID}`, `/api/things/${ID.toUpperCase()}/?full=yes`]) {
      const { status, body, headers } = await api.call('GET', path, { token: provider.access })
      expect([status, body]).toEqual([200, { id: ID, name: 'a thing' }])
      expect(headers.get('cache-control')).toBe('no-store')
    }
  })

  it('prefers a fixed segment to a parameter, and answers HEAD like GET without a body', async () => {
    expect((await api.call('GET', '/api/things/stats/')).body).toEqual({ total: 3 })
    expect(await api.call('HEAD', '/api/things/stats/')).toMatchObject({ status: 200, body: '' })
  })

  it('takes each of its methods, headers and other statuses', async () => {
    for (const method of ['PATCH', 'POST']) {
      const headers = { 'if-match': '"rev:4"' }
      const reply = await api.call(method, accept, { token: provider.access, body: good, headers })
      expect([reply.status, reply.body, reply.headers.get('etag')]).toEqual([200, { by: provider.id, rev: 4 }, '"7"'])
    }
    const later = await api.call('POST', accept, { token: provider.access, body: { ...good, name: 'later' } })
    expect(later.status).toBe(202)
  })

  it('answers 204 without content, for an empty and for an absent body', async () => {
    expect(await api.call('POST', '/api/empty/')).toMatchObject({ status: 204, body: '' })
    expect(await api.call('POST', '/api/empty/', { body: {} })).toMatchObject({ status: 204, body: '' })
  })

  describe('refuses', () => {
    it.each([
      ['GET', '/api/nothing/', 404, 'ROUTE_NOT_FOUND'],
      ['GET', '/api/things/%E0%A4%A/', 404, 'ROUTE_NOT_FOUND'],
      ['GET', '/api/things/7/', 404, 'INCIDENT_NOT_FOUND'],
      ['GET', '/API/things/stats/', 404, 'ROUTE_NOT_FOUND'],
      ['DELETE', `/api/things/${ID}/`, 405, 'METHOD_NOT_ALLOWED'],
      ['GET', `/api/things/${ID}/`, 401, 'TOKEN_MISSING'],
    ])('%s %s with %d %s', async (method, path, status, code) => {
      const reply = await api.call(method, path)
      expect([reply.status, reply.body.code]).toEqual([status, code])
      expect(reply.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
      expect(reply.headers.get('x-request-id')).toBe(reply.body.request_id)
    })

    it('an unknown method and says which ones there are', async () => {
      const reply = await api.call('PUT', accept, { token: provider.access, body: good })
      expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'PATCH, POST'])
      expect((await api.call('DELETE', '/api/things/stats/')).headers.get('allow')).toBe('GET, HEAD')
    })

    it('before it looks at the body: 404 for an id that is none, then 401, then 403, then 400', async () => {
      const bad = { body: '{"name":' }
      expect((await api.call('POST', '/api/things/x/accept/', bad)).status).toBe(404)
      expect((await api.call('POST', accept, bad)).status).toBe(401)
      expect((await api.call('POST', accept, { ...bad, token: 'abc' })).body.code).toBe('TOKEN_INVALID')
      expect((await api.call('POST', accept, { ...bad, token: survivor.access })).body.code).toBe('FORBIDDEN')
      expect((await api.call('POST', accept, { ...bad, token: provider.access })).body.code).toBe('BODY_MALFORMED')
    })

    it('with every fault of the request at once', async () => {
      const reply = await api.call('POST', `${accept}?colour=red`, {
        token: provider.access,
        headers: { 'if-match': 'seven' },
        body: { name: '  ', extra: 1, other: 2, place: { lat: 'x', deep: true } },
      })
      expect(reply.body).toMatchObject({
        status: 400,
        code: 'VALIDATION_FAILED',
        type: 'http://kesi.test/docs/errors#VALIDATION_FAILED',
      })
      const faults = (reply.body.errors as { path: string; code: string }[]).map(({ path, code }) => `${path} ${code}`)
      expect(faults.sort()).toEqual([
        'body.extra unknown_field',
        'body.many required',
        'body.name too_small',
        'body.other unknown_field',
        'body.place.deep unknown_field',
        'body.place.lat invalid_type',
        'headers.if-match invalid_format',
        'query.colour unknown_field',
      ])
    })

    it.each([
      ['null', 'null', 400, 'VALIDATION_FAILED'],
      ['a list', '[]', 400, 'VALIDATION_FAILED'],
      ['a number', '7', 400, 'VALIDATION_FAILED'],
      ['no JSON', 'name=x', 400, 'BODY_MALFORMED'],
      ['an empty text', '', 400, 'VALIDATION_FAILED'],
      ['a zero character', '{"name":"a\\u0000b","many":1}', 400, 'VALIDATION_FAILED'],
      ['33 levels', `{"name":"x","many":1,"free":{"a":${'['.repeat(31)}${']'.repeat(31)}}}`, 400, 'VALIDATION_FAILED'],
      ['more than a megabyte', `{"name":"${'x'.repeat(1_048_600)}"}`, 413, 'BODY_TOO_LARGE'],
      ['100,000 levels', '['.repeat(100_000), 400, 'BODY_MALFORMED'],
    ])('%s as a body', async (_what, body, status, code) => {
      const reply = await api.call('POST', accept, { token: provider.access, body })
      expect([reply.status, reply.body.code]).toEqual([status, code])
    })

    it('32 levels are still read', async () => {
      const body = `{"name":"x","many":1,"free":{"a":${'['.repeat(30)}${']'.repeat(30)}}}`
      expect((await api.call('POST', accept, { token: provider.access, body })).status).toBe(200)
    })

    it.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=koi8-r',
      'application/jsonx',
    ])('a body of type %s', async type => {
      const ask = { token: provider.access, body: '{"name":"x","many":1}', headers: { 'content-type': type } }
      expect((await api.call('POST', accept, ask)).body).toMatchObject({
        status: 415,
        code: 'MEDIA_TYPE_NOT_SUPPORTED',
      })
    })

    it('a compressed body', async () => {
      const ask = { token: provider.access, body: '{}', headers: { 'content-encoding': 'gzip' } }
      expect((await api.call('POST', accept, ask)).status).toBe(415)
    })

    it('fields where none are declared, and repeated query keys', async () => {
      expect((await api.call('POST', '/api/empty/', { body: { a: 1 } })).body.errors[0].path).toBe('body.a')
      expect((await api.call('POST', '/api/empty/', { body: [1] })).status).toBe(400)
      expect((await api.call('GET', `/api/things/${ID}/?full=yes&full=no`, { token: provider.access })).status).toBe(
        400,
      )
    })

    it('by the name of the refusal, with its further members', async () => {
      const reply = await api.call('POST', accept, { token: provider.access, body: { ...good, name: 'taken' } })
      expect(reply.body).toEqual({
        type: 'http://kesi.test/docs/errors#OFFER_TAKEN',
        title: 'Somebody else has taken this case',
        status: 409,
        code: 'OFFER_TAKEN',
        detail: 'Somebody else has taken this case',
        message: 'Somebody else has taken this case',
        request_id: reply.headers.get('x-request-id'),
        allowed: [],
      })
    })
  })

  it('says aloud in the log when a refusal was not declared', async () => {
    const body = { ...good, name: 'undeclared' }
    const ask = { token: provider.access, body, unchecked: true } as const
    expect((await api.call('POST', accept, ask)).status).toBe(422)
    expect(api.log).toContainEqual(expect.objectContaining({ level: 'warn', code: 'RULE_BROKEN' }))
  })

  it('tells the caller nothing of a defect but the id under which it is logged', async () => {
    const reply = await api.call('POST', accept, { token: provider.access, body: { ...good, name: 'broken' } })
    expect([reply.status, reply.body.code, reply.body.detail]).toEqual([500, 'INTERNAL', 'Something went wrong'])
    expect(api.log).toContainEqual(expect.objectContaining({ level: 'error', request: reply.body.request_id }))
  })

  it('says 503, and when to try again, while the database is away', async () => {
    const reply = await api.call('POST', accept, { token: provider.access, body: { ...good, name: 'cut off' } })
    expect([reply.status, reply.body.code]).toEqual([503, 'ENGINE_UNAVAILABLE'])
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(api.log).toContainEqual(expect.objectContaining({ level: 'error', request: reply.body.request_id }))
  })

  it('keeps back an answer that its schema does not allow', async () => {
    const reply = await api.call('GET', '/api/liar/')
    expect([reply.status, JSON.stringify(reply.body)]).toEqual([500, expect.not.stringContaining('invalid_type')])
    expect(JSON.stringify(api.log)).toContain('ANSWER_MISMATCH')
  })

  it('takes the caller’s request id only if it is a UUID', async () => {
    const ask = async (id: string) =>
      (await api.call('GET', '/api/things/stats/', { headers: { 'x-request-id': id } })).headers.get('x-request-id')
    expect(await ask(ID)).toBe(ID)
    expect(await ask('mine')).not.toBe('mine')
  })

  it('logs the pattern of the address, never the address', async () => {
    await api.call('GET', `/api/things/${ID}/?full=Wanjiru`, { token: provider.access })
    const lines = api.log.filter(line => line['msg'] === 'request')
    expect(lines).toContainEqual(
      expect.objectContaining({ method: 'GET', route: '/api/things/:id/', status: 400, user: provider.id }),
    )
    expect(JSON.stringify(lines)).not.toMatch(/Wanjiru|full=/)
  })

  it('sends no header that names the machinery, and a strict policy', async () => {
    const { headers } = await api.call('GET', '/api/things/stats/')
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('strict-transport-security')).toBeNull()
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe/)
  })
})

describe('a declaration is refused at start-up', () => {
  const base = {
    method: 'post',
    path: '/a/',
    permission: 'incident:create',
    summary: '',
    tags: [],
    errors: [],
  } as const
  const handler = async (): Promise<undefined> => undefined

  it.each([
    ['a loose body', () => defineRoute({ ...base, body: z.object({ a: z.string() }), handler })],
    [
      'a loose object inside',
      () => defineRoute({ ...base, body: z.strictObject({ a: z.array(z.object({})).optional() }), handler }),
    ],
    ['a recursive body', () => defineRoute({ ...base, body: z.strictObject({ a: z.json() }), handler })],
    ['a loose query', () => defineRoute({ ...base, query: z.looseObject({}), handler })],
    ['a parameter without a schema', () => defineRoute({ ...base, path: '/a/:id/', handler })],
    ['an id without a refusal', () => defineRoute({ ...base, path: '/a/:id/', params: idParams, handler })],
    ['a path without its slash', () => defineRoute({ ...base, path: '/a', handler })],
    ['a public route with keys', () => defineRoute({ ...base, permission: 'public', idempotent: true, handler })],
    ['an idempotent GET', () => defineRoute({ ...base, method: 'get', idempotent: true, handler })],
  ])('%s', (_what, declare) => {
    expect(declare).toThrow()
  })
})
