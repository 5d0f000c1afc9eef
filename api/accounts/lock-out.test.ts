import { logInFrom, PASSWORD, someoneWithPassword } from '../../test/builders/accounts'
import { startTestApi, type Reply, type TestApi } from '../../test/harness/api'

let api: TestApi
let address = ''
let addresses = 0

beforeAll(async () => {
  api = await startTestApi({ trustedProxies: ['loopback'] })
})
afterAll(() => api.stop())
beforeEach(() => {
  address = `10.9.0.${(addresses += 1)}`
})

const logIn = (body: object, from = address): Promise<Reply> => logInFrom(api, from, body)
const guess = (round: number): string => `a wrong guess, number ${round}`

async function failFive(name: object, from = address): Promise<number[]> {
  const statuses: number[] = []
  for (let round = 0; round < 5; round++) statuses.push((await logIn({ ...name, password: guess(round) }, from)).status)
  return statuses
}

const letPass = (minutes: number): Promise<unknown> =>
  api.database.db.raw('update login_attempts set at = at - make_interval(mins => ?)', [minutes])

describe('an account', () => {
  it('is locked after five different failures, for the right password too', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    expect(await failFive({ email })).toEqual([401, 401, 401, 401, 401])
    const reply = await logIn({ email })
    expect(reply.body).toMatchObject({ status: 423, code: 'ACCOUNT_LOCKED' })
    const retryAfter = Number(reply.headers.get('retry-after'))
    expect(retryAfter).toBeGreaterThan(880)
    expect(retryAfter).toBeLessThanOrEqual(900)
  })

  it('is locked for the address the failures came from, and that address for this account, alone', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    const other = await someoneWithPassword(api, 'survivor')
    await failFive({ email })
    expect((await logIn({ email })).status).toBe(423)
    expect((await logIn({ email }, '10.8.0.1')).status).toBe(200)
    expect((await logIn({ email: other.email })).status).toBe(200)
    expect((await logIn({ email })).status).toBe(423)
  })

  it('is one account by its address and by its user name', async () => {
    const body = { username: 'two-names', email: 'two-names@example.org', password: PASSWORD, role: 'survivor' }
    expect((await api.call('POST', '/api/auth/register/', { body })).status).toBe(201)
    await failFive({ email: body.email })
    expect((await logIn({ username: body.username })).status).toBe(423)
  })

  it('opens again after 15 minutes', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    await failFive({ email })
    await letPass(14)
    const locked = await logIn({ email })
    expect([locked.status, Number(locked.headers.get('retry-after')) <= 60]).toEqual([423, true])
    await letPass(1)
    expect((await logIn({ email })).status).toBe(200)
  })

  it('is not locked by the same wrong password, however often', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    for (let round = 0; round < 8; round++)
      expect((await logIn({ email, password: 'the same again' })).status).toBe(401)
    expect((await logIn({ email })).status).toBe(200)
  })

  it('tells passwords apart that differ in their case alone', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    for (const password of ['abcdefghij', 'Abcdefghij', 'ABcdefghij', 'ABCdefghij', 'ABCDefghij'])
      await logIn({ email, password })
    expect((await logIn({ email })).status).toBe(423)
  })

  it('does not count an empty password', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    const before = await api.database.db('login_attempts').count('* as count').first()
    for (let round = 0; round < 6; round++) expect((await logIn({ email, password: '' })).status).toBe(400)
    expect(await api.database.db('login_attempts').count('* as count').first()).toEqual(before)
    expect((await logIn({ email })).status).toBe(200)
  })

  it('begins anew with a success', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    for (let again = 0; again < 3; again++) {
      for (let round = 0; round < 4; round++) await logIn({ email, password: guess(round) })
      expect((await logIn({ email })).status).toBe(200)
    }
  })

  it('that does not exist behaves like one that does', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    const seen: unknown[][] = []
    for (const name of [{ email }, { email: 'nobody-at-all@example.org' }]) {
      const replies: unknown[] = []
      for (let round = 0; round < 7; round++) {
        const { status, body } = await logIn({ ...name, password: guess(round % 6) })
        replies.push([status, body.code, body.detail])
      }
      seen.push(replies)
    }
    expect(seen[1]).toEqual(seen[0])
    expect(seen[0]?.at(-1)).toEqual([423, 'ACCOUNT_LOCKED', expect.any(String)])
  })

  it('is not opened by guesses that come all at once', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, round) => logIn({ email, password: guess(round) })),
    )
    expect(replies.filter(reply => reply.status === 401)).toHaveLength(5)
    expect(replies.filter(reply => reply.status === 423)).toHaveLength(15)
  })

  it('lets its owner in many times at once', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    const replies = await Promise.all(Array.from({ length: 12 }, () => logIn({ email })))
    expect(new Set(replies.map(reply => reply.status))).toEqual(new Set([200]))
  })

  it('is locked on every replica', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    const second = await api.replica()
    await failFive({ email })
    expect((await logInFrom(second, address, { email })).status).toBe(423)
    await second.stop()
  })
})

