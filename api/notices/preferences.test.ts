import { newId } from '../../platform/ids'
import type { Role } from '../../domain/actors'
import { startTestApi, type Reply, type Someone, type TestApi } from '../../test/harness/api'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi({ acts: { configuredChannels: new Set(['email', 'push']) } })
})
afterAll(() => api.stop())

const PATH = '/api/notices/preferences/'
const ask = (method: string, { access: token }: Someone, body?: object, headers: Record<string, string> = {}) =>
  api.call(method, PATH, { token, headers, ...(body && { body }) })
const stored = (id: string) => api.database.db('notification_preferences').where({ user_id: id })
const enabled = ({ body }: Reply): boolean[] => [body.push.enabled, body.sms.enabled, body.email.enabled]
const CHOICE = { push: true, sms: false, email: true }

describe('notices/preferences/', () => {
  it('shows what counts, what can be sent and where to', async () => {
    const someone = await api.someone('provider')
    for (const device_type of ['ios', 'android'])
      await api.call('POST', '/api/auth/devices/', {
        token: someone.access,
        body: { registration_token: `token-${newId()}`, device_type },
      })
    expect((await ask('GET', someone)).body).toEqual({
      push: { enabled: true, available: true, addresses: 2 },
      sms: { enabled: true, available: false, addresses: 0 },
      email: { enabled: true, available: true, addresses: 1 },
      quiet_hours: null,
      time_zone: null,
      digest: false,
      told_at: null,
    })
    await api.call('PATCH', '/api/auth/me/', { token: someone.access, body: { phone: '+254700000000' } })
    expect((await ask('GET', someone)).body.sms.addresses).toBe(1)
  })

  it.each<[Role, boolean]>([
    ['survivor', false],
    ['provider', true],
    ['dispatcher', true],
    ['admin', true],
  ])('of a %s who has said nothing every channel is %s (S2)', async (role, on) => {
    const reply = await ask('GET', await api.someone(role))
    expect([enabled(reply), reply.body.told_at]).toEqual([[on, on, on], null])
  })

  it('keeps what was said, as a whole', async () => {
    const someone = await api.someone('survivor')
    const quiet_hours = { from: '22:00', to: '07:00' }
    const put = await ask('PUT', someone, { ...CHOICE, quiet_hours, time_zone: 'Africa/Nairobi', digest: true })
    expect(put.status).toBe(200)
    expect(enabled(put)).toEqual([true, false, true])
    expect(put.body).toMatchObject({ quiet_hours, time_zone: 'Africa/Nairobi', digest: true })
    expect(put.body.told_at).toEqual(expect.stringMatching(/Z$/))
    expect((await ask('GET', someone)).body).toEqual(put.body)
    const again = await ask('PUT', someone, { push: false, sms: true, email: false })
    expect(enabled(again)).toEqual([false, true, false])
    expect(again.body).toMatchObject({ quiet_hours: null, time_zone: null, digest: false })
    expect(again.body.told_at > put.body.told_at).toBe(true)
  })

  it('changes what is given and leaves the rest', async () => {
    const someone = await api.someone('provider')
    expect(enabled(await ask('PATCH', someone, { sms: false }))).toEqual([true, false, true])
    const quiet_hours = { from: '21:30', to: '06:00' }
    await ask('PATCH', someone, { quiet_hours, time_zone: 'Asia/Bangkok' })
    const last = await ask('PATCH', someone, { quiet_hours: null })
    expect(enabled(last)).toEqual([true, false, true])
    expect(last.body).toMatchObject({ quiet_hours: null, time_zone: 'Asia/Bangkok' })
  })

  it('takes a survivor’s first word on one channel for a yes to that one alone', async () => {
    const someone = await api.someone('survivor')
    expect(enabled(await ask('PATCH', someone, { email: true }))).toEqual([false, false, true])
  })

  it('is taken back at once, and then it is as if nothing had been said', async () => {
    const [survivor, provider] = [await api.someone('survivor'), await api.someone('provider')]
    for (const someone of [survivor, provider]) {
      await ask('PUT', someone, { push: true, sms: true, email: false })
      expect((await ask('DELETE', someone)).status).toBe(204)
      expect(await stored(someone.id)).toEqual([])
      expect((await ask('DELETE', someone)).status).toBe(204)
    }
    expect(enabled(await ask('GET', survivor))).toEqual([false, false, false])
    expect(enabled(await ask('GET', provider))).toEqual([true, true, true])
  })

  it('is everybody’s own', async () => {
    const [one, other] = [await api.someone('survivor'), await api.someone('survivor')]
    await ask('PUT', one, CHOICE)
    expect((await ask('GET', other)).body.told_at).toBeNull()
  })

  it('loses nothing of two changes at once', async () => {
    const someone = await api.someone('provider')
    const edits = [{ push: false }, { sms: false }, { email: false }, { digest: true }]
    for (const { status } of await Promise.all(edits.map(edit => ask('PATCH', someone, edit)))) expect(status).toBe(200)
    expect(await stored(someone.id)).toMatchObject([{ push: false, sms: false, email: false, digest: true }])
  })

  it('is changed once under a key', async () => {
    const someone = await api.someone('provider')
    const first = await ask('PATCH', someone, { push: false }, { 'idempotency-key': 'p-1' })
    await ask('PATCH', someone, { push: true })
    const second = await ask('PATCH', someone, { push: false }, { 'idempotency-key': 'p-1' })
    expect([second.status, second.body]).toEqual([200, first.body])
    expect(await stored(someone.id)).toMatchObject([{ push: true }])
  })

  it.each([
    [{ push: true, sms: true }, 'body.email required'],
    [{ ...CHOICE, quiet_hours: { from: '22:00' } }, 'body.quiet_hours.to required'],
    [{ ...CHOICE, quiet_hours: { from: '22:00', to: '24:00' } }, 'body.quiet_hours.to invalid_format'],
    [{ ...CHOICE, quiet_hours: { from: '22:00', to: '22:00' } }, 'body.quiet_hours.to no_hours'],
    [{ ...CHOICE, time_zone: 'Africa/Atlantis' }, 'body.time_zone unknown_time_zone'],
    [{ ...CHOICE, time_zone: '+03:00' }, 'body.time_zone invalid_format'],
    [{ ...CHOICE, consented_by: 'somebody' }, 'body.consented_by unknown_field'],
  ])('refuses %j', async (body, fault) => {
    const someone = await api.someone('provider')
    const reply = await ask('PUT', someone, body)
    const [first] = reply.body.errors
    expect([reply.status, `${first.path} ${first.code}`]).toEqual([400, fault])
    expect(await stored(someone.id)).toEqual([])
  })
})

