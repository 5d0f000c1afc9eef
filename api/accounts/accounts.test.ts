import { startTestApi, type Reply, type TestApi } from '../../test/harness/api'

const PASSWORD = 'thirteen green parrots'
const USER_FIELDS = [
  ...['id', 'email', 'username', 'first_name', 'last_name', 'full_name', 'role', 'role_display', 'provider_type'],
  ...[
    'provider_type_display',
    'verification',
    'language',
    'is_anonymous',
    'biometric_enabled',
    'is_active',
    'on_duty',
    'last_login',
  ],
  ...['created_at', 'updated_at'],
]

let api: TestApi
let clock = 0

beforeAll(async () => {
  api = await startTestApi({ now: () => new Date(Date.now() + clock) })
})
afterAll(() => api.stop())
afterEach(() => {
  clock = 0
})

const register = (body: object): Promise<Reply> =>
  api.call('POST', '/api/auth/register/', { body: { password: PASSWORD, role: 'survivor', ...body } })
const login = (body: object): Promise<Reply> =>
  api.call('POST', '/api/auth/login/', { body: { password: PASSWORD, ...body } })
const me = (token: string): Promise<Reply> => api.call('GET', '/api/auth/me/', { token })
const refresh = (token: string): Promise<Reply> => api.call('POST', '/api/auth/refresh/', { body: { refresh: token } })
const codes = (reply: Reply): string[] =>
  (reply.body.errors as { path: string; code: string }[]).map(({ path, code }) => `${path} ${code}`).sort()

describe('registration', () => {
  it('makes a survivor of a made-up name, signed in at once', async () => {
    const { status, body } = await register({ username: 'quiet-river', language: 'sw', is_anonymous: true })
    expect(status).toBe(201)
    expect(Object.keys(body).sort()).toEqual(['access', 'message', 'refresh', 'success', 'tokens', 'user'])
    expect(body).toMatchObject({ success: true, tokens: { access: body.access, refresh: body.refresh } })
    expect(Object.keys(body.user).sort()).toEqual([...USER_FIELDS].sort())
    expect(body.user).toMatchObject({
      email: null,
      username: 'quiet-river',
      full_name: 'quiet-river',
      role: 'survivor',
      role_display: 'Survivor',
      provider_type: null,
      verification: null,
      language: 'sw',
      is_anonymous: true,
      biometric_enabled: false,
      is_active: true,
    })
    expect((await me(body.access)).body).toEqual(body.user)
  })

  it('makes a provider who waits to be verified', async () => {
    const about = { first_name: 'Wanjiru', last_name: 'Kamau', phone: '+254 700 000-000' }
    const { status, body } = await register({
      role: 'provider',
      email: 'w@example.org',
      provider_type: 'legal',
      ...about,
    })
    expect(status).toBe(201)
    expect(body.user).toMatchObject({ full_name: 'Wanjiru Kamau', provider_type: 'legal', verification: 'pending' })
    expect(body.user.provider_type_display).toEqual(expect.any(String))
  })

  it('stores nothing personal in clear', async () => {
    await register({
      email: 'canary-mail@example.org',
      username: 'canaryname',
      first_name: 'Canaryfirst',
      phone: '+254711222333',
    })
    const { rows } = await api.database.db.raw<{ rows: unknown[] }>(
      'select u::text, k::text from users u, account_keys k',
    )
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toMatch(/canary|254711222333|parrots/i)
  })

  it.each([
    [{}, ['body.email required']],
    [{ email: 'nobody' }, ['body.email invalid_format']],
    [{ username: 'a b' }, ['body.username invalid_format']],
    [{ username: 'abc', password: 'short' }, ['body.password too_short']],
    [{ username: 'abc', password: 'password2026' }, ['body.password too_common']],
    [{ username: 'abc', password: 'x'.repeat(200) }, ['body.password too_long']],
    [{ username: 'abc', confirm_password: 'another one' }, ['body.confirm_password differs']],
    [{ username: 'abc', role: 'king' }, ['body.role invalid_value']],
    [{ username: 'abc', role: 'provider' }, ['body.email required', 'body.provider_type required']],
    [{ email: 'p@example.org', role: 'provider', provider_type: 'wizard' }, ['body.provider_type invalid_value']],
    [{ username: 'abc', provider_type: 'legal' }, ['body.provider_type not_allowed']],
    [{ username: 'abc', invitation: 'x' }, ['body.invitation not_allowed']],
    [
      { email: 'p@example.org', role: 'provider', provider_type: 'legal', is_anonymous: true },
      ['body.is_anonymous not_allowed'],
    ],
    [{ username: 'abc', is_admin: true, role: 7 }, ['body.is_admin unknown_field', 'body.role invalid_value']],
    [{ username: 'abc', first_name: '', phone: '0700' }, ['body.first_name too_small', 'body.phone invalid_format']],
  ])('refuses %j', async (body, faults) => {
    const reply = await register(body)
    expect([reply.status, codes(reply)]).toEqual([400, faults])
  })

  it('refuses a taken name, however it is written', async () => {
    await register({ email: 'taken@example.org', username: 'taken' })
    expect((await register({ email: ' Taken@Example.org'.trim() })).body.code).toBe('EMAIL_TAKEN')
    expect((await register({ username: 'TAKEN' })).body).toMatchObject({ status: 409, code: 'USERNAME_TAKEN' })
  })

  it('of twenty at once under one address makes one account', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => register({ email: 'race@example.org' })))
    expect(replies.filter(reply => reply.status === 201)).toHaveLength(1)
    expect(new Set(replies.map(reply => reply.body.code))).toEqual(new Set([undefined, 'EMAIL_TAKEN']))
  })
})

