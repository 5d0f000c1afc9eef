import { startWithPeople, type People } from '../../test/builders/people'
import { startTestApi, type Reply, type Someone, type TestApi } from '../../test/harness/api'
import { DELEGABLE_PERMISSIONS } from '../../domain/api-scopes'
import { PERMISSIONS, type Permission } from '../../domain/permissions'
import { newId } from '../../platform/ids'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())

const DAY_MS = 86_400_000

const issue = (body: object = {}, headers?: Record<string, string>): Promise<Reply> =>
  people.post('/api/api-keys/', { name: 'desk', scopes: ['incident:list'], ...body }, people.admin, headers)
const issued = async (body: object = {}): Promise<{ id: string; key: string }> => (await issue(body)).body
const post = (path: string, body: object = {}): Promise<Reply> =>
  people.post(`/api/api-keys/${path}`, body, people.admin)
const get = (path: string): Promise<Reply> => people.get(`/api/api-keys/${path}`, people.admin)
const using = (key: string, path = '/api/incidents/', method = 'GET', body?: object): Promise<Reply> =>
  people.api.call(method, path, { headers: { 'x-api-key': key }, ...(body && { body }) })
const codeOf = async (reply: Promise<Reply>): Promise<unknown> => {
  const { status, body } = await reply
  return status < 300 ? status : body.code
}

describe('a key', () => {
  it('is shown once; the record has only a digest of its secret part', async () => {
    const { status, body } = await issue({
      name: 'hospital-desk',
      scopes: ['incident:list', 'incident:list', 'incident:read'],
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      name: 'hospital-desk',
      user_id: people.admin.id,
      scopes: ['incident:list', 'incident:read'],
      last_used_at: null,
      revoked_at: null,
      replaced_by: null,
      created_by: people.admin.id,
    })
    expect(body.key).toMatch(/^kesi_[0-9a-f]{10}_[A-Za-z0-9_-]{43}$/)
    expect(body.key.startsWith(`${body.prefix}_`)).toBe(true)
    expect(Date.parse(body.expires_at) - Date.now()).toBeGreaterThan(364 * DAY_MS)
    expect((await get(`${body.id}/`)).body).toEqual({ ...body, key: undefined })
    const row = await people.api.database.db('api_keys').where({ id: body.id }).first()
    expect(JSON.stringify(row)).not.toContain(body.key.split('_').slice(2).join('_'))
  })

  it('acts in the name of its account, within its scopes and the role', async () => {
    const { key } = await issued({ user_id: people.dispatcher.id, scopes: ['incident:create', 'incident:list'] })
    const made = await using(key, '/api/incidents/', 'POST', { urgency: 'routine' })
    expect(made.status).toBe(201)
    const event = await people.api.database.db('events').where({ incident_id: made.body.id, seq: 1 }).first()
    expect(event).toMatchObject({ actor_role: 'dispatcher', actor_id: people.dispatcher.id })
    expect((await using(key)).status).toBe(200)
    expect(await codeOf(using(key, `/api/incidents/${made.body.id}/`))).toBe('FORBIDDEN')
    const { key: other } = await issued({ user_id: people.dispatcher.id, scopes: ['incident:read'] })
    expect(await codeOf(using(other, `/api/incidents/${made.body.id}/`))).toBe(200)
  })

  it('sees nothing of a case that its account may not see', async () => {
    const provider = await people.provider()
    const { id } = await people.report({ urgency: 'routine' })
    const { key } = await issued({ user_id: provider.id, scopes: ['incident:read'] })
    expect(await codeOf(using(key, `/api/incidents/${id}/`))).toBe('INCIDENT_NOT_FOUND')
  })

  it.each([
    [{ name: 'The desk of Amina' }, 'body.name'],
    [{ scopes: [] }, 'body.scopes'],
    [{ scopes: ['account:self'] }, 'body.scopes.0'],
    [{ scopes: ['api_key:manage'] }, 'body.scopes.0'],
    [{ expires_at: '2020-01-01T00:00:00Z' }, 'body.expires_at'],
    [{ expires_at: '2999-01-01T00:00:00Z' }, 'body.expires_at'],
    [{ user_id: '018f3a52-7c1e-7b3a-9d2e-0a1b2c3d4e5f' }, 'body.user_id'],
    [{ scopes: ['incident:answer'] }, 'body.scopes'],
  ])('is refused with %j', async (body, path) => {
    expect((await issue(body)).body).toMatchObject({ status: 400, errors: [{ path }] })
  })

  it('never acts for a survivor', async () => {
    const { body } = await issue({ user_id: people.survivor.id, scopes: ['incident:read'] })
    expect(body).toMatchObject({ status: 400, errors: [{ path: 'body.user_id', code: 'not_eligible' }] })
  })

  it('is the same one when it is asked for twice under one idempotency key', async () => {
    const headers = { 'idempotency-key': newId() }
    const [first, second] = [await issue({}, headers), await issue({}, headers)]
    expect(second.body).toEqual(first.body)
  })
})

