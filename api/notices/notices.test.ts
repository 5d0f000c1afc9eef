import { startWithPeople, type People } from '../../test/builders/people'
import type { Someone } from '../../test/harness/api'
import { newId } from '../../platform/ids'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())

const inbox = async (by = people.dispatcher, query = '') => (await people.get(`/api/notices/${query}`, by)).body
const post = (path: string, by: Someone, body: object = {}) => people.post(`/api/notices/${path}`, body, by)
const notices = () => people.api.database.db('notices')

/** A notice that is on its way by some channels, as the sending leaves it while it waits for a receipt. */
async function sentNotice(to: Someone, states: Record<string, string>): Promise<string> {
  const { db } = people.api.database
  const id = newId()
  const soon = new Date(Date.now() + 60_000)
  await notices().insert({
    id,
    recipient_id: to.id,
    code: 'account.verified',
    created_at: new Date(),
    send_after: soon,
  })
  for (const [channel, state] of Object.entries(states))
    await db('notice_attempts').insert({ id: newId(), notice_id: id, channel, state, vendor_id: 'a-vendors-id' })
  return id
}

const statesOf = async (id: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await people.api.database.db('notice_attempts').where({ notice_id: id })).map(row => [row.channel, row.state]),
  )

describe('notices/', () => {
  it('shows one’s own, with a code and a reference and not a word more (S1)', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report({ title: 'secret' })
    expect(await inbox(provider)).toEqual({
      count: 1,
      unread_count: 1,
      next: null,
      previous: null,
      results: [
        { id: expect.any(String), kind: 'offer.made', reference: id, created_at: expect.any(String), read_at: null },
      ],
    })
    expect((await inbox(await people.api.someone('survivor'))).count).toBe(0)
  })

  it('leaves out what speaks of a state that is over', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    const [offer] = (await inbox(provider)).results
    await people.post(`/api/incidents/${id}/cancel/`, { reason: 'safe_now' }, people.survivor)
    expect((await inbox(provider)).results).toMatchObject([{ kind: 'offer.withdrawn' }])
    for (const reply of [
      await people.get(`/api/notices/${offer.id}/`, provider),
      await post(`${offer.id}/read/`, provider),
      await post(`${offer.id}/received/`, provider),
    ])
      expect(reply.body.code).toBe('NOTICE_NOT_FOUND')
  })

  it('narrows to what is unread, and counts it', async () => {
    const someone = await people.api.someone('survivor')
    const made = [await sentNotice(someone, {}), await sentNotice(someone, {}), await sentNotice(someone, {})]
    await post(`${made[1]}/read/`, someone)
    const ids = (page: { results: { id: string }[] }): string[] => page.results.map(each => each.id)
    const [all, unread] = [await inbox(someone), await inbox(someone, '?unread=true&page_size=1')]
    expect([ids(all), all.count, all.unread_count]).toEqual([[...made].reverse(), 3, 2])
    expect([ids(unread), unread.count, unread.unread_count]).toEqual([[made[2]], 2, 2])
    expect(ids(await inbox(someone, '?unread=true&page_size=1&page=2'))).toEqual([made[0]])
    expect((await inbox(someone, '?unread=yes')).code).toBe('VALIDATION_FAILED')
  })
})

describe('notices/{id}/', () => {
  it('says by which channels it went and what became of it, without a vendor’s word', async () => {
    const someone = await people.api.someone('provider')
    const id = await sentNotice(someone, { push: 'failed', sms: 'delivered' })
    const { body } = await people.get(`/api/notices/${id}/`, someone)
    expect(body).toMatchObject({ id, kind: 'account.verified', reference: null })
    expect(body.attempts).toEqual([
      { channel: 'push', state: 'failed', at: expect.stringMatching(/Z$/) },
      { channel: 'sms', state: 'delivered', at: expect.stringMatching(/Z$/) },
    ])
  })

  it.each(['', 'read/', 'received/'])('is nobody else’s: %s', async part => {
    const id = await sentNotice(people.dispatcher, {})
    for (const [wrong, by] of [
      [id, people.survivor],
      [newId(), people.dispatcher],
      ['x', people.dispatcher],
    ] as const) {
      const reply = part === '' ? await people.get(`/api/notices/${wrong}/`, by) : await post(`${wrong}/${part}`, by)
      expect(reply.body.code).toBe('NOTICE_NOT_FOUND')
    }
    expect(await notices().where({ id }).first('read_at')).toEqual({ read_at: null })
  })
})

