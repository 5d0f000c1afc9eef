import { codeOf, enrolTotp, PASSWORD, someoneWithPassword } from '../../../test/builders/accounts'
import { shownOf, startWithApp, type App } from '../../../test/builders/app'
import { startTestApi, type Reply } from '../../../test/harness/api'
import { newId } from '../../../platform/ids'
import { kintaraa } from './kintaraa.client'

let app: App
beforeAll(async () => {
  app = await startWithApp({ trustedProxies: ['loopback'] })
})
afterAll(() => app.people.api.stop())

const db = () => app.people.api.database.db
let addresses = 0
/** Log-ins are counted by address: each test comes from its own. */
const fromElsewhere = () => ({ 'x-forwarded-for': `10.7.0.${(addresses += 1)}` })
const logIn = (body: object, headers = fromElsewhere()): Promise<Reply> =>
  app.call('POST', '/auth/login/', { body, headers })
const registration = (more: object = {}) => ({
  email: `${newId()}@example.org`,
  password: 'a long sentence of mine',
  confirm_password: 'a long sentence of mine',
  first_name: 'Amina',
  last_name: 'Otieno',
  role: 'survivor',
  is_anonymous: false,
  ...more,
})
const register = (more: object = {}): Promise<Reply> =>
  app.call('POST', '/auth/register/', { body: registration(more), headers: fromElsewhere() })

describe('registration', () => {
  it('answers tokens and a user without a null where the app reads a text', async () => {
    const { status, body } = await register()
    expect(status).toBe(201)
    expect(body).toMatchObject({
      success: true,
      message: expect.any(String),
      tokens: { access: body.access, refresh: body.refresh },
      user: {
        first_name: 'Amina',
        full_name: 'Amina Otieno',
        role: 'survivor',
        role_display: 'Survivor',
        provider_type: null,
        is_anonymous: false,
        biometric_enabled: false,
        is_active: true,
      },
    })
  })

  it('keeps the stock name of an anonymous person for none', async () => {
    const { body } = await register({ first_name: 'Anonymous', last_name: 'User', is_anonymous: true })
    expect(body.user).toMatchObject({ is_anonymous: true, first_name: '', last_name: '' })
  })

  it('knows the app’s word for a provider type, and gives it back', async () => {
    const { body } = await register({ role: 'provider', provider_type: 'social' })
    expect(body.user).toMatchObject({ provider_type: 'social', provider_type_display: 'Social Services' })
    expect(
      await db()('provider_profiles').where({ user_id: body.user.id }).first('provider_type', 'verification'),
    ).toEqual({
      provider_type: 'social_services',
      verification: 'pending',
    })
    const mine = await app.call('GET', '/providers/assigned-cases/', { by: { ...body.user, ...body.tokens } })
    expect([mine.status, mine.body]).toEqual([200, []])
  })

  it.each(['dispatcher', 'admin'])('refuses a %s, in words', async role => {
    const reply = await register({ role })
    expect([reply.status, reply.body.code]).toEqual([403, 'INVITATION_REQUIRED'])
    expect(shownOf(reply)).toMatch(/invitation/)
  })

  it.each<[object, string, RegExp]>([
    [{ confirm_password: 'something else' }, 'confirm_password', /differ/],
    [{ password: 'short1', confirm_password: 'short1' }, 'password', /10 characters/],
    [{ email: 'nobody' }, 'email', /e-mail/],
    [{ role: 'provider' }, 'provider_type', /Choose/],
    [{ role: 'provider', provider_type: 'wizard' }, 'provider_type', /Choose/],
  ])('tells of %j at its field', async (more, field, words) => {
    const reply = await register(more)
    expect([reply.status, Object.keys(reply.body.errors)]).toEqual([400, [field]])
    expect(shownOf(reply)).toMatch(words)
  })

  it('tells of a taken address at its field', async () => {
    const taken = registration()
    const ask = () => app.call('POST', '/auth/register/', { body: taken, headers: fromElsewhere() })
    await ask()
    const reply = await ask()
    expect([reply.status, Object.keys(reply.body.errors)]).toEqual([409, ['email']])
  })
})