describe('no key', () => {
  const never: readonly Permission[] = [
    ...(['account:self', 'account:second_factor', 'user:edit', 'invitation:manage'] as const),
    ...(['api_key:manage', 'webhook:manage', 'codec:decode'] as const),
  ]
  it('can be given what is for people alone', () => {
    for (const permission of never) expect(DELEGABLE_PERMISSIONS).not.toContain(permission)
    expect(never.every(permission => permission in PERMISSIONS)).toBe(true)
  })

  it.each(['/api/auth/me/', '/api/auth/users/', '/api/auth/invitations/', '/api/api-keys/', '/api/webhooks/'])(
    'reaches %s, not even one whose row says that it may',
    async path => {
      const { id, key } = await issued()
      await people.api.database
        .db('api_keys')
        .where({ id })
        .update({ scopes: Object.keys(PERMISSIONS) })
      expect(await codeOf(using(key, path))).toBe('FORBIDDEN')
    },
  )
})

describe('who is let in', () => {
  const NOBODY = `kesi_0123456789_${'a'.repeat(43)}`

  it.each(['', 'x', 'kesi_', NOBODY, `${NOBODY}a`, `Bearer ${NOBODY}`])('not "%s"', async key => {
    expect((await using(key)).body).toMatchObject({ status: 401, code: 'API_KEY_INVALID' })
  })

  it('not with another secret under a prefix that is known', async () => {
    const { key } = await issued()
    const changed = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A')
    expect(await codeOf(using(changed))).toBe('API_KEY_INVALID')
    expect(await codeOf(using(key))).toBe(200)
  })

  it('not with a token beside it, whatever each of them is worth', async () => {
    const { key } = await issued()
    const headers = { 'x-api-key': key }
    const { body } = await people.api.call('GET', '/api/incidents/', { token: people.admin.access, headers })
    expect(body).toMatchObject({ status: 400, errors: [{ path: 'headers.x-api-key', code: 'not_together' }] })
  })

  it('not after its end, and not for an account that is disabled', async () => {
    const dispatcher = await people.api.someone('dispatcher')
    const { id, key } = await issued({ user_id: dispatcher.id })
    const { db } = people.api.database
    expect(await codeOf(using(key))).toBe(200)
    await db('users').where({ id: dispatcher.id }).update({ status: 'disabled' })
    expect(await codeOf(using(key))).toBe('API_KEY_INVALID')
    await db('users').where({ id: dispatcher.id }).update({ status: 'active' })
    await db('api_keys')
      .where({ id })
      .update({ expires_at: new Date(0) })
    expect(await codeOf(using(key))).toBe('API_KEY_INVALID')
  })

  it('with no more than the role has by now', async () => {
    const dispatcher = await people.api.someone('dispatcher')
    const { key } = await issued({ user_id: dispatcher.id, scopes: ['dispatch:read'] })
    expect(await codeOf(using(key, '/api/dispatch/dashboard/'))).toBe(200)
    await people.api.database.db('users').where({ id: dispatcher.id }).update({ role: 'survivor' })
    expect(await codeOf(using(key, '/api/dispatch/dashboard/'))).toBe('FORBIDDEN')
  })

  it('not after a revocation, at once and on every replica', async () => {
    const { id, key } = await issued()
    const replica = await people.api.replica()
    const there = () => replica.call('GET', '/api/incidents/', { headers: { 'x-api-key': key } })
    expect(await codeOf(there())).toBe(200)
    const { admin, api } = people
    expect((await api.call('DELETE', `/api/api-keys/${id}/`, { token: admin.access })).status).toBe(204)
    expect([await codeOf(using(key)), await codeOf(there())]).toEqual(['API_KEY_INVALID', 'API_KEY_INVALID'])
    await replica.stop()
    expect((await get(`${id}/`)).body.revoked_at).toEqual(expect.any(String))
    expect(await codeOf(post(`${id}/rotate/`))).toBe('API_KEY_ENDED')
  })
})

