import { Client } from 'pg'
import { nudged } from '../../db/nudge'
import { newId } from '../../platform/ids'
import type { Role } from '../../domain/actors'
import { startTestApi, type Reply, type Someone, type TestApi } from '../../test/harness/api'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi({ acts: { configuredChannels: new Set(['push', 'email']) } })
})
afterAll(() => api.stop())
beforeEach(async () => {
  const { db } = api.database
  await db('drills').delete()
  await db('users').where({ status: 'active' }).update({ status: 'disabled' })
})

const PATH = '/api/dispatch/drills/'
const call = (method: string, path: string, { access: token }: Someone, body?: object): Promise<Reply> =>
  api.call(method, path, { token, ...(body && { body }) })
const start = (by: Someone, body: object = {}): Promise<Reply> => call('POST', PATH, by, body)

async function provider(columns: Record<string, string> = {}): Promise<Someone> {
  const someone = await api.someone('provider')
  const { db } = api.database
  await db('provider_profiles')
    .where({ user_id: someone.id })
    .update({ verification: 'verified', ...columns })
  return someone
}

async function offDuty(role: Role): Promise<Someone> {
  const someone = await api.someone(role)
  expect((await call('PATCH', '/api/auth/me/', someone, { on_duty: false })).body.on_duty).toBe(false)
  return someone
}

interface Called {
  readonly person: { readonly id: string; readonly name: string }
  readonly channels: readonly { readonly channel: string; readonly state: string; readonly failure: string | null }[]
}
const calledIn = ({ body }: Reply): string[] => body.people.results.map((each: Called) => each.person.id).sort()

async function noticeOf(someone: Someone): Promise<string> {
  const { body } = await call('GET', '/api/notices/', someone)
  expect(body.results[0]).toMatchObject({ kind: 'dispatch.drill', reference: null })
  return body.results[0].id
}

