import { logInFrom, someoneWithPassword } from '../../test/builders/accounts'
import { startTestApi, type Reply, type Someone, type TestApi } from '../../test/harness/api'
import { SoftwareAuthenticator, type Facets } from '../../test/harness/authenticator'

const ORIGIN = 'https://cases.example.org'
let api: TestApi

beforeAll(async () => {
  api = await startTestApi({ publicUrl: ORIGIN, trustedProxies: ['loopback'] })
})
afterAll(() => api.stop())

const auth = (method: string, path: string, token?: string, body?: object): Promise<Reply> =>
  api.call(method, `/api/auth/${path}`, { ...(token !== undefined && { token }), ...(body && { body }) })

async function addPasskey(someone: Pick<Someone, 'access'>, device = new SoftwareAuthenticator(ORIGIN)) {
  const { body: options } = await auth('POST', 'passkeys/options/', someone.access)
  const { status, body } = await auth('POST', 'passkeys/', someone.access, device.create(options))
  expect(status).toBe(201)
  return { device, passkey: body as { id: string } }
}

async function logIn(device: SoftwareAuthenticator, facets?: Facets): Promise<Reply> {
  const { body: options } = await auth('POST', 'login/passkey/options/')
  return auth('POST', 'login/passkey/', undefined, device.get(options, facets))
}

