import { startTestApi, type TestApi } from '../../test/harness/api'

let api: TestApi

beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.stop())

const get = (path: string) => api.call('GET', path)
const csp = (headers: Headers): string => headers.get('content-security-policy') ?? ''

describe('the pages', () => {
  it('begin with one that says what runs here and where to go', async () => {
    const { status, headers, body } = await get('/')
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const links = [...(body as string).matchAll(/(?:href|src)="([^"]+)"/g)].map(match => match[1] ?? '')
    expect(links).toContain('/swagger/')
    for (const link of links) expect([link, [200, 503].includes((await get(link)).status)]).toEqual([link, true])
  })

  it.each(['/', '/swagger/', '/redoc/', '/docs/errors'])(
    '%s holds no inline script and loads nothing from elsewhere',
    async path => {
      const { body } = await get(path)
      for (const [, attributes, inside] of (body as string).matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g))
        expect([attributes, inside]).toEqual([expect.stringContaining('src='), ''])
      expect(body).not.toMatch(/(?:href|src)="(?:https?:)?\/\//)
      expect(body).not.toMatch(/\son\w+=|style=/)
    },
  )

  it('have everything that the viewers load', async () => {
    for (const path of ['/swagger/', '/redoc/']) {
      const { body } = await get(path)
      for (const [, file] of (body as string).matchAll(/(?:href|src)="([^"]+)"/g))
        expect([file, (await get(path + file)).status]).toEqual([file, 200])
    }
    expect((await get('/swagger/swagger-initializer.js')).body).toContain('/openapi.json')
  })

  it('loosen the style rule for the two viewers alone', async () => {
    for (const path of ['/swagger/', '/redoc/']) {
      const policy = csp((await get(path)).headers)
      expect(policy).toContain("style-src 'self' 'unsafe-inline'")
      expect(policy).toContain("script-src 'self';")
    }
    for (const path of ['/', '/docs/errors', '/openapi.json', '/api/auth/health/', '/no/such'])
      expect(csp((await get(path)).headers)).not.toContain('unsafe')
  })

  it('put the slash where it belongs', async () => {
    for (const path of ['/swagger', '/redoc']) {
      const { status, headers } = await get(path)
      expect([status, headers.get('location')]).toEqual([308, `${path}/`])
    }
  })

  it('explain each refusal where its problem document says', async () => {
    const problem = (await get('/api/auth/me/')).body as { type: string }
    const [page, anchor] = problem.type.replace('http://kesi.test', '').split('#')
    expect((await get(page ?? '')).body).toContain(`id="${anchor}"`)
  })

  it('include the document and an empty icon', async () => {
    const { body, headers } = await get('/openapi.json')
    expect([body.openapi, headers.get('content-type')]).toEqual(['3.1.0', 'application/json; charset=utf-8'])
    expect((await get('/favicon.ico')).status).toBe(204)
  })

  it.each(['/swagger/../../package.json', '/swagger/%2e%2e/package.json', '/redoc/..%2f..%2fpackage.json'])(
    'lead nowhere else: %s',
    async path => {
      expect((await get(path)).status).not.toBe(200)
    },
  )
})

describe('readiness', () => {
  it('is what the checks say, and a check that fails or hangs says no', async () => {
    const checks = api.deps.checks as Record<string, () => Promise<boolean>>
    expect((await get('/health/live')).body).toEqual({ status: 'ok' })
    expect(await get('/health/ready')).toMatchObject({ status: 200, body: { ready: true, checks: {} } })
    checks['database'] = async () => true
    checks['worker'] = () => Promise.reject(new Error('down'))
    expect(await get('/health/ready')).toMatchObject({
      status: 503,
      body: { ready: false, checks: { database: true, worker: false } },
    })
    checks['worker'] = () => new Promise(() => undefined)
    expect((await get('/health/ready')).status).toBe(503)
  })
})

describe('over https', () => {
  it('browsers are told to stay there', async () => {
    const secure = await startTestApi({ publicUrl: 'https://kesi.test' })
    const { headers } = await secure.call('GET', '/')
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains')
    await secure.stop()
  })
})
