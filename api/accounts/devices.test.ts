import { listDevices } from '../../db/devices.repository'
import { startTestApi, type Reply, type Someone, type TestApi } from '../../test/harness/api'

let api: TestApi
let tokens = 0

beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.stop())

const newToken = (): string => `ExponentPushToken[canary-${(tokens += 1)}-${'x'.repeat(12)}]`
const register = ({ access: token }: Pick<Someone, 'access'>, registration_token = newToken(), more: object = {}) =>
  api.call('POST', '/api/auth/devices/', { token, body: { registration_token, device_type: 'android', ...more } })
const list = async ({ access: token }: Pick<Someone, 'access'>): Promise<{ id: string; device_type: string }[]> =>
  (await api.call('GET', '/api/auth/devices/', { token })).body
const remove = ({ access: token }: Pick<Someone, 'access'>, id: string): Promise<Reply> =>
  api.call('DELETE', `/api/auth/devices/${id}/`, { token })

describe('a device', () => {
  it.each(['survivor', 'provider', 'dispatcher', 'admin'] as const)('is registered by a %s', async role => {
    const someone = await api.someone(role)
    const reply = await register(someone, 'fcm-token:APA91b-0123456789', { device_type: 'ios' })
    expect(reply.status).toBe(201)
    expect(reply.body).toEqual({
      id: expect.any(String),
      device_type: 'ios',
      token_ending: '6789',
      created_at: expect.any(String),
      registered_at: expect.any(String),
    })
    expect(await list(someone)).toEqual([reply.body])
  })

  it('stays the same when its app registers it again', async () => {
    const someone = await api.someone('survivor')
    const token = newToken()
    const first = (await register(someone, token)).body
    const second = (await register(someone, token, { device_type: 'web' })).body
    expect([second.id, second.created_at, second.device_type]).toEqual([first.id, first.created_at, 'web'])
    expect(second.registered_at > first.registered_at).toBe(true)
    expect(await list(someone)).toEqual([second])
  })

  it('moves to whoever registers it next, under another id', async () => {
    const [before, after] = [await api.someone('provider'), await api.someone('survivor')]
    const token = newToken()
    const first = (await register(before, token)).body
    const second = (await register(after, token)).body
    expect(second.id).not.toBe(first.id)
    expect(await list(before)).toEqual([])
    expect(await list(after)).toEqual([second])
    expect((await remove(before, second.id)).body.code).toBe('DEVICE_NOT_FOUND')
    const rows = await api.database.db('devices').where({ id: second.id }).select('user_id')
    expect(rows).toEqual([{ user_id: after.id }])
  })

  it('of two who register it at once is one’s', async () => {
    const people = [await api.someone('survivor'), await api.someone('survivor'), await api.someone('survivor')]
    const token = newToken()
    const replies = await Promise.all(people.map(each => register(each, token)))
    expect(new Set(replies.map(({ status }) => status)).has(201)).toBe(true)
    expect((await Promise.all(people.map(list))).flat()).toHaveLength(1)
  })

  it('is told apart to the letter: tokens differ in their case', async () => {
    const someone = await api.someone('survivor')
    await register(someone, 'token-in-two-cases-AAA')
    await register(someone, 'token-in-two-cases-aaa')
    expect(await list(someone)).toHaveLength(2)
  })

  it('never shows its token again, and keeps it sealed', async () => {
    const someone = await api.someone('survivor')
    const token = newToken()
    await register(someone, token)
    const rows = JSON.stringify(await api.database.db('devices'))
    expect(JSON.stringify([rows, await list(someone), api.log])).not.toContain('canary')
  })

  it('is removed by its owner alone', async () => {
    const [owner, stranger] = [await api.someone('survivor'), await api.someone('admin')]
    const { id } = (await register(owner)).body
    expect((await remove(stranger, id)).body.code).toBe('DEVICE_NOT_FOUND')
    expect((await remove(owner, 'mine')).body.code).toBe('DEVICE_NOT_FOUND')
    expect((await remove(owner, id)).status).toBe(204)
    expect((await remove(owner, id)).body.code).toBe('DEVICE_NOT_FOUND')
  })

  it('makes room: of more than twenty the one registered longest ago goes', async () => {
    const someone = await api.someone('survivor')
    const made: string[] = []
    for (let round = 0; round < 22; round++) made.push((await register(someone)).body.id)
    expect((await list(someone)).map(({ id }) => id)).toEqual(made.slice(2).reverse())
  })

  it('is registered once under a key', async () => {
    const someone = await api.someone('survivor')
    const ask = {
      token: someone.access,
      body: { registration_token: newToken(), device_type: 'web' },
      headers: { 'idempotency-key': 'd-1' },
    }
    const first = await api.call('POST', '/api/auth/devices/', ask)
    expect(await api.call('POST', '/api/auth/devices/', ask)).toMatchObject({ status: 201, body: first.body })
    const other = { ...ask, body: { ...ask.body, device_type: 'ios' } }
    expect((await api.call('POST', '/api/auth/devices/', other)).body.code).toBe('IDEMPOTENCY_KEY_REUSED')
  })

  it('is forgotten at log-out, when it is one’s own', async () => {
    const [someone, other] = [await api.someone('survivor'), await api.someone('survivor')]
    const [mine, kept, theirs] = [newToken(), newToken(), newToken()]
    for (const token of [mine, kept]) await register(someone, token)
    await register(other, theirs)
    const logOut = ({ access: token }: Someone, registration_token: string): Promise<Reply> =>
      api.call('POST', '/api/auth/logout/', { token, body: { registration_token } })
    expect((await logOut(await api.someone('survivor'), theirs)).status).toBe(204)
    expect(await list(other)).toHaveLength(1)
    expect((await logOut(someone, mine)).status).toBe(204)
    const left = await api.database.db('devices').where({ user_id: someone.id })
    expect(left).toHaveLength(1)
    expect((await api.call('GET', '/api/auth/devices/', { token: someone.access })).body.code).toBe('SESSION_REVOKED')
  })

  it.each([
    [{ registration_token: 'short' }, 'body.registration_token too_small'],
    [{ registration_token: 'with a blank in the middle' }, 'body.registration_token invalid_format'],
    // It would be taken for a subscription, whose endpoint nobody has looked at.
    [{ registration_token: '{"endpoint":"http://127.0.0.1/"}' }, 'body.registration_token invalid_format'],
    [{ device_type: undefined }, 'body.device_type required'],
    [{ registration_token: 'x'.repeat(4_097) }, 'body.registration_token too_big'],
    [{ device_type: 'fridge' }, 'body.device_type invalid_value'],
    [{ user_id: 'somebody' }, 'body.user_id unknown_field'],
  ])('refuses %j', async (body, fault) => {
    const reply = await register(await api.someone('survivor'), newToken(), body)
    const [first] = reply.body.errors
    expect([reply.status, `${first.path} ${first.code}`]).toEqual([400, fault])
  })

  it.each([
    ['GET', ''],
    ['POST', ''],
    ['DELETE', '0192b3c4-0000-7000-8000-000000000001/'],
  ])('%s needs a token', async (method, path) => {
    expect((await api.call(method, `/api/auth/devices/${path}`)).body.code).toBe('TOKEN_MISSING')
  })
})