describe('notices/test/', () => {
  const send = ({ access: token }: Someone, body: object = {}, headers: Record<string, string> = {}): Promise<Reply> =>
    api.call('POST', '/api/notices/test/', { token, body, headers })
  const made = (id: string) => api.database.db('notices').where({ recipient_id: id }).orderBy('created_at')

  it('goes to oneself, and says which ways there are', async () => {
    const someone = await api.someone('dispatcher')
    const { status, body } = await send(someone, { channels: ['sms', 'email', 'sms'] })
    expect(status).toBe(202)
    expect(body).toMatchObject({
      notice: { kind: 'account.test', reference: null, read_at: null, attempts: [] },
      push: { available: true, addresses: 0 },
      sms: { available: false },
      email: { enabled: true, available: true, addresses: 1 },
    })
    const rows = await made(someone.id)
    expect(rows).toMatchObject([{ id: body.notice.id, code: 'account.test', channels: ['sms', 'email'] }])
    expect(rows[0].send_after).toEqual(rows[0].created_at)
    const shown = await api.call('GET', `/api/notices/${body.notice.id}/`, { token: someone.access })
    expect(shown.body).toEqual(body.notice)
  })

  it('stays in the inbox where nothing is configured', async () => {
    const someone = await api.someone('survivor')
    expect((await send(someone, { channels: ['sms'] })).status).toBe(202)
    expect(await made(someone.id)).toMatchObject([{ send_after: null }])
  })

  it('is refused a sixth time within an hour, also of many at once', async () => {
    const someone = await api.someone('survivor')
    const replies = await Promise.all(Array.from({ length: 7 }, () => send(someone)))
    expect(replies.map(reply => reply.status).sort()).toEqual([202, 202, 202, 202, 202, 429, 429])
    const refused = replies.find(reply => reply.status === 429)
    expect(refused?.body.code).toBe('RATE_LIMITED')
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(3_590)
    expect(Number(refused?.headers.get('retry-after'))).toBeLessThanOrEqual(3_600)
    expect((await send(await api.someone('survivor'))).status).toBe(202)
    const hourAgo = new Date(Date.now() - 3_601_000)
    await made(someone.id).limit(1).clearOrder().update({ created_at: hourAgo })
    expect((await send(someone)).status).toBe(202)
  })

  it('is sent once under a key', async () => {
    const someone = await api.someone('survivor')
    const [first, second] = [
      await send(someone, {}, { 'idempotency-key': 't-1' }),
      await send(someone, {}, { 'idempotency-key': 't-1' }),
    ]
    expect([second.status, second.body]).toEqual([202, first.body])
    expect(await made(someone.id)).toHaveLength(1)
  })

  it.each([[{ channels: [] }], [{ channels: ['pigeon'] }], [{ to: 'somebody@example.org' }]])(
    'refuses %j',
    async body => {
      expect((await send(await api.someone('survivor'), body)).body.code).toBe('VALIDATION_FAILED')
    },
  )
})
