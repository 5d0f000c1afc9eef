import { verifyProvider } from '../../acts/accounts/verify-provider'
import { startListening } from '../../db/listen'
import { nudged } from '../../db/nudge'
import { by } from '../../test/builders/record'
import { startTestApi, type Reply, type Someone, type TestApi } from '../../test/harness/api'
import { eventually } from '../../test/harness/eventually'

const PASSWORD = 'thirteen green parrots'

let api: TestApi
let admin: Someone

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.someone('admin')
})
afterAll(() => api.stop())

const asAdmin = (method: string, path: string, body?: object): Promise<Reply> =>
  api.call(method, `/api/auth/${path}`, { token: admin.access, body })
const me = (token: string): Promise<Reply> => api.call('GET', '/api/auth/me/', { token })

describe('the doors of administration', () => {
  it.each([
    ['GET', 'users/'],
    ['POST', 'users/0192b3c4-0000-7000-8000-000000000001/verify/'],
    ['PATCH', 'users/0192b3c4-0000-7000-8000-000000000001/'],
    ['GET', 'invitations/'],
    ['POST', 'invitations/'],
    ['DELETE', 'invitations/0192b3c4-0000-7000-8000-000000000001/'],
  ])('%s %s is shut to everybody else', async (method, path) => {
    expect((await api.call(method, `/api/auth/${path}`)).status).toBe(401)
    for (const role of ['survivor', 'provider', 'dispatcher'] as const) {
      const { access: token } = await api.someone(role)
      expect((await api.call(method, `/api/auth/${path}`, { token })).body.code).toBe('FORBIDDEN')
    }
  })
})

describe('the list of accounts', () => {
  it('comes in pages, filtered and ordered', async () => {
    for (let each = 0; each < 3; each++) await api.someone('provider', { providerType: 'legal' })
    const first = await asAdmin('GET', 'users/?role=provider&verification=pending&page_size=2&ordering=created_at')
    expect(first.body.results).toHaveLength(2)
    expect(first.body.next).toMatch(/^http:\/\/kesi\.test\/api\/auth\/users\/\?.*page=2/)
    expect(first.body.results[0]).toMatchObject({
      role: 'provider',
      email: expect.stringContaining('@'),
      is_active: true,
    })
    const last = Math.ceil(first.body.count / 2)
    expect((await asAdmin('GET', `users/?role=provider&page_size=2&page=${last}`)).body.next).toBeNull()
    expect((await asAdmin('GET', `users/?role=provider&page_size=2&page=${last + 1}`)).body.code).toBe('PAGE_NOT_FOUND')
    expect((await asAdmin('GET', 'users/?is_active=false')).body.count).toBe(0)
  })

  it.each(['role=king', 'is_active=1', 'ordering=password_hash', 'page=0', 'page_size=101', 'colour=red'])(
    'refuses ?%s',
    async query => {
      expect((await asAdmin('GET', `users/?${query}`)).status).toBe(400)
    },
  )
})

const noticesOf = ({ id }: Someone): Promise<object[]> => api.database.db('notices').where({ recipient_id: id })