describe('a browser’s subscription', () => {
  const keys = { p256dh: `B${'x'.repeat(86)}`, auth: 'y'.repeat(22) }
  const ENDPOINT = 'https://push.example.org/send/canary-0123456789'
  const subscribe = ({ access: token }: Someone, subscription: unknown, more: object = {}): Promise<Reply> =>
    api.call('POST', '/api/auth/devices/', { token, body: { subscription, ...more } })

  it('is a device of the web, kept sealed as one text with nothing else of the browser in it', async () => {
    const someone = await api.someone('survivor')
    const reply = await subscribe(someone, { keys, expirationTime: null, endpoint: ENDPOINT })
    expect(reply.status).toBe(201)
    expect(reply.body).toMatchObject({ device_type: 'web', token_ending: '6789' })
    expect(await list(someone)).toEqual([reply.body])
    const { db } = api.database
    const [device] = await listDevices(db, api.deps.acts.vault, someone.id)
    expect(JSON.parse(device?.token ?? '')).toEqual({ endpoint: ENDPOINT, keys })
    expect(JSON.stringify([await db('devices'), api.log])).not.toContain('canary')
  })

  it('stays the same device, and moves with its browser', async () => {
    const [before, after] = [await api.someone('survivor'), await api.someone('survivor')]
    const endpoint = `${ENDPOINT}/shared`
    const first = (await subscribe(before, { endpoint, keys })).body
    expect((await subscribe(before, { keys, endpoint })).body.id).toBe(first.id)
    expect((await subscribe(after, { endpoint, keys }, { device_type: 'web' })).status).toBe(201)
    expect(await list(before)).toEqual([])
    expect(await list(after)).toHaveLength(1)
  })

  it.each([
    [{ endpoint: 'http://push.example.org/1' }, 'body.subscription.endpoint invalid_endpoint'],
    [{ endpoint: 'https://me:secret@push.example.org/1' }, 'body.subscription.endpoint invalid_endpoint'],
    [{ endpoint: 'file:///etc/passwd' }, 'body.subscription.endpoint invalid_endpoint'],
    [{ endpoint: 'push' }, 'body.subscription.endpoint invalid_endpoint'],
    [{ endpoint: `https://push.example.org/${'x'.repeat(2_048)}` }, 'body.subscription.endpoint too_big'],
    [{ keys: { ...keys, p256dh: 'short' } }, 'body.subscription.keys.p256dh invalid_format'],
    [{ keys: { p256dh: keys.p256dh } }, 'body.subscription.keys.auth required'],
    [{ name: 'mine' }, 'body.subscription.name unknown_field'],
  ])('is refused with %j', async (change, fault) => {
    const reply = await subscribe(await api.someone('survivor'), { endpoint: ENDPOINT, keys, ...change })
    const [first] = reply.body.errors
    expect([reply.status, `${first.path} ${first.code}`]).toEqual([400, fault])
  })

  it.each([
    [{ registration_token: newToken() }, 'body.registration_token required'],
    [{ device_type: 'ios' }, 'body.device_type not_allowed'],
  ])('stands for itself, not beside %j', async (more, fault) => {
    const reply = await subscribe(await api.someone('survivor'), { endpoint: ENDPOINT, keys }, more)
    const [first] = reply.body.errors
    expect([reply.status, `${first.path} ${first.code}`]).toEqual([400, fault])
  })

  it('needs a key of the installation, where there is one', async () => {
    const { access: token } = await api.someone('survivor')
    const path = '/api/auth/devices/web-push-key/'
    expect((await api.call('GET', path, { token })).body).toMatchObject({ status: 404, code: 'WEB_PUSH_KEY_NOT_FOUND' })
    Object.assign(api.deps, { webPushKey: 'BKey' })
    expect((await api.call('GET', path, { token })).body).toEqual({ public_key: 'BKey' })
    expect((await api.call('GET', path)).body.code).toBe('TOKEN_MISSING')
  })
})