describe('drills/', () => {
  it('calls everybody on duty, and nobody else', async () => {
    const [dispatcher, admin] = [await api.someone('dispatcher'), await api.someone('admin')]
    const onDuty = [dispatcher, admin, await provider(), await provider({ availability: 'busy' })]
    await api.someone('survivor')
    await provider({ availability: 'off_duty' })
    await provider({ availability: 'unresponsive' })
    await provider({ verification: 'pending' })
    await offDuty('dispatcher')
    await offDuty('admin')
    const reply = await start(dispatcher, { channels: ['email'] })
    expect(reply.status).toBe(201)
    expect(reply.body).toMatchObject({
      started_by: { id: dispatcher.id, name: 'Test dispatcher' },
      channels: ['email'],
      counts: { people: 4, reached: 0, answered: 0 },
      people: { count: 4 },
    })
    expect(calledIn(reply)).toEqual(onDuty.map(each => each.id).sort())
    const rows = await api.database.db('notices').where({ drill_id: reply.body.id })
    for (const row of rows)
      expect([row.code, row.channels, row.send_after]).toEqual(['dispatch.drill', ['email'], row.created_at])
    const told = await api.database
      .db('feed')
      .where({ event: 'dispatch.drill' })
      .whereIn(
        'ref',
        rows.map(row => row.id),
      )
    expect(told.map(line => line.user_id).sort()).toEqual(onDuty.map(each => each.id).sort())
  })

  it('calls those off duty as well when it is for all', async () => {
    const dispatcher = await api.someone('dispatcher')
    const all = [dispatcher, await offDuty('admin'), await provider({ availability: 'off_duty' })]
    await provider({ verification: 'refused' })
    await api.someone('survivor')
    expect(calledIn(await start(dispatcher, { audience: 'all' }))).toEqual(all.map(each => each.id).sort())
  })

  it('shows who got it by which channel, and who has answered', async () => {
    const [dispatcher, silent, reached] = [await api.someone('dispatcher'), await provider(), await provider()]
    const { body: drill } = await start(dispatcher)
    const { db } = api.database
    const attempt = async (to: Someone, columns: object) =>
      db('notice_attempts').insert({ id: newId(), notice_id: await noticeOf(to), ...columns })
    await attempt(silent, { channel: 'push', state: 'failed', failure: 'TOKEN_DEAD' })
    await attempt(silent, { channel: 'email', state: 'handed_over' })
    await attempt(reached, { channel: 'push', state: 'delivered' })
    await call('POST', `/api/notices/${await noticeOf(dispatcher)}/read/`, dispatcher, {})
    const { body } = await call('GET', `${PATH}${drill.id}/`, dispatcher)
    expect(body.counts).toEqual({ people: 3, reached: 2, answered: 1 })
    const rows = new Map(body.people.results.map((row: Called) => [row.person.id, row]))
    expect(rows.get(dispatcher.id)).toMatchObject({
      role: 'dispatcher',
      provider_type: null,
      answered_at: expect.any(String),
    })
    expect(rows.get(silent.id)).toEqual({
      person: { id: silent.id, name: 'Test provider' },
      role: 'provider',
      provider_type: 'gbv_rescue',
      answered_at: null,
      channels: [
        { channel: 'email', state: 'handed_over', at: expect.any(String), failure: null },
        { channel: 'push', state: 'failed', at: expect.any(String), failure: 'TOKEN_DEAD' },
      ],
    })
    const listed = await call('GET', PATH, dispatcher)
    const { people: _people, ...summary } = body
    expect(listed.body).toMatchObject({ count: 1, results: [summary] })
  })

  it('is paged', async () => {
    const dispatcher = await api.someone('dispatcher')
    for (const _ of [1, 2, 3, 4]) await provider()
    const { body } = await start(dispatcher)
    const path = `${PATH}${body.id}/`
    const [first, second] = [
      await call('GET', `${path}?page_size=3`, dispatcher),
      await call('GET', `${path}?page_size=3&page=2`, dispatcher),
    ]
    expect([...calledIn(first), ...calledIn(second)].sort()).toEqual(calledIn(await call('GET', path, dispatcher)))
    expect(new URL(first.body.people.next).pathname).toBe(path)
    expect((await call('GET', `${path}?page_size=3&page=3`, dispatcher)).body.code).toBe('PAGE_NOT_FOUND')
  })

  it('asks no more of the database for many people than for one', async () => {
    const dispatcher = await api.someone('dispatcher')
    const statements = async (path: string): Promise<number> => {
      // The first request also looks the session up.
      await call('GET', path, dispatcher)
      await nudged(api.database.db)
      const query = jest.spyOn(Client.prototype, 'query')
      const { status } = await call('GET', path, dispatcher)
      const count = query.mock.calls.length
      query.mockRestore()
      expect(status).toBe(200)
      return count
    }
    const one = (await start(dispatcher)).body.id
    const few = [await statements(`${PATH}${one}/`), await statements(PATH)]
    await api.database.db('drills').update({ started_at: new Date(0) })
    for (const _ of [1, 2, 3, 4, 5]) await provider()
    const many = (await start(dispatcher)).body.id
    expect([await statements(`${PATH}${many}/`), await statements(PATH)]).toEqual(few)
  })

  it('is the only one for ten minutes, also of several at once', async () => {
    const [one, other] = [await api.someone('dispatcher'), await api.someone('admin')]
    const replies = await Promise.all([start(one), start(other), start(one)])
    expect(replies.map(reply => reply.status).sort()).toEqual([201, 409, 409])
    const first = replies.find(reply => reply.status === 201)?.body
    const { body } = await start(other)
    expect(body).toMatchObject({ code: 'DRILL_RUNNING', drill: first.id, started_at: first.started_at })
    await api.database.db('drills').update({ started_at: new Date(Date.now() - 601_000) })
    expect((await start(other)).status).toBe(201)
    expect((await call('GET', PATH, one)).body.results).toHaveLength(2)
  })

  it('is started once under a key', async () => {
    const dispatcher = await api.someone('dispatcher')
    const ask = { token: dispatcher.access, body: {}, headers: { 'idempotency-key': 'drill-1' } }
    const first = await api.call('POST', PATH, ask)
    const second = await api.call('POST', PATH, ask)
    expect([second.status, second.body]).toEqual([201, first.body])
  })

  it.each(['survivor', 'provider'] as const)('is nothing for a %s', async role => {
    const [someone, dispatcher] = [await api.someone(role), await api.someone('dispatcher')]
    const { id } = (await start(dispatcher)).body
    for (const reply of [
      await start(someone),
      await call('GET', PATH, someone),
      await call('GET', `${PATH}${id}/`, someone),
    ])
      expect(reply.body.code).toBe('FORBIDDEN')
    expect((await call('GET', `${PATH}${newId()}/`, dispatcher)).body.code).toBe('DRILL_NOT_FOUND')
  })

  it.each([[{ channels: [] }], [{ audience: 'survivors' }], [{ text: 'hello' }]])('refuses %j', async body => {
    expect((await start(await api.someone('dispatcher'), body)).body.code).toBe('VALIDATION_FAILED')
  })
})