describe('the check of a provider', () => {
  it('lets them get offers, tells them, and wakes what waits; once', async () => {
    const provider = await api.someone('provider')
    for (let round = 0; round < 2; round++) {
      const reply = await asAdmin('POST', `users/${provider.id}/verify/`, { decision: 'verified' })
      expect([reply.status, reply.body.verification]).toEqual([200, 'verified'])
    }
    const profile = await api.database
      .db('provider_profiles')
      .where({ user_id: provider.id })
      .first<{ woke_at: Date | null }>()
    expect(profile?.woke_at).not.toBeNull()
    expect(await noticesOf(provider)).toMatchObject([
      { code: 'account.verified', channels: ['push', 'email'], send_after: null },
    ])
    expect((await asAdmin('POST', `users/${provider.id}/verify/`, { decision: 'refused' })).body.verification).toBe(
      'refused',
    )
    expect((await me(provider.access)).body.verification).toBe('refused')
  })

  it('is sent to them where there is a vendor, and the sending hears of it at once', async () => {
    const [provider, heard] = [await api.someone('provider'), jest.fn()]
    const ear = startListening({ url: api.database.url, name: 'test', logger: api.deps.acts.logger }, heard)
    await eventually(async () => heard.mock.calls.length > 0)
    await nudged(api.database.db)
    const before = heard.mock.calls.length
    const deps = { ...api.deps.accounts, configuredChannels: new Set(['email'] as const) }
    await verifyProvider(deps, { userId: provider.id, decision: 'verified' }, by('admin', admin.id))
    await eventually(async () => heard.mock.calls.length > before)
    await ear.stop()
    expect(await noticesOf(provider)).toMatchObject([{ code: 'account.verified', send_after: expect.any(Date) }])
    const told = await api.database.db('feed').where({ user_id: provider.id }).pluck('event')
    expect(told).toEqual(['account.verified'])
  })

  it('is for providers', async () => {
    const survivor = await api.someone('survivor')
    expect((await asAdmin('POST', `users/${survivor.id}/verify/`, { decision: 'verified' })).body.code).toBe(
      'RULE_BROKEN',
    )
    const nobody = '0192b3c4-0000-7000-8000-000000000001'
    expect((await asAdmin('POST', `users/${nobody}/verify/`, { decision: 'verified' })).body.code).toBe(
      'USER_NOT_FOUND',
    )
    expect((await asAdmin('POST', `users/me/verify/`, { decision: 'verified' })).body.code).toBe('USER_NOT_FOUND')
    expect((await asAdmin('POST', `users/${survivor.id}/verify/`, { decision: 'maybe' })).status).toBe(400)
  })

  it('is done once under a key', async () => {
    const provider = await api.someone('provider')
    const ask = { token: admin.access, body: { decision: 'verified' }, headers: { 'idempotency-key': 'v-1' } }
    const first = await api.call('POST', `/api/auth/users/${provider.id}/verify/`, ask)
    expect((await api.call('POST', `/api/auth/users/${provider.id}/verify/`, ask)).body).toEqual(first.body)
    const row = await api.database.db('idempotency_keys').first<{ effect: string }>('effect')
    expect(row?.effect).toBe(provider.id)
  })
})

describe('a change of standing', () => {
  it('deactivates at once, and activates again without the old sessions', async () => {
    const someone = await api.someone('dispatcher')
    expect((await asAdmin('PATCH', `users/${someone.id}/`, { is_active: false })).body.is_active).toBe(false)
    expect((await me(someone.access)).body.code).toBe('SESSION_REVOKED')
    const refreshed = await api.call('POST', '/api/auth/refresh/', { body: { refresh: someone.refresh } })
    expect(refreshed.body.code).toBe('SESSION_REVOKED')
    await asAdmin('PATCH', `users/${someone.id}/`, { is_active: true })
    expect((await me(someone.access)).body.code).toBe('SESSION_REVOKED')
  })

  it('gives another role and ends the sessions under the old one', async () => {
    const someone = await api.someone('survivor')
    const reply = await asAdmin('PATCH', `users/${someone.id}/`, { role: 'provider', provider_type: 'legal' })
    expect(reply.body).toMatchObject({ role: 'provider', provider_type: 'legal', verification: 'pending' })
    expect((await me(someone.access)).body.code).toBe('SESSION_REVOKED')
  })

  it('takes a former provider out of the choice', async () => {
    const someone = await api.someone('provider')
    await asAdmin('POST', `users/${someone.id}/verify/`, { decision: 'verified' })
    const reply = await asAdmin('PATCH', `users/${someone.id}/`, { role: 'dispatcher' })
    expect(reply.body).toMatchObject({ role: 'dispatcher', provider_type: null, verification: null })
    const profile = await api.database
      .db('provider_profiles')
      .where({ user_id: someone.id })
      .first<{ verification: string }>()
    expect(profile?.verification).toBe('pending')
  })

  it('waits until a provider has no cases', async () => {
    const someone = await api.someone('provider')
    await api.database.db('provider_profiles').where({ user_id: someone.id }).update({ load: 1 })
    expect((await asAdmin('PATCH', `users/${someone.id}/`, { role: 'survivor' })).body.code).toBe('RULE_BROKEN')
    expect((await me(someone.access)).body.role).toBe('provider')
  })

  it('is refused for oneself, for nobody and for nothing', async () => {
    expect((await asAdmin('PATCH', `users/${admin.id}/`, { is_active: false })).body.code).toBe('RULE_BROKEN')
    const nobody = '0192b3c4-0000-7000-8000-000000000001'
    expect((await asAdmin('PATCH', `users/${nobody}/`, { is_active: false })).body.code).toBe('USER_NOT_FOUND')
    const someone = await api.someone('survivor')
    expect((await asAdmin('PATCH', `users/${someone.id}/`, {})).status).toBe(400)
    expect((await asAdmin('PATCH', `users/${someone.id}/`, { role: 'provider' })).body.errors[0].path).toBe(
      'body.provider_type',
    )
  })

  it('leaves one administrator when two dismiss each other', async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = [await api.someone('admin'), await api.someone('admin')]
      const replies = await Promise.all([
        api.call('PATCH', `/api/auth/users/${b.id}/`, { token: a.access, body: { is_active: false } }),
        api.call('PATCH', `/api/auth/users/${a.id}/`, { token: b.access, body: { is_active: false } }),
      ])
      expect(replies.filter(reply => reply.status === 200)).toHaveLength(1)
    }
  })
})

