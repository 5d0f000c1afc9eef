import { codeBefore, codeOf, enrolTotp, logInFrom, PASSWORD, someoneWithPassword } from '../../test/builders/accounts'
import { startTestApi, type Reply, type TestApi } from '../../test/harness/api'

let api: TestApi
let address = ''
let addresses = 0

beforeAll(async () => {
  api = await startTestApi({ trustedProxies: ['loopback'], publicUrl: 'https://cases.example.org' })
})
afterAll(() => api.stop())
beforeEach(() => {
  address = `10.9.2.${(addresses += 1)}`
})

const logIn = (body: object): Promise<Reply> => logInFrom(api, address, body)
const totp = (method: string, path: string, token?: string, body?: object): Promise<Reply> =>
  api.call(method, `/api/auth/totp/${path}`, {
    headers: { 'x-forwarded-for': address },
    ...(token !== undefined && { token }),
    ...(body && { body }),
  })
const wrongCode = (secret: string): string => (codeOf(secret) === '000000' ? '111111' : '000000')
const fault = ({ status, body }: Reply): unknown[] => [status, body.errors?.[0]?.path, body.errors?.[0]?.code]

describe('one-time codes', () => {
  it('are set up by a secret and a first code, and asked for at log-in from then on', async () => {
    const { email, access } = await someoneWithPassword(api, 'dispatcher')
    const { status, body } = await totp('POST', '', access)
    expect([status, Object.keys(body).sort()]).toEqual([200, ['otpauth_url', 'secret']])
    expect(body.otpauth_url).toMatch(/^otpauth:\/\/totp\/cases\.example\.org:account\?/)
    expect(body.otpauth_url).toContain(`secret=${body.secret}`)
    expect((await logIn({ email })).status).toBe(200)
    expect((await totp('POST', 'confirm/', access, { otp: await codeBefore(body.secret) })).status).toBe(204)
    expect((await logIn({ email })).body).toMatchObject({ status: 401, code: 'OTP_REQUIRED' })
    expect((await logIn({ email, otp: codeOf(body.secret) })).status).toBe(200)
  })

  it('are asked for only after the right password', async () => {
    const { email, access } = await someoneWithPassword(api, 'admin')
    const secret = await enrolTotp(api, access)
    expect((await logIn({ email, password: 'a wrong one' })).body.code).toBe('CREDENTIALS_WRONG')
    expect((await logIn({ email, password: 'a wrong one', otp: codeOf(secret) })).body.code).toBe('CREDENTIALS_WRONG')
  })

  it('work once: neither again, nor an older one after a newer, nor twice at once', async () => {
    const { email, access } = await someoneWithPassword(api, 'dispatcher')
    const secret = await enrolTotp(api, access)
    const code = codeOf(secret)
    const replies = await Promise.all([logIn({ email, otp: code }), logIn({ email, otp: code })])
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 401])
    expect((await logIn({ email, otp: codeOf(secret, -1) })).status).toBe(401)
    const spaced = codeOf(secret, 1).replace(/^.../, '$& ')
    expect((await logIn({ email, otp: spaced })).status).toBe(200)
    expect((await logIn({ email, otp: code })).status).toBe(401)
  })

  it('lock the account after five wrong ones; the right password between clears nothing', async () => {
    const { email, access } = await someoneWithPassword(api, 'dispatcher')
    const secret = await enrolTotp(api, access)
    const right = [-1, 0, 1].map(periods => codeOf(secret, periods))
    const wrong = ['000000', '111111', '222222', '333333', '444444', '555555', '666666', '777777']
      .filter(code => !right.includes(code))
      .slice(0, 5)
    for (const otp of wrong) {
      expect((await logIn({ email })).body.code).toBe('OTP_REQUIRED')
      expect((await logIn({ email, otp })).body.code).toBe('CREDENTIALS_WRONG')
    }
    expect((await logIn({ email, otp: codeOf(secret) })).status).toBe(423)
  })

  it('are not guessed all at once', async () => {
    const { email, access } = await someoneWithPassword(api, 'dispatcher')
    const secret = await enrolTotp(api, access)
    const right = [-1, 0, 1].map(periods => codeOf(secret, periods))
    const guesses = Array.from({ length: 24 }, (_, each) => String(100_000 + each)).filter(
      code => !right.includes(code),
    )
    const replies = await Promise.all(guesses.slice(0, 20).map(otp => logIn({ email, otp })))
    expect(replies.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(5)
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([401, 423]))
  })

  it('are kept under the account’s key', async () => {
    const { id, access } = await someoneWithPassword(api, 'dispatcher')
    const secret = await enrolTotp(api, access)
    const row = await api.database.db('totp_secrets').where({ user_id: id }).first<object>()
    expect(JSON.stringify(row)).not.toContain(secret)
    expect(JSON.stringify(api.log)).not.toContain(secret)
  })

  it('begin anew until they are confirmed, and not after', async () => {
    const { access } = await someoneWithPassword(api, 'dispatcher')
    const first = (await totp('POST', '', access)).body.secret
    const second = (await totp('POST', '', access)).body.secret
    expect(fault(await totp('POST', 'confirm/', access, { otp: codeOf(first) }))).toEqual([400, 'body.otp', 'wrong'])
    expect((await totp('POST', 'confirm/', access, { otp: codeOf(second) })).status).toBe(204)
    expect((await totp('POST', '', access)).body).toMatchObject({ status: 409, code: 'TOTP_ENROLLED' })
    expect((await totp('POST', 'confirm/', access, { otp: codeOf(second, 1) })).body.code).toBe('TOTP_NOT_FOUND')
  })

  it('are taken off by a code that was not used', async () => {
    const { email, access } = await someoneWithPassword(api, 'dispatcher')
    const secret = await enrolTotp(api, access)
    expect(fault(await totp('DELETE', '', access, { otp: codeOf(secret, -1) }))).toEqual([400, 'body.otp', 'wrong'])
    expect(fault(await totp('DELETE', '', access, { otp: wrongCode(secret) }))).toEqual([400, 'body.otp', 'wrong'])
    expect((await totp('DELETE', '', access, { otp: codeOf(secret) })).status).toBe(204)
    expect((await totp('DELETE', '', access, { otp: codeOf(secret, 1) })).body.code).toBe('TOTP_NOT_FOUND')
    expect((await logIn({ email })).status).toBe(200)
  })

  it('cannot be tried for ever in a session that was left open', async () => {
    const { access } = await someoneWithPassword(api, 'dispatcher')
    const secret = await enrolTotp(api, access)
    const right = [-1, 0, 1].map(periods => codeOf(secret, periods))
    const wrong = Array.from({ length: 8 }, (_, each) => String(200_000 + each)).filter(code => !right.includes(code))
    for (const otp of wrong.slice(0, 5)) expect((await totp('DELETE', '', access, { otp })).status).toBe(400)
    expect((await totp('DELETE', '', access, { otp: codeOf(secret) })).body.code).toBe('ACCOUNT_LOCKED')
  })

  it('are for staff', async () => {
    for (const role of ['survivor', 'provider'] as const) {
      const { access } = await api.someone(role)
      expect((await totp('POST', '', access)).body.code).toBe('FORBIDDEN')
      expect((await totp('POST', 'confirm/', access, { otp: '123456' })).body.code).toBe('FORBIDDEN')
      expect((await totp('DELETE', '', access, { otp: '123456' })).body.code).toBe('FORBIDDEN')
    }
    for (const [method, path] of [
      ['POST', ''],
      ['POST', 'confirm/'],
      ['DELETE', ''],
    ] as const)
      expect((await totp(method, path, undefined, { otp: '123456' })).body.code).toBe('TOKEN_MISSING')
  })

  it('go when somebody is staff no more', async () => {
    const { id, email, access } = await someoneWithPassword(api, 'dispatcher')
    await enrolTotp(api, access)
    const admin = await api.someone('admin')
    const body = { role: 'survivor' }
    expect((await api.call('PATCH', `/api/auth/users/${id}/`, { token: admin.access, body })).status).toBe(200)
    expect((await me(access)).body.code).toBe('SESSION_REVOKED')
    expect((await logIn({ email })).status).toBe(200)
  })

  it('do not open a deactivated account', async () => {
    const { id, email, access } = await someoneWithPassword(api, 'dispatcher')
    const secret = await enrolTotp(api, access)
    await api.database.db('users').where({ id }).update({ status: 'disabled' })
    expect((await logIn({ email })).body.code).toBe('CREDENTIALS_WRONG')
    expect((await logIn({ email, otp: codeOf(secret) })).body.code).toBe('CREDENTIALS_WRONG')
  })

  it.each([['12345'], ['1234567'], ['abcdef'], [123456], ['']])('are refused as %j', async otp => {
    const { access } = await api.someone('dispatcher')
    expect((await totp('POST', 'confirm/', access, { otp })).status).toBe(400)
    expect((await logIn({ email: 'a@example.org', password: PASSWORD, otp })).status).toBe(400)
  })

  it('are refused in a body that is none', async () => {
    const { access: token } = await api.someone('dispatcher')
    const send = (body: string, type: string): Promise<Reply> =>
      api.call('DELETE', '/api/auth/totp/', { token, body, headers: { 'content-type': type } })
    expect((await send('{', 'application/json')).body.code).toBe('BODY_MALFORMED')
    expect((await send('otp=123456', 'text/plain')).body.code).toBe('MEDIA_TYPE_NOT_SUPPORTED')
    expect((await send(`{"otp":"${'1'.repeat(1_100_000)}"}`, 'application/json')).body.code).toBe('BODY_TOO_LARGE')
  })
})

