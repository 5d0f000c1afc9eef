import { stepNotice, type NoticeDeps } from '../../activities/notice-step'
import type { OutgoingEmail } from '../../adapters/ports'
import type { Channel } from '../../domain/policy'
import { createLogger } from '../../platform/logger'
import { logInFrom, PASSWORD, someoneWithPassword } from '../../test/builders/accounts'
import { startTestApi, type Reply, type Someone, type TestApi } from '../../test/harness/api'

const NEXT = 'fourteen red parrots'
let api: TestApi
let address = ''
let addresses = 0

beforeAll(async () => {
  api = await startTestApi({ trustedProxies: ['loopback'], publicUrl: 'https://cases.example.org' })
})
afterAll(() => api.stop())
beforeEach(() => {
  address = `10.9.1.${(addresses += 1)}`
})

const post = (path: string, body: object, token?: string): Promise<Reply> =>
  api.call('POST', `/api/auth/password/${path}`, {
    body,
    headers: { 'x-forwarded-for': address },
    ...(token !== undefined && { token }),
  })
const logIn = (body: object): Promise<Reply> => logInFrom(api, address, body)
const me = (token: string): Promise<Reply> => api.call('GET', '/api/auth/me/', { token })
const codes = ({ body }: Reply): string[] =>
  (body.errors as { path: string; code: string }[]).map(({ path, code }) => `${path} ${code}`)

describe('a change of password', () => {
  const change = (token: string, body: object = {}): Promise<Reply> =>
    post('change/', { current_password: PASSWORD, new_password: NEXT, ...body }, token)

  it.each(['survivor', 'provider', 'dispatcher', 'admin'] as const)('by a %s ends every other session', async role => {
    const { email, access: elsewhere, refresh } = await someoneWithPassword(api, role)
    const { access } = (await logIn({ email })).body
    expect((await change(access)).status).toBe(204)
    expect((await me(access)).status).toBe(200)
    expect((await me(elsewhere)).body.code).toBe('SESSION_REVOKED')
    expect((await api.call('POST', '/api/auth/refresh/', { body: { refresh } })).body.code).toBe('SESSION_REVOKED')
    expect((await logIn({ email })).status).toBe(401)
    expect((await logIn({ email, password: NEXT })).status).toBe(200)
  })

  it('needs a token', async () => {
    expect((await post('change/', { current_password: PASSWORD, new_password: NEXT })).body.code).toBe('TOKEN_MISSING')
  })

  it('needs the present password, and a wrong one counts as a failed log-in', async () => {
    const { email, access } = await someoneWithPassword(api, 'survivor')
    for (let round = 0; round < 5; round++) {
      const reply = await change(access, { current_password: `a wrong guess, number ${round}` })
      expect([reply.status, codes(reply)]).toEqual([400, ['body.current_password wrong']])
    }
    expect((await change(access)).body.code).toBe('ACCOUNT_LOCKED')
    expect((await logIn({ email })).status).toBe(423)
    expect((await me(access)).status).toBe(200)
  })

  it('is refused to an address that has failed too often', async () => {
    const { access } = await someoneWithPassword(api, 'survivor')
    for (let round = 0; round < 30; round++) await logIn({ email: `nobody-${round}@example.org` })
    expect((await change(access)).body.code).toBe('RATE_LIMITED')
  })

  it.each([
    [{ new_password: 'short' }, ['body.new_password too_short']],
    [{ new_password: 'password2026' }, ['body.new_password too_common']],
    [{ current_password: '', more: 1 }, ['body.current_password too_small', 'body.more unknown_field']],
  ])('refuses %j', async (body, faults) => {
    const { access } = await api.someone('survivor')
    const reply = await change(access, body)
    expect([reply.status, codes(reply).sort()]).toEqual([400, faults])
  })
})

