import { codeOf, enrolTotp, logInFrom, someoneWithPassword } from '../../test/builders/accounts'
import { startTestApi, type Reply, type Someone, type TestApi } from '../../test/harness/api'
import { SoftwareAuthenticator } from '../../test/harness/authenticator'

const ORIGIN = 'https://cases.example.org'
const STAFF = ['dispatcher', 'admin'] as const

let api: TestApi
afterEach(() => api.stop())

const call = (method: string, path: string, token: string, body?: object): Promise<Reply> =>
  api.call(method, `/api/${path}`, { token, ...(body && { body }) })
const me = (token: string): Promise<Reply> => call('GET', 'auth/me/', token)
const logIn = (body: object): Promise<Reply> => logInFrom(api, '10.9.4.1', body)

describe('a session of staff', () => {
  beforeEach(async () => {
    api = await startTestApi({ accounts: { staffIdleMinutes: 30 }, trustedProxies: ['loopback'] })
  })

  const idle = (minutes: number, ...people: Someone[]): Promise<unknown> =>
    api.database
      .db('sessions')
      .whereIn(
        'user_id',
        people.map(each => each.id),
      )
      .update({ last_active_at: api.database.db.raw('clock_timestamp() - make_interval(mins => ?)', [minutes]) })

  it.each(STAFF)('ends when a %s has done nothing for too long', async role => {
    const someone = await api.someone(role)
    await idle(29, someone)
    expect((await me(someone.access)).status).toBe(200)
    await idle(30, someone)
    expect((await me(someone.access)).body).toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' })
    const refresh = await api.call('POST', '/api/auth/refresh/', { body: { refresh: someone.refresh } })
    expect(refresh.body.code).toBe('TOKEN_EXPIRED')
  })

  it('is kept alive by acts, not by reading, refreshing or opening sockets', async () => {
    const someone = await api.someone('dispatcher')
    await idle(20, someone)
    await me(someone.access)
    const { body } = await api.call('POST', '/api/auth/refresh/', { body: { refresh: someone.refresh } })
    const since = async (): Promise<number> => {
      const row = await api.database.db('sessions').where({ user_id: someone.id }).first<{ last_active_at: Date }>()
      return Date.now() - (row?.last_active_at.getTime() ?? 0)
    }
    expect((await call('POST', 'auth/ws-ticket/', body.access)).status).toBe(201)
    expect(await since()).toBeGreaterThan(19 * 60_000)
    expect((await call('PATCH', 'auth/me/', body.access, { language: 'sw' })).status).toBe(200)
    expect(await since()).toBeLessThan(60_000)
  })

  it('is not listed once it has ended', async () => {
    const someone = await someoneWithPassword(api, 'admin')
    await idle(31, someone)
    const { access } = (await logIn({ email: someone.email })).body
    const { body } = await call('GET', 'auth/sessions/', access)
    expect(body).toMatchObject([{ current: true }])
  })

  it.each(['survivor', 'provider'] as const)('is not what a %s has: theirs lives by its refresh token', async role => {
    const someone = await api.someone(role)
    await idle(60 * 24, someone)
    expect((await me(someone.access)).status).toBe(200)
    expect((await api.call('POST', '/api/auth/refresh/', { body: { refresh: someone.refresh } })).status).toBe(200)
  })

  it('ends at once with the role, for every request that comes after', async () => {
    const [admin, someone] = [await api.someone('admin'), await api.someone('dispatcher')]
    expect((await call('GET', 'dispatch/dashboard/', someone.access)).status).toBe(200)
    expect((await call('PATCH', `auth/users/${someone.id}/`, admin.access, { role: 'survivor' })).status).toBe(200)
    expect((await call('GET', 'dispatch/dashboard/', someone.access)).body.code).toBe('SESSION_REVOKED')
  })

  it('ends on every replica with the account', async () => {
    const [admin, someone] = [await api.someone('admin'), await api.someone('dispatcher')]
    const second = await api.replica()
    const there = (): Promise<Reply> => second.call('GET', '/api/auth/me/', { token: someone.access })
    expect((await there()).status).toBe(200)
    await call('PATCH', `auth/users/${someone.id}/`, admin.access, { is_active: false })
    expect((await there()).body.code).toBe('SESSION_REVOKED')
    await second.stop()
  })
})

