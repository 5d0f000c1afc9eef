import { newId } from '../../platform/ids'
import { startTestApi, type Reply, type Someone, type TestApi } from '../../test/harness/api'
import { ROUTES } from '../routes'
import type { UploadSpec } from '../upload'
import { extraOf, isExempt } from './limit-rules'
import { createLimits, networkOf, type Countable, type LimitSettings } from './limits'

const SETTINGS: LimitSettings = {
  limitAnonymous: 10,
  limitUser: 100,
  limitStaff: 150,
  limitUploads: 4,
  limitMessages: 60,
  limitMessageBurst: 30,
}

let api: TestApi
beforeAll(async () => {
  api = await startTestApi({ limits: SETTINGS, trustedProxies: ['loopback'] })
})
afterAll(() => api.stop())

let addresses = 0
/** Headers of a sender that nobody was before. */
const elsewhere = () => ({ 'x-forwarded-for': `198.51.100.${(addresses += 1)}` })

const statusesOf = async (times: number, ask: () => Promise<Reply>): Promise<number[]> => {
  const statuses: number[] = []
  for (let each = 0; each < times; each++) statuses.push((await ask()).status)
  return statuses
}
const count = (statuses: readonly number[], status: number): number => statuses.filter(each => each === status).length

describe('without a token', () => {
  it('an address has its requests of an hour, and is then told when to come again', async () => {
    const headers = elsewhere()
    const ask = (path = '/api/auth/roles/') => api.call('GET', path, { headers })
    const first = await ask()
    expect(first.status).toBe(200)
    expect(first.headers.get('ratelimit-limit')).toBe('10')
    expect(first.headers.get('ratelimit-remaining')).toBe('9')
    expect(await statusesOf(9, ask)).toEqual(Array(9).fill(200))

    const refused = await ask()
    expect([refused.status, refused.body.code]).toEqual([429, 'RATE_LIMITED'])
    const after = Number(refused.headers.get('retry-after'))
    expect(after).toBeGreaterThan(3_590)
    expect(refused.headers.get('ratelimit-reset')).toBe(refused.headers.get('retry-after'))
    expect(refused.headers.get('ratelimit-remaining')).toBe('0')

    expect((await ask('/api/incidents/')).status).toBe(429)
    expect((await api.call('POST', '/api/auth/login/', { headers, body: {} })).status).toBe(429)
    for (const path of ['/api/auth/health/', '/health/live', '/health/ready', '/', '/openapi.json'])
      expect([path, (await ask(path)).status]).toEqual([path, 200])
  })

  it('every address has its own, and somebody signed in does not use it', async () => {
    const headers = elsewhere()
    expect(count(await statusesOf(12, () => api.call('GET', '/api/auth/roles/', { headers })), 429)).toBe(2)
    expect((await api.call('GET', '/api/auth/roles/', { headers: elsewhere() })).status).toBe(200)
    const { access: token } = await api.someone('survivor')
    expect((await api.call('GET', '/api/incidents/', { headers, token })).status).toBe(200)
    const known = await api.call('GET', '/api/auth/roles/', { headers, token })
    expect([known.status, known.headers.get('ratelimit-limit')]).toEqual([200, '100'])
  })

  it('a token that is none counts as none', async () => {
    const ask = { headers: elsewhere(), token: 'made.up.token' }
    expect(count(await statusesOf(12, () => api.call('GET', '/api/incidents/', ask)), 429)).toBe(2)
    expect(count(await statusesOf(2, () => api.call('GET', '/api/auth/roles/', ask)), 429)).toBe(2)
  })

  it('a phone whose session has ended, or that renews it, does not use up its network’s', async () => {
    const headers = elsewhere()
    const { access: token } = await api.someone('survivor')
    await api.call('POST', '/api/auth/logout/', { token, headers, body: {} })
    expect(count(await statusesOf(20, () => api.call('GET', '/api/incidents/', { token, headers })), 401)).toBe(20)

    let { refresh } = await api.someone('survivor')
    const renew = async (): Promise<Reply> => {
      const reply = await api.call('POST', '/api/auth/refresh/', { headers, body: { refresh } })
      refresh = String(reply.body.refresh)
      return reply
    }
    expect(count(await statusesOf(20, renew), 200)).toBe(20)
    expect((await api.call('GET', '/api/auth/roles/', { headers })).headers.get('ratelimit-remaining')).toBe('9')
  })

  it('nobody chooses the address under which they are counted', async () => {
    const untrusting = await startTestApi({ limits: SETTINGS })
    const ask = () => untrusting.call('GET', '/api/auth/roles/', { headers: elsewhere() })
    expect(count(await statusesOf(12, ask), 429)).toBe(2)
    await untrusting.stop()
  })
})