describe('a reset', () => {
  let sent: OutgoingEmail[]
  beforeEach(() => {
    sent = []
  })

  const ask = (body: object): Promise<Reply> => post('reset/', body)
  const confirm = (token: string, new_password = NEXT): Promise<Reply> =>
    post('reset/confirm/', { token, new_password })

  /** What the relay and the notice's workflow do, with a mailbox in place of the mail server. */
  async function deliver({ id }: Pick<Someone, 'id'>): Promise<string[]> {
    const { db } = api.database
    const before = sent.length
    const email = {
      async send(message: OutgoingEmail) {
        sent.push(message)
        return { state: 'handed_over' as const, vendor: 'smtp', vendor_id: message.noticeId }
      },
    }
    const nothing = { send: () => Promise.reject(new Error('not by this channel')) }
    const deps: NoticeDeps = {
      db,
      vault: api.deps.acts.vault,
      logger: createLogger({ level: 'silent', name: 'test' }),
      publicUrl: api.deps.publicUrl,
      channels: { email, push: nothing, sms: nothing, configured: new Set<Channel>(['email', 'push', 'sms']) },
      timeTravel: false,
    }
    const waiting = await db('notices')
      .where({ recipient_id: id, code: 'account.password_reset' })
      .where('send_after', '<=', db.raw('clock_timestamp()'))
      .select<{ id: string }[]>('id')
    for (const { id: noticeId } of waiting) await stepNotice(deps, { noticeId, at: Date.now() })
    return sent.slice(before).map(({ text }) => /token=(\S+)$/.exec(text)?.[1] ?? '')
  }

  async function tokenFor(someone: Someone): Promise<string> {
    expect((await ask({ email: someone.email })).status).toBe(202)
    const [token = ''] = await deliver(someone)
    return token
  }

  it.each(['survivor', 'provider', 'dispatcher', 'admin'] as const)(
    'sends a %s a link that sets a password once and ends every session',
    async role => {
      const someone = await someoneWithPassword(api, role)
      const token = await tokenFor(someone)
      expect(token).toMatch(/^[\w-]{43}$/)
      expect((await me(someone.access)).status).toBe(200)
      expect((await confirm(token)).status).toBe(204)
      expect((await me(someone.access)).body.code).toBe('SESSION_REVOKED')
      expect((await logIn({ email: someone.email })).status).toBe(401)
      expect((await logIn({ email: someone.email, password: NEXT })).status).toBe(200)
      expect((await confirm(token, 'fifteen blue parrots')).body).toMatchObject({ status: 409, code: 'RESET_SPENT' })
    },
  )

  it('writes an e-mail that says nothing of anybody', async () => {
    const someone = await someoneWithPassword(api, 'survivor')
    const token = await tokenFor(someone)
    expect(sent).toHaveLength(1)
    const [{ to = '', subject = '', text = '' } = {}] = sent
    expect([to, subject]).toEqual([someone.email, 'A message for you'])
    expect(text.endsWith(`\n\nhttps://cases.example.org/reset/?token=${token}`)).toBe(true)
    expect(text).not.toMatch(/kesi|case |incident|report|survivor|account|password|test/i)
  })

  it('leaves its token nowhere but in the e-mail', async () => {
    const someone = await someoneWithPassword(api, 'survivor')
    const token = await tokenFor(someone)
    const { rows } = await api.database.db.raw<{ rows: unknown[] }>(
      'select n, a, r from notices n, notice_attempts a, password_resets r',
    )
    expect(JSON.stringify(rows)).toContain('account.password_reset')
    expect(JSON.stringify([rows, api.log])).not.toContain(token)
    await confirm(token)
    expect(JSON.stringify(api.log)).not.toContain(token)
  })

  it('answers the same for an account, for none, for one without an address and for a closed one', async () => {
    const known = await someoneWithPassword(api, 'survivor')
    const closed = await someoneWithPassword(api, 'survivor')
    await api.database.db('users').where({ id: closed.id }).update({ status: 'disabled' })
    const body = { username: 'no-address', password: PASSWORD, role: 'survivor' }
    const nameless = (await api.call('POST', '/api/auth/register/', { body })).body.user
    const replies = [
      await ask({ email: known.email }),
      await ask({ email: 'nobody@example.org' }),
      await ask({ username: 'no-address' }),
      await ask({ email: closed.email }),
    ]
    for (const { status, body: said } of replies) expect([status, said]).toEqual([202, replies[0]?.body])
    expect(await deliver(nameless)).toEqual([])
    expect(await deliver(closed)).toEqual([])
    expect(await deliver(known)).toHaveLength(1)
  })

  it('takes as long for an account as for none', async () => {
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
    const timed = async (kind: 'known' | 'unknown', email: string): Promise<void> => {
      const began = performance.now()
      expect((await ask({ email })).status).toBe(202)
      times[kind].push(performance.now() - began)
    }
    for (let round = 0; round < 14; round++) {
      await timed('known', (await api.someone('survivor')).email)
      await timed('unknown', `nobody-${round}@example.org`)
    }
    const median = (of: number[]): number => [...of].sort((a, b) => a - b)[of.length >> 1] ?? 0
    const ratio = median(times.known) / median(times.unknown)
    expect(ratio).toBeGreaterThan(0.5)
    expect(ratio).toBeLessThan(2)
  })

  it('fills no mailbox: one link in two minutes', async () => {
    const someone = await someoneWithPassword(api, 'survivor')
    for (let round = 0; round < 4; round++) expect((await ask({ email: someone.email })).status).toBe(202)
    expect(await deliver(someone)).toHaveLength(1)
    await api.database.db.raw("update notices set created_at = created_at - interval '3 minutes'")
    await ask({ email: someone.email })
    expect(await deliver(someone)).toHaveLength(1)
  })

  it('is not asked for thirty accounts from one address', async () => {
    const replies: number[] = []
    for (let round = 0; round < 31; round++)
      replies.push((await ask({ email: `somebody-${round}@example.org` })).status)
    expect(replies).toEqual([...Array<number>(30).fill(202), 429])
  })

  it('does not count as a failed log-in, and unlocks whoever was locked out', async () => {
    const someone = await someoneWithPassword(api, 'survivor')
    for (let round = 0; round < 5; round++) await logIn({ email: someone.email, password: `a wrong guess ${round}` })
    expect((await logIn({ email: someone.email })).status).toBe(423)
    expect((await confirm(await tokenFor(someone))).status).toBe(204)
    expect((await logIn({ email: someone.email, password: NEXT })).status).toBe(200)
  })

  it('ends after 30 minutes, with the account, with a newer password and with another link that was used', async () => {
    const someone = await someoneWithPassword(api, 'survivor')
    const late = await tokenFor(someone)
    await api.database.db.raw("update password_resets set expires_at = expires_at - interval '30 minutes'")
    expect((await confirm(late)).body.code).toBe('RESET_SPENT')

    const closed = await someoneWithPassword(api, 'survivor')
    const closedToken = await tokenFor(closed)
    await api.database.db('users').where({ id: closed.id }).update({ status: 'disabled' })
    expect((await confirm(closedToken)).body.code).toBe('RESET_SPENT')

    const changed = await someoneWithPassword(api, 'survivor')
    const before = await tokenFor(changed)
    await post('change/', { current_password: PASSWORD, new_password: NEXT }, changed.access)
    expect((await confirm(before)).body.code).toBe('RESET_SPENT')

    const twice = await someoneWithPassword(api, 'survivor')
    const first = await tokenFor(twice)
    await api.database.db.raw("update notices set created_at = created_at - interval '3 minutes'")
    const second = await tokenFor(twice)
    expect((await confirm(second)).status).toBe(204)
    expect((await confirm(first)).body.code).toBe('RESET_SPENT')
  })

  it('of two uses at once works once', async () => {
    const token = await tokenFor(await someoneWithPassword(api, 'survivor'))
    const replies = await Promise.all([confirm(token, 'sixteen grey parrots'), confirm(token, 'seventeen old parrots')])
    expect(replies.map(({ status }) => status).sort()).toEqual([204, 409])
  })

  it.each([
    ['reset/', {}, ['body.email required']],
    ['reset/', { email: 'a@example.org', username: 'a' }, ['body.email required']],
    ['reset/confirm/', { token: '', new_password: NEXT }, ['body.token too_small']],
    ['reset/confirm/', { token: 'x', new_password: 'short' }, ['body.new_password too_short']],
  ])('%s refuses %j', async (path, body, faults) => {
    const reply = await post(path, body)
    expect([reply.status, codes(reply)]).toEqual([400, faults])
  })

  it('is not confirmed by a token that nobody was sent', async () => {
    expect((await confirm('x'.repeat(43))).body.code).toBe('RESET_SPENT')
  })
})