describe('notices/{id}/read/', () => {
  it('notes the first reading', async () => {
    await people.report({ urgency: 'routine' })
    const [notice] = (await inbox()).results
    const first = await post(`${notice.id}/read/`, people.dispatcher)
    expect(first.status).toBe(200)
    expect(first.body.read_at).not.toBeNull()
    const second = await post(`${notice.id}/read/`, people.dispatcher)
    expect(second.body).toEqual(first.body)
  })

  it('ends the sending: what has left is read, and nothing more leaves', async () => {
    const someone = await people.api.someone('provider')
    const id = await sentNotice(someone, { push: 'handed_over', sms: 'unknown', email: 'failed' })
    const { body } = await post(`${id}/read/`, someone)
    expect(body.attempts.map((each: { state: string }) => each.state)).toEqual(['failed', 'read', 'read'])
    expect(await notices().where({ id }).first('send_after')).toEqual({ send_after: null })
  })

  it('tells the reader’s own sockets', async () => {
    const someone = await people.api.someone('provider')
    const id = await sentNotice(someone, {})
    await post(`${id}/read/`, someone)
    const told = await people.api.database.db('feed').where({ user_id: someone.id }).select('type', 'ref')
    expect(told).toEqual([{ type: 'notice.changed', ref: id }])
  })
})

describe('notices/{id}/received/', () => {
  it('has the push delivered and no further channel tried, and reads nothing', async () => {
    const someone = await people.api.someone('provider')
    const id = await sentNotice(someone, { push: 'handed_over', sms: 'handed_over' })
    const { status, body } = await post(`${id}/received/`, someone)
    expect([status, body.read_at]).toEqual([200, null])
    expect(await statesOf(id)).toEqual({ push: 'delivered', sms: 'handed_over' })
    expect(await notices().where({ id }).first('send_after')).toEqual({ send_after: null })
    await post(`${id}/received/`, someone)
    expect((await statesOf(id))['push']).toBe('delivered')
  })

  it.each([
    ['queued', 'delivered'],
    ['unknown', 'delivered'],
    ['failed', 'delivered'],
    ['read', 'read'],
  ])('of a push that is %s makes one that is %s: what is known only grows', async (before, after) => {
    const someone = await people.api.someone('provider')
    const id = await sentNotice(someone, { push: before })
    await post(`${id}/received/`, someone)
    expect(await statesOf(id)).toEqual({ push: after })
  })

  it('lets the other channels of a test go on', async () => {
    const someone = await people.api.someone('provider')
    const id = await sentNotice(someone, { push: 'handed_over' })
    await notices().where({ id }).update({ code: 'account.test' })
    await post(`${id}/received/`, someone)
    expect(await notices().where({ id }).whereNotNull('send_after')).toHaveLength(1)
  })
})

describe('notices/read/', () => {
  it('reads up to the newest that was seen: what came after stays unread', async () => {
    const someone = await people.api.someone('provider')
    const made = [
      await sentNotice(someone, { push: 'handed_over' }),
      await sentNotice(someone, {}),
      await sentNotice(someone, { push: 'handed_over' }),
    ]
    const other = await sentNotice(people.survivor, {})
    expect((await post('read/', someone, { up_to: made[1] })).body).toEqual({ read: 2, unread_count: 1 })
    expect((await inbox(someone, '?unread=true')).results).toMatchObject([{ id: made[2] }])
    const pushes = await Promise.all([made[0], made[2]].map(id => statesOf(id ?? '')))
    expect(pushes).toEqual([{ push: 'read' }, { push: 'handed_over' }])
    const told = await people.api.database
      .db('feed')
      .where({ user_id: someone.id, type: 'notice.changed' })
      .pluck('ref')
    expect(told.sort()).toEqual([made[0], made[1]].sort())
    expect((await post('read/', someone)).body).toEqual({ read: 1, unread_count: 0 })
    expect((await post('read/', someone)).body).toEqual({ read: 0, unread_count: 0 })
    expect(await notices().where({ recipient_id: someone.id }).whereNotNull('send_after')).toEqual([])
    expect(await notices().where({ id: other }).first('read_at')).toEqual({ read_at: null })
  })

  it('knows no notice of somebody else', async () => {
    const theirs = await sentNotice(people.survivor, {})
    const someone = await people.api.someone('survivor')
    const mine = await sentNotice(someone, {})
    expect((await post('read/', someone, { up_to: theirs })).body.code).toBe('NOTICE_NOT_FOUND')
    expect(await notices().where({ id: mine }).first('read_at')).toEqual({ read_at: null })
  })
})
