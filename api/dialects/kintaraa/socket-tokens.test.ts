import { readFileSync } from 'node:fs'
import { SignJWT } from 'jose'
import { newId } from '../../../platform/ids'
import { startWithApp, type App } from '../../../test/builders/app'
import { appSocketsOf, conversationPath, PROVIDERS, shut } from '../../../test/builders/app-sockets'
import { eventually } from '../../../test/harness/eventually'
import { openSocket } from '../../../test/harness/socket'
import { kintaraa } from './kintaraa.client'

const HOST = 'app.example.org'
let app: App
beforeAll(async () => {
  app = await startWithApp({ clients: [{ ...kintaraa, host: HOST }], sockets: {}, trustedProxies: ['loopback'] })
})
afterAll(() => app.people.api.stop())

const api = () => app.people.api
const db = () => api().database.db
const { socketOf, isOpen, opened, refusal, talk, handOver } = appSocketsOf(() => app)

describe('what is refused', () => {
  it('is refused before there is a socket', async () => {
    const of = await talk()
    const path = conversationPath(of.id)
    const { survivor, dispatcher } = app.people
    const stranger = await api().someone('survivor')
    const former = await app.people.provider()
    const ended = await api().someone('provider')
    await db()('sessions').where({ user_id: ended.id }).update({ revoked_at: new Date() })
    for (const [name, socket, status] of [
      ['no token', socketOf(path), 401],
      ['an empty one', socketOf(path, ''), 401],
      ['a wrong one', socketOf(path, `${survivor.access}x`), 401],
      ['a refresh token', socketOf(path, survivor.refresh), 401],
      ['an ended session', socketOf(PROVIDERS, ended.access), 401],
      ['somebody else’s conversation', socketOf(path, stranger.access), 404],
      ['a provider who was never asked', socketOf(path, former.access), 404],
      ['no conversation', socketOf(conversationPath(newId()), survivor.access), 404],
      ['no id', socketOf(conversationPath("4'-1"), survivor.access), 404],
      ['a survivor among providers', socketOf(PROVIDERS, survivor.access), 403],
      ['a dispatcher among providers', socketOf(PROVIDERS, dispatcher.access), 403],
      ['an address of nothing', socketOf('/clients/kintaraa/ws/wizardry/', survivor.access), 404],
      ['the hook without a sign-in', openSocket(api(), '/ws?userId=1&role=admin'), 404],
      ['a token at the product’s own sockets', socketOf('/ws/me/', survivor.access), 400],
      ['the app’s paths at the product’s host', socketOf('/ws/providers/', of.provider.access), 404],
    ] as const)
      expect([name, await refusal(socket), socket.frames]).toEqual([name, status, []])
  })

  it('and whose access has ended is told so', async () => {
    const of = await talk()
    const next = await app.people.provider({ capacity: 9 })
    await handOver(of, next)
    expect(await refusal(socketOf(conversationPath(of.id), of.provider.access))).toBe(403)
  })

  it('somebody with too many sockets gets no further one, and those that close make room', async () => {
    const provider = await app.people.provider()
    const all = await Promise.all(Array.from({ length: 20 }, () => opened(PROVIDERS, provider)))
    expect(await refusal(socketOf(PROVIDERS, provider.access))).toBe(429)
    shut(...all)
    await eventually(async () => {
      const socket = socketOf(PROVIDERS, provider.access)
      await eventually(async () => socket.closed ?? (socket.ws.readyState === socket.ws.OPEN || undefined))
      shut(socket)
      return socket.refusedWith === undefined || undefined
    })
  })

  it('is everything where the app is not served, or tokens in addresses are switched off', async () => {
    const of = await talk()
    for (const [clients, status] of [
      [[], 404],
      [[{ ...kintaraa, socketTokens: 'off' }], 403],
    ] as const) {
      const without = await startWithApp({ clients, sockets: {} })
      const provider = await without.people.provider()
      for (const path of [PROVIDERS, conversationPath(of.id)]) {
        const socket = openSocket(without.people.api, `${path}?token=${provider.access}`)
        expect([path, await refusal(socket)]).toEqual([path, status])
      }
      await without.people.api.stop()
    }
  })
})