const me = (token: string): Promise<Reply> => api.call('GET', '/api/auth/me/', { token })

describe('a lost second factor', () => {
  const reset = (id: string, token: string): Promise<Reply> =>
    api.call('DELETE', `/api/auth/users/${id}/second-factor/`, { token })

  it('is taken off by another administrator: the sessions end, and the password alone signs in again', async () => {
    const admin = await api.someone('admin')
    const loser = await someoneWithPassword(api, 'dispatcher')
    await enrolTotp(api, loser.access)
    expect((await reset(loser.id, admin.access)).status).toBe(204)
    expect((await api.call('GET', '/api/auth/me/', { token: loser.access })).body.code).toBe('SESSION_REVOKED')
    expect((await logIn({ email: loser.email })).status).toBe(200)
  })

  it('is not taken off by oneself, nor by an administrator who has not shown their own', async () => {
    const [one, two] = [await someoneWithPassword(api, 'admin'), await api.someone('admin')]
    expect((await reset(two.id, two.access)).body.code).toBe('RULE_BROKEN')
    await enrolTotp(api, one.access)
    const { id } = await api.someone('dispatcher')
    expect((await reset(id, one.access)).status).toBe(204)
    await api.database.db('sessions').where({ user_id: one.id }).update({ second_factor: false })
    expect((await reset(id, one.access)).body.code).toBe('SECOND_FACTOR_REQUIRED')
  })
})