describe('where a second factor is required', () => {
  beforeEach(async () => {
    api = await startTestApi({
      accounts: { secondFactorRequired: true },
      publicUrl: ORIGIN,
      trustedProxies: ['loopback'],
    })
  })

  const GUARDED = ['incidents/', 'dispatch/dashboard/', 'notices/', 'providers/'] as const

  it.each(STAFF)('a %s without one sees to their own account and to nothing else', async role => {
    const { access } = await api.someone(role)
    for (const path of GUARDED)
      expect((await call('GET', path, access)).body).toMatchObject({ status: 403, code: 'SECOND_FACTOR_REQUIRED' })
    for (const path of ['auth/me/', 'auth/sessions/', 'auth/passkeys/', 'auth/devices/'])
      expect((await call('GET', path, access)).status).toBe(200)
    expect((await call('POST', 'auth/logout/', access)).status).toBe(204)
  })

  it('an administrator without one manages nobody', async () => {
    const { access } = await api.someone('admin')
    const { id } = await api.someone('survivor')
    expect((await call('GET', 'auth/users/', access)).body.code).toBe('SECOND_FACTOR_REQUIRED')
    const body = { is_active: false }
    expect((await call('PATCH', `auth/users/${id}/`, access, body)).body.code).toBe('SECOND_FACTOR_REQUIRED')
    const invitation = { email: 'friend@example.org', role: 'admin' }
    expect((await call('POST', 'auth/invitations/', access, invitation)).body.code).toBe('SECOND_FACTOR_REQUIRED')
  })

  it('one-time codes open the door, in the session that set them up and in those opened by them', async () => {
    const { email, access } = await someoneWithPassword(api, 'dispatcher')
    const secret = await enrolTotp(api, access)
    expect((await call('GET', 'incidents/', access)).status).toBe(200)
    const { body } = await logIn({ email, otp: codeOf(secret) })
    expect((await call('GET', 'incidents/', body.access)).status).toBe(200)
    const next = await api.call('POST', '/api/auth/refresh/', { body: { refresh: body.refresh } })
    expect((await call('GET', 'incidents/', next.body.access)).status).toBe(200)
  })

  it('a session from before stays outside until its owner signs in anew', async () => {
    const { email, access: old } = await someoneWithPassword(api, 'dispatcher')
    const { access } = (await logIn({ email })).body
    await enrolTotp(api, access)
    expect((await call('GET', 'incidents/', old)).body.code).toBe('SECOND_FACTOR_REQUIRED')
  })

  it('a passkey opens the door; the password beside it does not', async () => {
    const someone = await someoneWithPassword(api, 'admin')
    const device = new SoftwareAuthenticator(ORIGIN)
    const options = (await call('POST', 'auth/passkeys/options/', someone.access)).body
    expect((await call('POST', 'auth/passkeys/', someone.access, device.create(options))).status).toBe(201)
    expect((await call('GET', 'incidents/', someone.access)).status).toBe(200)
    const request = (await api.call('POST', '/api/auth/login/passkey/options/')).body
    const byPasskey = (await api.call('POST', '/api/auth/login/passkey/', { body: device.get(request) })).body
    expect((await call('GET', 'incidents/', byPasskey.access)).status).toBe(200)
    const byPassword = (await logIn({ email: someone.email })).body
    expect((await call('GET', 'incidents/', byPassword.access)).body.code).toBe('SECOND_FACTOR_REQUIRED')
  })

  it.each(['survivor', 'provider'] as const)('a %s needs none', async role => {
    const { access } = await api.someone(role)
    expect((await call('GET', 'incidents/', access)).status).toBe(200)
  })
})

test('where none is required staff work without one', async () => {
  api = await startTestApi()
  for (const role of STAFF) expect((await call('GET', 'incidents/', (await api.someone(role)).access)).status).toBe(200)
})