describe('log-in', () => {
  it('answers a wrong password with 400: a 401 would be asked again without end', async () => {
    const { email } = await someoneWithPassword(app.people.api, 'survivor')
    const reply = await logIn({ email, password: 'not this one' })
    expect([reply.status, reply.body.code, reply.headers.get('www-authenticate')]).toEqual([
      400,
      'CREDENTIALS_WRONG',
      null,
    ])
    expect(reply.headers.get('content-type')).toContain('application/json')
    expect(Object.keys(reply.body).sort()).toEqual(['code', 'errors', 'message', 'request_id', 'success'])
    expect(reply.body.errors).toEqual({ non_field_errors: [reply.body.message] })
  })

  it('counts the same wrong password once, and an empty one never', async () => {
    const { email } = await someoneWithPassword(app.people.api, 'survivor')
    const headers = fromElsewhere()
    for (let repeat = 0; repeat < 8; repeat++) {
      expect((await logIn({ email, password: 'mistyped once' }, headers)).status).toBe(400)
      const empty = await logIn({ email, password: '' }, headers)
      expect([empty.status, Object.keys(empty.body.errors)]).toEqual([400, ['password']])
    }
    expect((await logIn({ email, password: PASSWORD }, headers)).status).toBe(200)
  })

  it('locks after five different ones, in words', async () => {
    const { email } = await someoneWithPassword(app.people.api, 'survivor')
    const headers = fromElsewhere()
    for (const password of ['one', 'two', 'three', 'four', 'five']) await logIn({ email, password }, headers)
    const reply = await logIn({ email, password: PASSWORD }, headers)
    expect([reply.status, reply.body.errors]).toEqual([423, {}])
    expect(shownOf(reply)).toMatch(/later/)
  })

  it('takes a one-time code behind the password, for there is no field for it', async () => {
    const { email, access } = await someoneWithPassword(app.people.api, 'dispatcher')
    const secret = await enrolTotp(app.people.api, access)
    const without = await logIn({ email, password: PASSWORD })
    expect([without.status, without.body.code]).toEqual([400, 'OTP_REQUIRED'])
    expect(shownOf(without)).toMatch(/six digits/)
    const wrong = await logIn({ email, password: `${PASSWORD} 000000` })
    expect([wrong.status, wrong.body.code]).toEqual([400, 'CREDENTIALS_WRONG'])
    const { status, body } = await logIn({ email, password: `${PASSWORD} ${codeOf(secret, 1)}` })
    expect([status, body.user.role]).toEqual([200, 'dispatcher'])
  })

  it('takes the end of a password for a code only where there are codes', async () => {
    const password = 'my old house number 123456'
    const { body } = await register({ password, confirm_password: password })
    expect((await logIn({ email: body.user.email, password })).status).toBe(200)
  })

  it('makes a provider one who can be asked, and signing out everywhere ends it', async () => {
    const { id, email } = await someoneWithPassword(app.people.api, 'provider')
    const stands = () => db()('provider_profiles').where({ user_id: id }).first('availability')
    await db()('sessions').where({ user_id: id }).delete()
    await db()('provider_profiles').where({ user_id: id }).update({ availability: 'unresponsive' })
    const [first, second] = [await logIn({ email, password: PASSWORD }), await logIn({ email, password: PASSWORD })]
    expect(await stands()).toEqual({ availability: 'available' })
    const signOut = ({ body }: Reply) =>
      app.call('POST', '/auth/logout/', { by: body.tokens, body: { refresh: body.refresh } })
    expect((await signOut(first)).status).toBe(204)
    expect(await stands()).toEqual({ availability: 'available' })
    await signOut(second)
    expect(await stands()).toEqual({ availability: 'off_duty' })
  })
})

describe('refreshing', () => {
  const refresh = (token: string, path = '/auth/refresh/') => app.call('POST', path, { body: { refresh: token } })

  it('answers five requests with one token alike, and the session lives', async () => {
    const someone = await app.people.api.someone('survivor')
    const replies = await Promise.all([1, 2, 3, 4, 5].map(() => refresh(someone.refresh)))
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    const [next] = new Set(replies.map(({ body }) => body.refresh))
    expect(new Set(replies.map(({ body }) => body.refresh)).size).toBe(1)
    for (const { body } of replies)
      expect((await app.call('GET', '/auth/me/', { by: { ...someone, access: body.access } })).status).toBe(200)
    expect((await refresh(next, '/auth/token/refresh/')).body).toMatchObject({
      success: true,
      access: expect.any(String),
    })
  })

  it('forgives for 30 s only, and the last token alone; then the session ends', async () => {
    const someone = await app.people.api.someone('survivor')
    const { body: second } = await refresh(someone.refresh)
    const { body: third } = await refresh(second.refresh)
    const older = await refresh(someone.refresh)
    // 400, or the app would refresh and repeat this very request.
    expect([older.status, older.body.code]).toEqual([400, 'SESSION_REVOKED'])
    expect((await refresh(third.refresh)).body.code).toBe('SESSION_REVOKED')

    const other = await app.people.api.someone('survivor')
    await refresh(other.refresh)
    await db()('sessions')
      .where({ user_id: other.id })
      .update({ rotated_at: db().raw("now() - interval '31 seconds'") })
    expect((await refresh(other.refresh)).body.code).toBe('SESSION_REVOKED')
  })

  it('forgives nothing that was exchanged by the product’s own address, and there nothing at all', async () => {
    const someone = await app.people.api.someone('survivor')
    const core = (token: string) => app.people.api.call('POST', '/api/auth/refresh/', { body: { refresh: token } })
    const { body } = await refresh(someone.refresh)
    expect((await core(someone.refresh)).status).toBe(401)
    expect((await core(body.refresh)).body.code).toBe('SESSION_REVOKED')
    const other = await app.people.api.someone('survivor')
    await core(other.refresh)
    expect((await refresh(other.refresh)).body.code).toBe('SESSION_REVOKED')
  })

  it('gives nothing to whoever signed out meanwhile', async () => {
    const someone = await app.people.api.someone('survivor')
    const { body } = await refresh(someone.refresh)
    await app.call('POST', '/auth/logout/', {
      by: { ...someone, access: body.access },
      body: { refresh: body.refresh },
    })
    expect((await refresh(someone.refresh)).status).toBe(400)
  })
})