describe('a passkey', () => {
  it.each(['survivor', 'provider', 'dispatcher', 'admin'] as const)('of a %s opens a session', async role => {
    const someone = await api.someone(role)
    const { device, passkey } = await addPasskey(someone)
    expect(Object.keys(passkey).sort()).toEqual(['created_at', 'device', 'id', 'last_used_at'])
    for (let round = 0; round < 2; round++) {
      const { status, body } = await logIn(device)
      expect([status, body.user.id, body.user.role]).toEqual([200, someone.id, role])
      expect((await auth('GET', 'me/', body.access)).status).toBe(200)
    }
    const [listed] = (await auth('GET', 'passkeys/', someone.access)).body
    expect(listed).toEqual({ ...passkey, last_used_at: expect.any(String) })
  })

  it('is offered for this host, to be kept on a device that checks its user, and names nobody', async () => {
    const someone = await api.someone('survivor')
    const { body } = await auth('POST', 'passkeys/options/', someone.access)
    expect(body).toMatchObject({
      rp: { id: 'cases.example.org', name: 'cases.example.org' },
      user: { name: `account ${someone.id.slice(-4)}`, displayName: '' },
      timeout: 300_000,
      attestation: 'none',
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
    expect(JSON.stringify(body)).not.toMatch(/Test|survivor|example\.org"?@/)
    const { device } = await addPasskey(someone)
    const again = (await auth('POST', 'passkeys/options/', someone.access)).body
    expect(again.excludeCredentials).toEqual([
      { id: device.credentialId.toString('base64url'), type: 'public-key', transports: ['internal'] },
    ])
  })

  it.each<[string, Facets]>([
    ['of another origin', { origin: 'https://cases.example.com' }],
    ['of another host', { rpId: 'example.com' }],
    ['of a device that did not check its user', { userVerified: false }],
    ['made as a log-in', { type: 'webauthn.get' }],
    ['with a maker’s certificate', { attested: true }],
  ])('is not added %s', async (_, facets) => {
    const { access } = await api.someone('provider')
    const { body: options } = await auth('POST', 'passkeys/options/', access)
    const reply = await auth('POST', 'passkeys/', access, new SoftwareAuthenticator(ORIGIN).create(options, facets))
    expect(reply.body).toMatchObject({ status: 422, code: 'PASSKEY_REFUSED' })
    expect((await auth('GET', 'passkeys/', access)).body).toEqual([])
  })

  it('is added by a challenge that is one’s own, fresh and unused', async () => {
    const mine = await api.someone('survivor')
    const theirs = await api.someone('survivor')
    const challenged = async ({ access }: Someone): Promise<Parameters<SoftwareAuthenticator['create']>[0]> =>
      (await auth('POST', 'passkeys/options/', access)).body
    const add = async (options: Parameters<SoftwareAuthenticator['create']>[0]): Promise<number> =>
      (await auth('POST', 'passkeys/', mine.access, new SoftwareAuthenticator(ORIGIN).create(options))).status
    expect(await add(await challenged(theirs))).toBe(422)
    const login = (await auth('POST', 'login/passkey/options/')).body
    const own = await challenged(mine)
    expect(await add({ ...own, challenge: login.challenge })).toBe(422)
    expect(await add({ ...own, challenge: Buffer.alloc(32).toString('base64url') })).toBe(422)
    expect(await add(own)).toBe(201)
    expect(await add(own)).toBe(422)
    const late = await challenged(mine)
    await api.database.db.raw("update passkey_challenges set expires_at = expires_at - interval '5 minutes'")
    expect(await add(late)).toBe(422)
  })

  it('belongs to one account', async () => {
    const { device } = await addPasskey(await api.someone('survivor'))
    const { access } = await api.someone('survivor')
    const { body: options } = await auth('POST', 'passkeys/options/', access)
    expect((await auth('POST', 'passkeys/', access, device.create(options))).body.code).toBe('PASSKEY_REFUSED')
  })

  it.each<[string, Facets]>([
    ['of another origin', { origin: 'http://cases.example.org' }],
    ['for another host', { rpId: 'example.org' }],
    ['of a device that did not check its user', { userVerified: false }],
    ['made as a registration', { type: 'webauthn.create' }],
    ['of a copy that lags behind', { counter: 1 }],
  ])('opens nothing by an answer %s', async (_, facets) => {
    const { device } = await addPasskey(await api.someone('survivor'))
    expect((await logIn(device)).status).toBe(200)
    expect((await logIn(device, facets)).body).toMatchObject({ status: 401, code: 'CREDENTIALS_WRONG' })
  })

  it('opens one session by one challenge, within five minutes', async () => {
    const { device } = await addPasskey(await api.someone('survivor'))
    const { body: options } = await auth('POST', 'login/passkey/options/')
    const answer = device.get(options)
    const replies = await Promise.all([1, 2].map(() => auth('POST', 'login/passkey/', undefined, answer)))
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 401])
    const { body: late } = await auth('POST', 'login/passkey/options/')
    await api.database.db.raw("update passkey_challenges set expires_at = expires_at - interval '5 minutes'")
    expect((await auth('POST', 'login/passkey/', undefined, device.get(late))).status).toBe(401)
    await auth('POST', 'login/passkey/options/')
    expect(await api.database.db('passkey_challenges').where('expires_at', '<', new Date())).toEqual([])
  })

  it('of nobody, of a closed account and one that was removed get the same answer', async () => {
    const closed = await api.someone('survivor')
    const removed = await api.someone('survivor')
    const devices = [new SoftwareAuthenticator(ORIGIN), (await addPasskey(closed)).device]
    await api.database.db('users').where({ id: closed.id }).update({ status: 'disabled' })
    const { device, passkey } = await addPasskey(removed)
    expect((await auth('DELETE', `passkeys/${passkey.id}/`, removed.access)).status).toBe(204)
    for (const each of [...devices, device]) {
      const { status, body } = await logIn(each)
      expect([status, body.code, body.detail]).toEqual([401, 'CREDENTIALS_WRONG', 'Wrong name or password'])
    }
  })

  it('signed by another key opens nothing', async () => {
    const { device } = await addPasskey(await api.someone('survivor'))
    const { body: options } = await auth('POST', 'login/passkey/options/')
    const forged = { ...device.get(options), response: new SoftwareAuthenticator(ORIGIN).get(options).response }
    expect((await auth('POST', 'login/passkey/', undefined, forged)).status).toBe(401)
  })

  it('is removed by its owner alone', async () => {
    const owner = await api.someone('provider')
    const { passkey } = await addPasskey(owner)
    const stranger = await api.someone('admin')
    expect((await auth('DELETE', `passkeys/${passkey.id}/`, stranger.access)).body.code).toBe('PASSKEY_NOT_FOUND')
    expect((await auth('DELETE', 'passkeys/mine/', owner.access)).body.code).toBe('PASSKEY_NOT_FOUND')
    expect((await auth('DELETE', `passkeys/${passkey.id}/`, owner.access)).status).toBe(204)
    expect((await auth('DELETE', `passkeys/${passkey.id}/`, owner.access)).body.code).toBe('PASSKEY_NOT_FOUND')
    expect((await auth('GET', 'passkeys/', owner.access)).body).toEqual([])
  })

  it('is not the twenty-first', async () => {
    const someone = await api.someone('survivor')
    for (let round = 0; round < 20; round++) await addPasskey(someone)
    expect((await auth('POST', 'passkeys/options/', someone.access)).body.code).toBe('RULE_BROKEN')
  })

  it('of staff is not joined or removed by whoever knows the password alone', async () => {
    const someone = await someoneWithPassword(api, 'dispatcher')
    const { device, passkey } = await addPasskey(someone)
    const byPassword = (await logInFrom(api, '10.9.3.1', { email: someone.email })).body.access
    for (const [method, path] of [
      ['POST', 'passkeys/options/'],
      ['DELETE', `passkeys/${passkey.id}/`],
      ['POST', 'totp/'],
    ] as const)
      expect((await auth(method, path, byPassword)).body).toMatchObject({ status: 403, code: 'SECOND_FACTOR_REQUIRED' })
    const byPasskey = (await logIn(device)).body.access
    expect((await auth('DELETE', `passkeys/${passkey.id}/`, byPasskey)).status).toBe(204)
  })

  it('of a survivor who lost the device is removed with the password alone', async () => {
    const someone = await someoneWithPassword(api, 'survivor')
    const { passkey } = await addPasskey(someone)
    const { access } = (await logInFrom(api, '10.9.3.2', { email: someone.email })).body
    expect((await auth('DELETE', `passkeys/${passkey.id}/`, access)).status).toBe(204)
  })

  it.each([
    ['GET', 'passkeys/'],
    ['POST', 'passkeys/'],
    ['POST', 'passkeys/options/'],
    ['DELETE', 'passkeys/0192b3c4-0000-7000-8000-000000000001/'],
    ['POST', 'biometric/enable/'],
    ['POST', 'biometric/disable/'],
  ])('%s %s needs a token', async (method, path) => {
    expect((await auth(method, path)).body.code).toBe('TOKEN_MISSING')
  })

  it.each([
    ['nothing', {}],
    ['texts that are no bytes', { id: '*', rawId: '*', type: 'public-key', clientExtensionResults: {}, response: {} }],
  ])('is not made of %s', async (_, body) => {
    const { access } = await api.someone('survivor')
    expect((await auth('POST', 'passkeys/', access, body)).status).toBe(400)
    expect((await auth('POST', 'login/passkey/', undefined, body)).status).toBe(400)
  })

  it('is not made of bytes without a meaning', async () => {
    const { access } = await api.someone('survivor')
    const fields = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', clientExtensionResults: {} }
    const { challenge } = (await auth('POST', 'passkeys/options/', access)).body
    for (const said of ['AAAA', 'null', '[]', '{"challenge":7}', JSON.stringify({ challenge })]) {
      const clientDataJSON = Buffer.from(said).toString('base64url')
      const made = { ...fields, response: { clientDataJSON, attestationObject: 'o2Nm' } }
      expect((await auth('POST', 'passkeys/', access, made)).body.code).toBe('PASSKEY_REFUSED')
      const shown = { ...fields, response: { clientDataJSON, authenticatorData: 'AAAA', signature: 'AAAA' } }
      expect((await auth('POST', 'login/passkey/', undefined, shown)).body.code).toBe('CREDENTIALS_WRONG')
    }
  })
})

describe('the flag that apps call biometric', () => {
  it('is turned on and off, and shown', async () => {
    const { access } = await api.someone('survivor')
    for (const [word, enabled] of [
      ['enable', true],
      ['enable', true],
      ['disable', false],
    ] as const) {
      const { status, body } = await auth('POST', `biometric/${word}/`, access)
      expect([status, body]).toEqual([200, { success: true, biometric_enabled: enabled }])
      expect((await auth('GET', 'me/', access)).body.biometric_enabled).toBe(enabled)
    }
    const ask = { token: access, headers: { 'idempotency-key': 'b-1' } }
    for (let round = 0; round < 2; round++)
      expect((await api.call('POST', '/api/auth/biometric/enable/', ask)).body.biometric_enabled).toBe(true)
  })
})