describe('signed in', () => {
  const list = (someone: Someone, on: Pick<TestApi, 'call'> = api) =>
    on.call('GET', '/api/notices/', { token: someone.access })

  it('people have theirs and staff has more, on every replica together', async () => {
    const other = await api.replica()
    for (const [role, limit] of [
      ['survivor', 100],
      ['dispatcher', 150],
    ] as const) {
      const someone = await api.someone(role)
      const both = await Promise.all([
        statusesOf(limit, () => list(someone)),
        statusesOf(limit, () => list(someone, other)),
      ])
      const granted = count(both.flat(), 200)
      expect(granted).toBeLessThanOrEqual(limit)
      // Each replica may still hold what it has reserved and nobody asked for: 2 % at most.
      expect(granted).toBeGreaterThan(limit - 0.02 * limit)
      expect(count(both.flat(), 429)).toBe(2 * limit - granted)
      expect((await api.call('GET', '/api/auth/me/', { token: someone.access })).status).toBe(200)
    }
    await other.stop()
  })

  it('one account does not use up another’s', async () => {
    const [ann, bob] = [await api.someone('provider'), await api.someone('provider')]
    expect(count(await statusesOf(102, () => list(ann)), 429)).toBe(2)
    expect((await list(bob)).status).toBe(200)
  })

  const upload: UploadSpec = { maxBytes: 1, kinds: [] }
  const sent = (route: Countable['route'], id: string): Countable => ({
    route,
    method: 'post',
    actor: { id, role: 'survivor', sid: newId() },
    staleSession: undefined,
    ip: '',
  })
  it.each([
    ['messages', { path: '/api/messages/' }, 30, 30],
    ['uploads', { path: '/api/anywhere/', upload }, 4, 3_600],
  ])('%s have an allowance of their own: %p, %d in %d s', async (_what, route, times, seconds) => {
    const limits = createLimits(api.database.db, api.deps.accounts.indexKey, SETTINGS)
    const one = sent(route, newId())
    for (let each = 0; each < times; each++)
      expect((await limits.count(one)).headers['ratelimit-limit']).toBe(String(times))
    const refused: unknown = await limits.count(one).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'RATE_LIMITED' })
    const { headers } = (refused as { more: { headers: Record<string, string> } }).more
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(seconds)
    expect(Number(headers['retry-after'])).toBeGreaterThan(seconds - 30)
    const other = { ...one, route: { path: '/api/notices/' } }
    expect((await limits.count(other)).headers['ratelimit-limit']).toBe('100')
  })
})

describe('the record of the limits', () => {
  it('holds no address', async () => {
    await api.call('GET', '/api/auth/roles/', { headers: { 'x-forwarded-for': '203.0.113.77' } })
    const rows: unknown = await api.database.db('request_limits').select('key')
    expect(JSON.stringify(rows)).toMatch(/anonymous:/)
    expect(JSON.stringify(rows)).not.toMatch(/203\.0\.113|198\.51/)
  })

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2:ffff::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', ''],
  ])('%s is counted as %s', (ip, network) => {
    expect(networkOf(ip)).toBe(network)
  })
})

describe('the rules', () => {
  it('free what must always answer and nothing else', () => {
    const free = new Set(ROUTES.filter(isExempt).map(({ path }) => path))
    for (const path of free) expect(path).toMatch(/\/(me|health|live|ready|information|receipts)\//)
    for (const path of ['/api/auth/me/', '/api/auth/health/', '/health/live/', '/health/ready/'])
      expect(free).toContain(path)
    for (const path of ['/api/health/unattended/', '/api/auth/login/', '/api/incidents/:id/', '/api/providers/me/'])
      expect(isExempt({ path })).toBe(false)
  })

  it('count what is written, not what is read', () => {
    expect(extraOf({ path: '/api/messages/' }, 'get')).toBeUndefined()
    expect(extraOf({ path: '/api/messages/conversations/:id/read/' }, 'post')).toBeUndefined()
  })
})