describe('one’s own account', () => {
  it('is flat to nobody: the app reads success and user', async () => {
    const { status, body } = await app.call('GET', '/auth/me/', { by: app.people.survivor })
    expect([status, Object.keys(body).sort()]).toEqual([200, ['success', 'user']])
    expect(body.user).toMatchObject({ id: app.people.survivor.id, email: app.people.survivor.email })
  })

  it('says 401 for a token, and only there', async () => {
    const reply = await app.call('GET', '/auth/me/')
    expect([reply.status, reply.body.code]).toEqual([401, 'TOKEN_MISSING'])
    expect(shownOf(reply)).toBe('Please log in first.')
  })

  it('is not kept alive by what the app asks for by itself: a dispatcher who only watches is signed out', async () => {
    const by = await app.people.api.someone('dispatcher')
    const idleFor = (minutes: number) =>
      db()('sessions')
        .where({ user_id: by.id })
        .update({ last_active_at: db().raw('now() - make_interval(mins => ?)', [minutes]) })
    await idleFor(59)
    for (const path of ['/dispatch/cases/', '/dispatch/dashboard/', '/auth/me/'])
      expect([path, (await app.call('GET', path, { by })).status]).toEqual([path, 200])
    const [{ idle }] = await db()('sessions')
      .where({ user_id: by.id })
      .select(db().raw('extract(epoch from now() - last_active_at)::integer as idle'))
    expect(idle).toBeGreaterThanOrEqual(59 * 60)
    await idleFor(61)
    const reply = await app.call('GET', '/dispatch/cases/', { by })
    expect([reply.status, reply.body.code]).toEqual([401, 'TOKEN_EXPIRED'])
  })

  it('changes names by PUT, also when nothing comes with it', async () => {
    const by = await app.people.api.someone('survivor')
    const changed = await app.call('PUT', '/auth/me/update/', {
      by,
      body: { first_name: 'Zawadi', phone: 1, role: 'admin' },
    })
    expect(changed.body.user).toMatchObject({ first_name: 'Zawadi', last_name: 'survivor', role: 'survivor' })
    expect((await app.call('PUT', '/auth/me/update/', { by })).body.success).toBe(true)
  })

  it('keeps the flag of the finger, without a body', async () => {
    const by = await app.people.api.someone('survivor')
    for (const [word, biometric_enabled] of [
      ['enable', true],
      ['disable', false],
    ] as const)
      expect((await app.call('POST', `/auth/biometric/${word}/`, { by })).body).toEqual({
        success: true,
        biometric_enabled,
      })
  })

  it('is asked for as often as an app likes, and so is the service', async () => {
    const limited = await startTestApi({
      clients: [kintaraa],
      limits: {
        limitAnonymous: 2,
        limitUser: 2,
        limitStaff: 9,
        limitUploads: 9,
        limitMessages: 60,
        limitMessageBurst: 30,
      },
    })
    const someone = await limited.someone('survivor')
    const get = (path: string, token?: string) =>
      limited.call('GET', `${kintaraa.prefix}/api${path}`, token === undefined ? {} : { token })
    for (let repeat = 0; repeat < 5; repeat++) {
      expect((await get('/auth/me/', someone.access)).status).toBe(200)
      expect((await get('/auth/health/')).body).toMatchObject({ success: true, status: 'ok' })
    }
    expect([
      (await get('/incidents/', someone.access)).status,
      (await get('/incidents/', someone.access)).status,
    ]).toEqual([200, 200])
    const refused = await get('/incidents/', someone.access)
    expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([
      429,
      'RATE_LIMITED',
      expect.any(String),
    ])
    await limited.stop()
  })

  it('lists the roles that people choose', async () => {
    expect((await app.call('GET', '/auth/roles/')).body).toEqual({
      success: true,
      roles: [
        { value: 'survivor', label: 'Survivor' },
        { value: 'provider', label: 'Provider' },
      ],
    })
  })
})