describe('an invitation', () => {
  const register = (body: object): Promise<Reply> =>
    api.call('POST', '/api/auth/register/', { body: { password: PASSWORD, role: 'dispatcher', ...body } })
  const invite = async (email: string, role = 'dispatcher'): Promise<{ id: string; token: string }> =>
    (await asAdmin('POST', 'invitations/', { email, role })).body

  it('is needed by whoever wants to dispatch or administer', async () => {
    for (const role of ['dispatcher', 'admin'])
      expect((await register({ email: 'x@example.org', role })).body).toMatchObject({
        status: 403,
        code: 'INVITATION_REQUIRED',
      })
  })

  it('lets its address in, once, under its role', async () => {
    const { token } = await invite('Wanjiru@example.org')
    const used = { email: 'wanjiru@example.org', invitation: token }
    expect((await register({ ...used, email: 'other@example.org' })).body.code).toBe('INVITATION_SPENT')
    expect((await register({ ...used, role: 'admin' })).body.code).toBe('INVITATION_SPENT')
    const reply = await register(used)
    expect([reply.status, reply.body.user.role]).toEqual([201, 'dispatcher'])
    expect((await register({ ...used, email: 'wanjiru@example.org' })).body.code).toBe('INVITATION_SPENT')
  })

  it('is not spent by a registration that fails', async () => {
    await register({ role: 'survivor', email: 'there@example.org' })
    const { token } = await invite('there@example.org')
    expect((await register({ email: 'there@example.org', invitation: token })).body.code).toBe('EMAIL_TAKEN')
    const unspent = await api.database.db('invitations').whereNull('used_at').count<{ count: number }[]>('* as count')
    expect(unspent[0]?.count).toBeGreaterThan(0)
  })

  it('ends with its time, and when it is taken back', async () => {
    const old = await invite('late@example.org')
    await api.database
      .db('invitations')
      .where({ id: old.id })
      .update({ expires_at: new Date(Date.now() - 1_000) })
    expect((await register({ email: 'late@example.org', invitation: old.token })).body.code).toBe('INVITATION_SPENT')
    const taken = await invite('back@example.org', 'admin')
    expect((await asAdmin('DELETE', `invitations/${taken.id}/`)).status).toBe(204)
    expect((await asAdmin('DELETE', `invitations/${taken.id}/`)).body.code).toBe('INVITATION_NOT_FOUND')
    const reply = await register({ email: 'back@example.org', role: 'admin', invitation: taken.token })
    expect(reply.body.code).toBe('INVITATION_SPENT')
  })

  it('is listed without token and address', async () => {
    await invite('listed@example.org')
    const { body } = await asAdmin('GET', 'invitations/?page_size=1')
    expect(Object.keys(body.results[0]).sort()).toEqual([
      'created_at',
      'expires_at',
      'id',
      'invited_by',
      'role',
      'used_at',
    ])
    expect(body.results[0].invited_by).toBe(admin.id)
  })
})