describe('an address', () => {
  it('is shut out after thirty failures over all accounts, and no other is', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    for (let round = 0; round < 30; round++)
      expect((await logIn({ email: `nobody-${round}@example.org`, password: 'spring2026!' })).status).toBe(401)
    const reply = await logIn({ email })
    expect(reply.body).toMatchObject({ status: 429, code: 'RATE_LIMITED' })
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(800)
    expect((await logIn({ email }, '10.8.0.2')).status).toBe(200)
    await letPass(15)
    expect((await logIn({ email })).status).toBe(200)
  })

  it('of an IPv6 host is its network', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    for (let round = 0; round < 5; round++)
      await logIn({ email, password: guess(round) }, `2001:db8:1:2:${round + 1}::${round}`)
    expect((await logIn({ email }, '2001:db8:1:2::ffff')).status).toBe(423)
    expect((await logIn({ email }, '2001:db8:1:3::1')).status).toBe(200)
  })
})

describe('a registration', () => {
  const register = (body: object): Promise<Reply> =>
    api.call('POST', '/api/auth/register/', {
      body: { role: 'survivor', password: PASSWORD, ...body },
      headers: { 'x-forwarded-for': address },
    })

  it('under a taken name counts as a failed log-in', async () => {
    const { email } = await someoneWithPassword(api, 'survivor')
    for (let round = 0; round < 5; round++)
      expect((await register({ email, password: guess(round) })).body.code).toBe('EMAIL_TAKEN')
    expect((await register({ email, password: guess(5) })).body.code).toBe('ACCOUNT_LOCKED')
    expect((await logIn({ email })).status).toBe(423)
  })

  it('cannot try out thirty names', async () => {
    for (let round = 0; round < 30; round++) await logIn({ email: `probe-${round}@example.org` })
    const { email } = await someoneWithPassword(api, 'survivor')
    expect((await register({ email })).body.code).toBe('RATE_LIMITED')
    expect((await register({ email: 'free@example.org' })).body.code).toBe('RATE_LIMITED')
  })

  it('that succeeds, or is refused for something else, counts as nothing', async () => {
    for (let round = 0; round < 6; round++) expect((await register({ username: `free-${round}` })).status).toBe(201)
    for (let round = 0; round < 6; round++)
      expect((await register({ email: `d${round}@example.org`, role: 'dispatcher' })).body.code).toBe(
        'INVITATION_REQUIRED',
      )
    const { count } =
      (await api.database.db('login_attempts').where({ failed: false }).count('* as count').first()) ?? {}
    expect(count).toBe(0)
  })
})

describe('what is kept of it', () => {
  it('is digests under a key, and goes with time', async () => {
    await failFive({ email: 'canary-name@example.org' }, '10.7.7.7')
    const kept = JSON.stringify(await api.database.db('login_attempts'))
    expect(kept).not.toMatch(/canary|10\.7\.7\.7|wrong guess/)
    await letPass(16)
    await logIn({ email: 'canary-name@example.org', password: 'one more' })
    expect(await api.database.db('login_attempts').where('at', '<', new Date(Date.now() - 900_000))).toEqual([])
  })
})
