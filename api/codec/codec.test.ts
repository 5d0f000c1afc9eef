import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer as createHttpServer, type Server } from 'node:http'
import { defaultPayloadConverter } from '@temporalio/common'
import express from 'express'
import { parseKeyRing } from '../../platform/keyring'
import { createPayloadCodec } from '../../platform/temporal/codec'
import { startTestApi, type Someone, type TestApi } from '../../test/harness/api'
import { traceRequests } from '../trace'
import { codecEndpoint, type CodecOptions } from './codec.endpoint'
import { toWire, type WirePayload } from './codec.payloads'

const codec = createPayloadCodec(parseKeyRing(`c1:${randomBytes(32).toString('base64')}`))
const UI = 'http://localhost:8233'

let api: TestApi
let admin: Someone
let dispatcher: Someone
const servers: Server[] = []

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.someone('admin')
  dispatcher = await api.someone('dispatcher')
})
afterAll(async () => {
  for (const server of servers) server.close()
  await api.stop()
})

/** The endpoint alone, on a port of its own. */
async function serve(options: Partial<CodecOptions>): Promise<string> {
  const app = express()
  app.use(traceRequests(api.deps.acts.logger))
  app.use(codecEndpoint({ codec, uiUrl: UI, mode: 'production', ...options }, api.deps))
  const server = createHttpServer(app)
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/codec`
}

async function sealed(value: unknown): Promise<WirePayload> {
  const [payload] = await codec.encode([defaultPayloadConverter.toPayload(value)])
  if (!payload) throw new Error('no payload')
  return toWire(payload)
}

const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

const texts = async (response: Response): Promise<string[]> =>
  ((await response.json()) as { payloads: WirePayload[] }).payloads.map(({ data }) =>
    Buffer.from(data ?? '', 'base64').toString(),
  )

const as = (someone: Someone) => ({ authorization: `Bearer ${someone.access}` })

describe('/api/codec/decode', () => {
  it('opens payloads for an administrator, with a line in the log', async () => {
    const url = await serve({})
    const body = { payloads: [await sealed({ incidentId: 'a' }), await sealed([1])] }
    const reply = await post(`${url}/decode`, body, { ...as(admin), 'x-namespace': 'kesi' })
    expect(reply.status).toBe(200)
    expect(await texts(reply)).toEqual(['{"incidentId":"a"}', '[1]'])
    expect(api.log).toContainEqual(expect.objectContaining({ codec: 'decode', payloads: 2, by: admin.id }))
  })

  it('redacts for whoever is not signed in, and refuses who is and may not', async () => {
    const url = await serve({})
    const body = { payloads: [await sealed('secret')] }
    expect(await texts(await post(`${url}/decode`, body))).toEqual(['"redacted"'])
    expect((await post(`${url}/decode`, body, as(dispatcher))).status).toBe(403)
    expect((await post(`${url}/decode`, body, { authorization: 'Bearer x' })).status).toBe(401)
  })

  it('opens them for the same machine in a demo, not through a proxy', async () => {
    const url = await serve({ mode: 'demo' })
    const body = { payloads: [await sealed('story')] }
    expect(await texts(await post(`${url}/decode/`, body))).toEqual(['"story"'])
    expect(await texts(await post(`${url}/decode`, body, { 'x-forwarded-for': '203.0.113.9' }))).toEqual(['"redacted"'])
  })

  it('hides what does not open and shows the rest', async () => {
    const url = await serve({ mode: 'development' })
    const broken = { ...(await sealed('x')), data: Buffer.alloc(40).toString('base64') }
    const plain = toWire(defaultPayloadConverter.toPayload('plain'))
    const reply = await post(`${url}/decode`, { payloads: [broken, plain, await sealed('fine')] })
    expect(await texts(reply)).toEqual(['"redacted"', '"plain"', '"fine"'])
  })

  it('passes payloads on where nothing is encrypted', async () => {
    const url = await serve({ codec: undefined, mode: 'demo' })
    const plain = toWire(defaultPayloadConverter.toPayload('plain'))
    expect(await texts(await post(`${url}/decode`, { payloads: [plain] }))).toEqual(['"plain"'])
  })

  it('answers bad forms with a problem', async () => {
    const url = await serve({ mode: 'demo' })
    expect((await post(`${url}/decode`, '{')).status).toBe(400)
    expect((await post(`${url}/decode`, { payloads: 'x' })).status).toBe(400)
    expect((await post(`${url}/decode`, { payloads: [{ data: 'x'.repeat(4_200_000) }] })).status).toBe(413)
  })
})

describe('/api/codec/encode', () => {
  it('seals for whoever may also open', async () => {
    const url = await serve({})
    const body = { payloads: [toWire(defaultPayloadConverter.toPayload('mine'))] }
    const reply = await post(`${url}/encode`, body, as(admin))
    const { payloads } = (await reply.json()) as { payloads: WirePayload[] }
    expect(await texts(await post(`${url}/decode`, { payloads }, as(admin)))).toEqual(['"mine"'])
    expect((await post(`${url}/encode`, body)).status).toBe(401)
  })
})

describe('the browser’s question before', () => {
  it('is answered for the Temporal UI alone', async () => {
    const url = await serve({ mode: 'demo' })
    const ask = (origin: string) => fetch(`${url}/decode`, { method: 'OPTIONS', headers: { origin } })
    for (const origin of [UI, 'http://127.0.0.1:8233']) {
      const { status, headers } = await ask(origin)
      expect([status, headers.get('access-control-allow-origin')]).toEqual([204, origin])
      expect(headers.get('access-control-allow-headers')).toContain('x-namespace')
    }
    for (const origin of ['http://evil.example:8233', 'http://localhost:9000', 'null'])
      expect((await ask(origin)).headers.get('access-control-allow-origin')).toBeNull()
  })
})