describe('a rotation', () => {
  it('gives a new key, and the old one lives until the grace is over', async () => {
    const old = await issued({
      scopes: ['incident:list'],
      expires_at: new Date(Date.now() + 30 * DAY_MS).toISOString(),
    })
    const { status, body } = await post(`${old.id}/rotate/`, { grace_seconds: 3_600 })
    expect(status).toBe(201)
    expect(body).toMatchObject({ name: 'desk', scopes: ['incident:list'], user_id: people.admin.id })
    expect(Math.abs(Date.parse(body.expires_at) - Date.now() - 30 * DAY_MS)).toBeLessThan(60_000)
    const before = (await get(`${old.id}/`)).body
    expect(before.replaced_by).toBe(body.id)
    expect(Math.abs(Date.parse(before.expires_at) - Date.now() - 3_600_000)).toBeLessThan(60_000)
    expect([await codeOf(using(old.key)), await codeOf(using(body.key))]).toEqual([200, 200])
    expect(await codeOf(post(`${old.id}/rotate/`))).toBe('API_KEY_ENDED')
  })

  it('without a grace ends the old one at once', async () => {
    const old = await issued()
    const { body } = await post(`${old.id}/rotate/`, { grace_seconds: 0 })
    expect([await codeOf(using(old.key)), await codeOf(using(body.key))]).toEqual(['API_KEY_INVALID', 200])
  })
})

describe('its usage', () => {
  const today = new Date().toISOString().slice(0, 10)

  it('is counted by day and route without a write per request, what was refused not', async () => {
    const { id, key } = await issued()
    const statements: string[] = []
    const note = ({ sql }: { sql: string }): void => void statements.push(sql)
    people.api.database.db.on('query', note)
    for (let each = 0; each < 3; each++) await using(key)
    await using(key, '/api/dispatch/dashboard/')
    people.api.database.db.removeListener('query', note)
    expect(statements.filter(sql => sql.includes('api_key_usage'))).toEqual([])
    await people.api.deps.keyUsage.write()
    await using(key)
    await people.api.deps.keyUsage.write()
    const { body } = await get(`${id}/usage/`)
    expect(body).toMatchObject({ count: 1, results: [{ day: today, route: 'GET /api/incidents/', count: 4 }] })
    expect((await get(`${id}/usage/?from=2020-01-01&to=2020-01-31`)).body.count).toBe(0)
    expect((await get(`${id}/usage/?from=${today}&to=${today}`)).body.count).toBe(1)
    for (const from of ['yesterday', '0000-01-01', '2026-02-30'])
      expect((await get(`${id}/usage/?from=${from}`)).status).toBe(400)
    expect(await codeOf(get(`${newId()}/usage/`))).toBe('API_KEY_NOT_FOUND')
    expect(Date.now() - Date.parse((await get(`${id}/`)).body.last_used_at)).toBeLessThan(60_000)
  })

  it('stands in the access log by the id of the key, and the key in no line', async () => {
    const { id, key } = await issued()
    await using(key)
    await get(`${id}/`)
    const [own, without] = people.api.log.filter(line => line['msg'] === 'request').slice(-2)
    expect([own?.['api_key_id'], without?.['api_key_id']]).toEqual([id, undefined])
    expect(JSON.stringify(people.api.log)).not.toContain(key)
  })

  it('waits while the record is away', async () => {
    const { id, key } = await issued()
    await using(key)
    const { db } = people.api.database
    await db.raw('alter table api_key_usage rename to away')
    await people.api.deps.keyUsage.write()
    await db.raw('alter table away rename to api_key_usage')
    await people.api.deps.keyUsage.write()
    expect((await get(`${id}/usage/`)).body.results).toMatchObject([{ count: 1 }])
    const { log } = people.api
    log.splice(0, log.length, ...log.filter(line => !String(line['msg']).startsWith('the usage of API keys')))
  })
})

describe('the limits', () => {
  let limited: TestApi
  let admin: Someone
  beforeAll(async () => {
    const many = { limitUploads: 9, limitMessages: 60, limitMessageBurst: 30 }
    limited = await startTestApi({ limits: { limitAnonymous: 2, limitUser: 9, limitStaff: 4, ...many } })
    admin = await limited.someone('admin')
  })
  afterAll(() => limited.stop())

  it('count each key by itself, and who guesses as nobody', async () => {
    const keys: string[] = []
    for (const name of ['one', 'two'])
      keys.push(
        (
          await limited.call('POST', '/api/api-keys/', {
            token: admin.access,
            body: { name, scopes: ['incident:list'] },
          })
        ).body.key,
      )
    const spend = async (key: string): Promise<unknown> =>
      codeOf(limited.call('GET', '/api/incidents/', { headers: { 'x-api-key': key } }))
    const [one = '', two = ''] = keys
    for (let each = 0; each < 4; each++) expect(await spend(one)).toBe(200)
    expect(await spend(one)).toBe('RATE_LIMITED')
    expect(await spend(two)).toBe(200)
    expect(await codeOf(limited.call('GET', '/api/incidents/', { token: admin.access }))).toBe(200)
    const guesses: unknown[] = []
    for (let each = 0; each < 3; each++) guesses.push(await spend(`kesi_0123456789_${'a'.repeat(43)}`))
    expect(guesses).toEqual(['API_KEY_INVALID', 'API_KEY_INVALID', 'RATE_LIMITED'])
  })
})