describe('log-in', () => {
  beforeAll(async () => {
    await register({ email: 'amina@example.org', username: 'amina' })
  })

  it.each([{ email: 'amina@example.org' }, { email: 'AMINA@example.org' }, { username: 'Amina' }])(
    'by %j',
    async name => {
      const { status, body } = await login(name)
      expect([status, body.success, body.user.username]).toEqual([200, true, 'amina'])
      expect(body.user.last_login).toEqual(expect.any(String))
    },
  )

  it('answers the same for an unknown account, a wrong password and a deactivated account', async () => {
    await register({ email: 'gone@example.org', username: 'gone' }).then(({ body }) =>
      api.database.db('users').where({ id: body.user.id }).update({ status: 'disabled' }),
    )
    const replies = await Promise.all([
      login({ email: 'nobody@example.org' }),
      login({ email: 'amina@example.org', password: 'wrong password' }),
      login({ username: 'gone' }),
    ])
    const seen = replies.map(({ status, body: { request_id: _id, ...rest } }) => ({ status, ...rest }))
    expect(seen[0]).toMatchObject({ status: 401, code: 'CREDENTIALS_WRONG' })
    expect(seen[1]).toEqual(seen[0])
    expect(seen[2]).toEqual(seen[0])
  })

  it('takes as long for an unknown account as for a wrong password', async () => {
    const time = async (name: object): Promise<number> => {
      const started = performance.now()
      await login({ ...name, password: 'wrong password' })
      return performance.now() - started
    }
    const known: number[] = []
    const unknown: number[] = []
    for (let round = 0; round < 15; round++) {
      known.push(await time({ username: 'amina' }))
      unknown.push(await time({ username: `nobody-${round}` }))
    }
    const median = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
    const ratio = median(known) / median(unknown)
    expect(ratio).toBeGreaterThan(0.5)
    expect(ratio).toBeLessThan(2)
  })

  it.each([
    [{ email: 'amina@example.org', password: '' }, ['body.password too_small']],
    [{ password: PASSWORD }, ['body.email required']],
    [{ email: 'a@example.org', username: 'a', password: 'x' }, ['body.email required']],
    [{ username: 'amina', password: 7 }, ['body.password invalid_type']],
  ])('refuses %j', async (body, faults) => {
    const reply = await login(body)
    expect([reply.status, codes(reply)]).toEqual([400, faults])
  })
})