describe('a token in an address', () => {
  it('is taken as it is, too, and at the app’s own host below its root', async () => {
    const provider = await app.people.provider()
    const raw = openSocket(api(), `${PROVIDERS}?token=${provider.access}`)
    const headers = { 'x-forwarded-host': `${HOST.toUpperCase()}` }
    const atHost = openSocket(api(), `/ws/providers/?token=${provider.access}`, { headers })
    await Promise.all([isOpen(raw), isOpen(atHost)])
    expect(await refusal(openSocket(api(), '/ws/me/', { headers }))).toBe(404)
    shut(raw, atHost)
  })

  it('lives two minutes longer than elsewhere, and no longer than its session', async () => {
    const provider = await app.people.provider()
    const expired = (seconds: number): Promise<string> => {
      const now = new Date(Date.now() - (900 + seconds) * 1_000)
      const [, payload = ''] = provider.access.split('.')
      const { sid } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sid: string }
      return api().deps.accounts.accessTokens.sign({ sub: provider.id, sid, role: 'provider' }, now)
    }
    const [minute, three] = [await expired(60), await expired(180)]
    expect((await api().call('GET', '/api/auth/me/', { token: minute })).status).toBe(401)
    const socket = socketOf(PROVIDERS, minute)
    await isOpen(socket)
    expect((await api().call('GET', '/api/auth/me/', { token: minute })).status).toBe(401)
    expect(await refusal(socketOf(PROVIDERS, three))).toBe(401)
    await db()('sessions').where({ user_id: provider.id }).update({ revoked_at: new Date() })
    const at = performance.now()
    expect(await socket.closing()).toBe(4401)
    expect(performance.now() - at).toBeLessThan(5_000)
    expect(await refusal(socketOf(PROVIDERS, minute))).toBe(401)
  })

  it('of somebody else’s making is none, however long it lives', async () => {
    const { survivor } = app.people
    const [, payload = ''] = survivor.access.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'jwt' }).sign(Buffer.alloc(32))
    expect(await refusal(socketOf(PROVIDERS, forged))).toBe(401)
  })

  it('is counted, and is in no log', async () => {
    const provider = await app.people.provider()
    const counts = (): unknown[] =>
      api()
        .log.filter(({ msg }) => msg === 'legacy socket token')
        .map(line => line['legacy_socket_tokens_total'])
    const before = counts().length
    const [socket, refused] = [await opened(PROVIDERS, provider), socketOf(PROVIDERS, 'hushhush')]
    await refused.closing()
    expect(counts()).toHaveLength(before + 1)
    expect(api().log.findLast(({ msg }) => msg === 'legacy socket token')).toMatchObject({ user: provider.id })
    socket.close()
    await socket.closing()
    await eventually(async () => api().log.find(({ msg, user }) => msg === 'socket' && user === provider.id))
    const log = JSON.stringify(api().log)
    for (const secret of ['hushhush', provider.access, 'token=', 'eyJ']) expect(log).not.toContain(secret)
  })

  it('is in no log of the proxy that comes with the product', () => {
    const conf = readFileSync('deploy/nginx/nginx.conf', 'utf8')
    expect(conf).toContain('access_log off;')
    expect(conf.match(/access_log (?!off)|log_format/g)).toBeNull()
    const [, form = '', block = ''] = /location ~ (\S+) \{([^}]*)\}/.exec(conf) ?? []
    expect(block).toContain('error_log /dev/null;')
    for (const path of ['/ws/providers/', conversationPath('x'), PROVIDERS]) expect(path).toMatch(new RegExp(form))
  })
})
