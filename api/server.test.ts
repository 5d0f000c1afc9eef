import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { request } from 'node:http'
import { z } from 'zod'
import { startTestApi, type TestApi } from '../test/harness/api'
import { defineRoute } from './route'

const APP = 'https://app.example.org'
const LONG = 'x'.repeat(2_000)

const text = (method: 'get' | 'post', path: string, length: number) =>
  defineRoute({
    method,
    path,
    permission: 'public',
    summary: 'A text',
    tags: [],
    response: z.object({ text: z.string() }),
    errors: [],
    handler: async () => ({ text: LONG.slice(0, length) }),
  })

let api: TestApi
beforeAll(async () => {
  api = await startTestApi({
    corsOrigins: [APP, 'http://localhost:8081'],
    routes: [
      text('get', '/api/long/', 2_000),
      text('get', '/api/short/', 500),
      text('post', '/api/write/', 2_000),
      text('get', '/api/auth/long/', 2_000),
    ],
  })
})
afterAll(() => api.stop())

/** A request as it is written: `fetch` adds headers of its own and opens what is compressed. */
function raw(
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const sent = request(api.url + path, { method, headers }, reply => {
      const parts: Buffer[] = []
      reply.on('data', (part: Buffer) => parts.push(part))
      reply.on('end', () =>
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(parts) }),
      )
    })
    sent.on('error', reject).end()
  })
}

describe('compression', () => {
  it.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ])('%s shortens what is read, and it opens to the same', async (encoding, open) => {
    const { headers, body } = await raw('/api/long/', { headers: { 'accept-encoding': encoding } })
    expect([headers['content-encoding'], headers['vary']]).toEqual([
      encoding,
      expect.stringContaining('Accept-Encoding'),
    ])
    expect(body.length).toBeLessThan(200)
    expect(JSON.parse(open(body).toString())).toEqual({ text: LONG })
  })

  it.each([
    ['a short answer', '/api/short/', 'GET', 'gzip'],
    ['a caller that did not ask', '/api/long/', 'GET', 'identity'],
    ['an answer to a write, which can repeat what was sent', '/api/write/', 'POST', 'gzip'],
    ['an address where tokens leave', '/api/auth/long/', 'GET', 'gzip'],
  ])('leaves alone %s', async (_what, path, method, encoding) => {
    const { status, headers } = await raw(path, { method, headers: { 'accept-encoding': encoding } })
    expect([status, headers['content-encoding']]).toEqual([200, undefined])
  })

  it('shortens the document too', async () => {
    const { headers } = await raw('/openapi.json', { headers: { 'accept-encoding': 'gzip' } })
    expect(headers['content-encoding']).toBe('gzip')
  })
})

describe('a page of another origin', () => {
  const ask = (origin: string, method = 'GET') =>
    raw('/api/short/', {
      method,
      headers: {
        origin,
        ...(method === 'OPTIONS' && {
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'authorization',
        }),
      },
    })

  it.each([APP, 'http://localhost:8081'])('%s is listed and may call and read', async origin => {
    const before = await ask(origin, 'OPTIONS')
    expect(before.status).toBe(204)
    expect(before.headers['access-control-allow-origin']).toBe(origin)
    expect(before.headers['access-control-allow-headers']).toContain('authorization')
    expect(before.headers['access-control-allow-methods']).toContain('PATCH')
    const { headers } = await ask(origin)
    expect(headers['access-control-allow-origin']).toBe(origin)
    expect(headers['access-control-expose-headers']).toContain('retry-after')
    expect(headers['access-control-allow-credentials']).toBeUndefined()
    expect(headers['vary']).toContain('Origin')
  })

  it.each(['https://app.example.org.evil.test', 'http://app.example.org', 'null', 'https://evil.test'])(
    '%s is not listed and is told nothing',
    async origin => {
      for (const method of ['GET', 'OPTIONS']) {
        const { headers, status } = await ask(origin, method)
        expect([method, status]).toEqual([method, method === 'GET' ? 200 : 405])
        expect(Object.keys(headers).filter(name => name.startsWith('access-control'))).toEqual([])
        expect(headers['vary']).toContain('Origin')
      }
    },
  )
})

describe('every answer', () => {
  it.each(['/api/short/', '/api/none/', '/openapi.json', '/swagger/'])(
    '%s carries the headers of safety',
    async path => {
      const { headers } = await raw(path)
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
      })
      expect(headers['x-powered-by']).toBeUndefined()
    },
  )

  it('that is personal or a refusal stays in no cache', async () => {
    for (const path of ['/api/short/', '/api/none/'])
      expect((await raw(path)).headers['cache-control']).toBe('no-store')
  })
})