describe('a session', () => {
  const signIn = async (name: string): Promise<{ access: string; refresh: string }> =>
    (await register({ username: name })).body

  it('lives on by its refresh token, at both addresses; the old one is spent', async () => {
    const first = await signIn('refresher')
    const second = await refresh(first.refresh)
    expect([second.status, second.body.success, (await me(second.body.access)).status]).toEqual([200, true, 200])
    expect(second.body.tokens).toEqual({ access: second.body.access, refresh: second.body.refresh })
    const third = await api.call('POST', '/api/auth/token/refresh/', { body: { refresh: second.body.refresh } })
    expect(third.status).toBe(200)
    expect((await me(first.access)).status).toBe(200)
  })

  it('ends for everybody when a spent token comes again', async () => {
    const first = await signIn('robbed')
    const second = (await refresh(first.refresh)).body
    expect((await refresh(first.refresh)).body).toMatchObject({ status: 401, code: 'SESSION_REVOKED' })
    expect((await me(second.access)).body.code).toBe('SESSION_REVOKED')
    expect((await refresh(second.refresh)).body.code).toBe('SESSION_REVOKED')
  })

  it('of two uses of one refresh token at once gives one a pair, and ends', async () => {
    const { refresh: token } = await signIn('twice')
    const replies = await Promise.all([refresh(token), refresh(token)])
    expect(replies.map(reply => reply.status).sort()).toEqual([200, 401])
    const winner = replies.find(reply => reply.status === 200)
    expect((await me(winner?.body.access)).body.code).toBe('SESSION_REVOKED')
  })

  it('remembers a hundred spent tokens', async () => {
    let { refresh: token } = await signIn('longlived')
    const first = token
    for (let round = 0; round < 102; round++) token = (await refresh(token)).body.refresh
    const row = await api.database.db('sessions').orderBy('last_used_at', 'desc').first<{ spent_digests: string[] }>()
    expect(row?.spent_digests).toHaveLength(100)
    expect((await refresh(first)).body.code).toBe('TOKEN_INVALID')
    expect((await refresh(token)).status).toBe(200)
  })

  it.each([['unknown'], ['x'.repeat(43)]])('is not opened by %j', async token => {
    expect((await refresh(token)).body).toMatchObject({ status: 401, code: 'TOKEN_INVALID' })
  })

  it('ends at once with log-out, and only that one', async () => {
    const here = await signIn('leaver')
    const there = (await login({ username: 'leaver' })).body
    expect((await me(here.access)).status).toBe(200)
    const reply = await api.call('POST', '/api/auth/logout/', { token: here.access, body: { refresh: here.refresh } })
    expect([reply.status, reply.body]).toEqual([204, ''])
    expect((await me(here.access)).body.code).toBe('SESSION_REVOKED')
    expect((await refresh(here.refresh)).body.code).toBe('SESSION_REVOKED')
    expect((await me(there.access)).status).toBe(200)
  })

  it('cannot log somebody else out', async () => {
    const mine = await signIn('sender')
    const theirs = await signIn('target')
    await api.call('POST', '/api/auth/logout/', { token: mine.access, body: { refresh: theirs.refresh } })
    expect((await refresh(theirs.refresh)).status).toBe(200)
  })

  it('is listed to its owner, who can end it from elsewhere', async () => {
    await register({ username: 'lister' })
    const android = 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120 Mobile'
    const phone = (
      await api.call('POST', '/api/auth/login/', {
        body: { username: 'lister', password: PASSWORD },
        headers: { 'user-agent': android },
      })
    ).body
    const { body } = await api.call('GET', '/api/auth/sessions/', { token: phone.access })
    expect(body).toHaveLength(2)
    expect(body.find((each: { current: boolean }) => each.current).device).toBe('Chrome on Android')
    const other = body.find((each: { current: boolean }) => !each.current).id
    const stranger = await api.someone('survivor')
    expect((await api.call('DELETE', `/api/auth/sessions/${other}/`, { token: stranger.access })).status).toBe(404)
    expect((await api.call('DELETE', `/api/auth/sessions/${other}/`, { token: phone.access })).status).toBe(204)
    expect((await api.call('DELETE', `/api/auth/sessions/${other}/`, { token: phone.access })).status).toBe(404)
    expect((await api.call('GET', '/api/auth/sessions/', { token: phone.access })).body).toHaveLength(1)
  })

  it('ends by time: the access token after 15 minutes, the session after 30 days', async () => {
    const pair = await signIn('sleeper')
    expect((await me(pair.access)).status).toBe(200)
    clock = 15 * 60_000 + 1_000
    expect((await me(pair.access)).body).toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' })
    clock = 0
    await api.database.db('sessions').update({ expires_at: new Date(Date.now() - 1_000) })
    expect((await me(pair.access)).body.code).toBe('TOKEN_EXPIRED')
    expect((await refresh(pair.refresh)).body.code).toBe('TOKEN_EXPIRED')
  })

  it.each(['', 'Bearer', 'Bearer ', 'Bearer a b', 'Basic YTpi', 'Bearer eyJhbGciOiJub25lIn0.e30.'])(
    'is not opened by %j',
    async authorization => {
      const reply = await api.call('GET', '/api/auth/me/', { headers: { authorization } })
      expect([reply.status, reply.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    },
  )
})

describe('one’s own account', () => {
  it('is changed field by field, at both addresses', async () => {
    const { access: token, user } = (await register({ username: 'editor', first_name: 'Old', phone: '+254700000001' }))
      .body
    const patched = await api.call('PATCH', '/api/auth/me/', {
      token,
      body: { first_name: ' New ', last_name: 'Name', language: 'ar' },
    })
    expect(patched.body).toEqual({
      ...user,
      first_name: 'New',
      last_name: 'Name',
      full_name: 'New Name',
      language: 'ar',
      updated_at: patched.body.updated_at,
    })
    const put = await api.call('PUT', '/api/auth/me/update/', { token, body: { first_name: null } })
    expect(put.body).toMatchObject({ first_name: null, last_name: 'Name', full_name: 'Name' })
    expect((await me(token)).body).toEqual(put.body)
  })

  it.each([
    [{ role: 'admin' }, 'body.role unknown_field'],
    [{ is_active: true }, 'body.is_active unknown_field'],
    [{ language: 'xx' }, 'body.language invalid_value'],
    [{ first_name: 'a\u0007b' }, 'body.first_name invalid'],
  ])('refuses %j', async (body, fault) => {
    const { access: token } = await api.someone('survivor')
    expect(codes(await api.call('PATCH', '/api/auth/me/', { token, body }))).toEqual([fault])
  })

  it('of a provider is never anonymous', async () => {
    const { access: token } = await api.someone('provider')
    const reply = await api.call('PATCH', '/api/auth/me/', { token, body: { is_anonymous: true } })
    expect(reply.body).toMatchObject({ status: 422, code: 'RULE_BROKEN' })
  })

  it.each(['dispatcher', 'admin'] as const)('of a %s is on duty or off', async role => {
    const { access: token } = await api.someone(role)
    expect((await me(token)).body.on_duty).toBe(true)
    const off = await api.call('PATCH', '/api/auth/me/', { token, body: { on_duty: false } })
    expect([off.status, off.body.on_duty]).toEqual([200, false])
    await api.call('PATCH', '/api/auth/me/', { token, body: { first_name: 'Asha' } })
    expect((await me(token)).body.on_duty).toBe(false)
  })

  it.each(['survivor', 'provider'] as const)('of a %s knows no duty', async role => {
    const { access: token } = await api.someone(role)
    expect((await me(token)).body.on_duty).toBeNull()
    const reply = await api.call('PATCH', '/api/auth/me/', { token, body: { on_duty: false } })
    expect(reply.body).toMatchObject({ status: 422, code: 'RULE_BROKEN' })
  })

  it('is told apart from health and roles, which are open', async () => {
    const health = await api.call('GET', '/api/auth/health/')
    expect(health.body).toMatchObject({ status: 'ok', success: true, timestamp: expect.stringMatching(/Z$/) })
    expect((await api.call('GET', '/api/auth/roles')).body.roles).toEqual([
      { value: 'survivor', label: 'Survivor' },
      { value: 'provider', label: 'Provider' },
    ])
  })
})
