import { startWithPeople, type People } from '../../test/builders/people'
import type { Reply, Someone } from '../../test/harness/api'
import { expectInvariants } from '../../test/harness/invariants'
import { inTransaction } from '../../db/unit-of-work'
import { newId } from '../../platform/ids'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())
afterEach(() => expectInvariants(people.api.database.db))

const db = () => people.api.database.db
const send = (body: object, by: Someone, headers?: Record<string, string>): Promise<Reply> =>
  people.post('/api/messages/', body, by, headers)
const read = (id: string, by: Someone, more = ''): Promise<Reply> =>
  people.get(`/api/messages/?conversation_id=${id}${more}`, by)
const contents = async (id: string, by: Someone, more = ''): Promise<string[]> =>
  (await read(id, by, more)).body.results.map((each: { content: string }) => each.content)
const mine = (by: Someone, more = ''): Promise<Reply> => people.get(`/api/messages/conversations/${more}`, by)
const act = (id: string, name: string, body: object, by: Someone): Promise<Reply> =>
  people.post(`/api/incidents/${id}/${name}/`, body, by)
const inbox = async (by: Someone): Promise<{ kind: string; reference: string; read_at: string | null; id: string }[]> =>
  (await people.get('/api/notices/?page_size=100', by)).body.results.filter(
    (each: { kind: string }) => each.kind === 'message.received',
  )

interface Talk {
  readonly incident: string
  readonly conversation: string
  readonly provider: Someone
}

/** An incident that somebody accepted, with its conversation. */
async function talk(): Promise<Talk> {
  const provider = await people.onlyProvider({ capacity: 9 })
  const { id } = await people.report()
  expect((await act(id, 'accept', {}, provider)).status).toBe(200)
  const { body } = await mine(people.survivor, `?incident=${id}`)
  return { incident: id, conversation: body.results[0].id, provider }
}

/** Gives the incident to another provider. */
async function handOver({ incident }: Talk): Promise<Someone> {
  const next = await people.provider({ capacity: 9 })
  const body = { incident, provider: next.id, reason: 'nearer_provider' }
  expect((await people.post('/api/dispatch/reassign/', body, people.dispatcher)).status).toBe(200)
  return next
}

describe('sending', () => {
  it('answers the message, sealed in the record', async () => {
    const { incident, conversation, provider } = await talk()
    const reply = await send({ incident, content: '  I am on my way. \n', client_id: 'c-1' }, provider)
    expect(reply.status).toBe(201)
    expect(reply.body).toEqual({
      id: expect.any(String),
      conversation_id: conversation,
      incident,
      sender: { id: provider.id, name: 'Test provider', role: 'provider' },
      receiver: null,
      content: 'I am on my way.',
      message_type: 'text',
      attachment: null,
      client_id: 'c-1',
      is_read: false,
      read_at: null,
      created_at: expect.any(String),
    })
    expect((await send({ conversation_id: conversation, content: 'Thank you' }, people.survivor)).status).toBe(201)
    expect(await contents(conversation, people.survivor)).toEqual(['I am on my way.', 'Thank you'])
    const row = await db()('messages').where({ id: reply.body.id }).first()
    expect(row.content).toMatch(/^v1\./)
    expect(row.client_id).toMatch(/^v1\./)
  })

  it('opens before anybody is assigned, to the reporter and to dispatch alone', async () => {
    const provider = await people.onlyProvider()
    const { id } = await people.report()
    const first = await send({ incident: id, content: 'is anybody there?' }, people.survivor)
    expect(first.status).toBe(201)
    expect((await send({ incident: id, content: 'yes, dispatch' }, people.dispatcher)).status).toBe(201)
    for (const one of [provider, await people.api.someone('survivor')]) {
      expect((await send({ incident: id, content: 'x' }, one)).body.code).toBe('INCIDENT_NOT_FOUND')
      expect((await read(first.body.conversation_id, one)).body.code).toBe('CONVERSATION_NOT_FOUND')
    }
    expect(await contents(first.body.conversation_id, people.survivor)).toEqual(['is anybody there?', 'yes, dispatch'])
  })

  it('takes 10,000 characters and not one more, and nothing that is not declared', async () => {
    const { incident, conversation, provider } = await talk()
    const long = 'ä'.repeat(10_000)
    expect((await send({ incident, content: long }, provider)).body.content).toBe(long)
    const faults = async (body: object): Promise<[string, string][]> => {
      const reply = await send(body, provider)
      expect(reply.status).toBe(400)
      return reply.body.errors.map((each: { path: string; code: string }) => [each.path, each.code])
    }
    expect(await faults({ incident, content: `${long}!` })).toEqual([['body.content', 'too_big']])
    expect(await faults({ incident, content: ' \n ' })).toEqual([['body.content', 'required']])
    expect(await faults({ incident })).toEqual([['body.content', 'required']])
    expect(await faults({ content: 'x' })).toEqual([['body.conversation_id', 'one_of']])
    expect(await faults({ incident, conversation_id: conversation, content: 'x' })).toHaveLength(1)
    expect(await faults({ incident, content: 'x', message_type: 'image' })).toEqual([
      ['body.attachment', 'not_of_this_type'],
    ])
    expect(await faults({ incident, content: 'x', attachment: newId() })).toHaveLength(1)
    expect(await faults({ incident, content: 'a\u0007b', colour: 'red' })).toHaveLength(2)
    expect((await read(conversation, provider)).body.count).toBe(1)
  })

  it('keeps one order for everybody and loses nothing while two write as fast as they can', async () => {
    const { incident, conversation, provider } = await talk()
    const texts = Array.from({ length: 40 }, (_, index) => index)
    const replies = await Promise.all(
      texts.flatMap(index => [
        send({ incident, content: `s${index}` }, people.survivor),
        send({ conversation_id: conversation, content: `p${index}` }, provider),
      ]),
    )
    expect(new Set(replies.map(reply => reply.status))).toEqual(new Set([201]))
    const seen = await contents(conversation, people.survivor, '&page_size=100')
    expect(seen).toHaveLength(80)
    expect(new Set(seen).size).toBe(80)
    expect(await contents(conversation, provider, '&page_size=100')).toEqual(seen)
    const rows = await db()('messages')
      .where({ conversation_id: conversation })
      .orderBy('seq')
      .select('seq', 'created_at')
    expect(rows.map(row => row.seq)).toEqual(rows.map((_, index) => index + 1))
    const times = rows.map(row => row.created_at.getTime())
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('keeps the order in which one person sends', async () => {
    const { incident, conversation } = await talk()
    for (const content of ['one', 'two', 'three']) await send({ incident, content }, people.survivor)
    expect(await contents(conversation, people.survivor)).toEqual(['one', 'two', 'three'])
  })

  it('makes one message of doubles under a client id, also when they race', async () => {
    const { incident, conversation, provider } = await talk()
    const doubles = await Promise.all(
      Array.from({ length: 12 }, () => send({ incident, content: 'once', client_id: 'same' }, people.survivor)),
    )
    expect(doubles.map(reply => reply.status).toSorted()).toEqual([...Array(11).fill(200), 201])
    expect(new Set(doubles.map(reply => reply.body.id)).size).toBe(1)
    // Somebody else's id is somebody else's.
    expect((await send({ incident, content: 'mine', client_id: 'same' }, provider)).status).toBe(201)
    expect(await contents(conversation, provider)).toEqual(['once', 'mine'])
  })

  it('answers the same under a key, also when the answer was lost after the act', async () => {
    const { incident, conversation } = await talk()
    const headers = { 'idempotency-key': newId() }
    const first = await send({ incident, content: 'once' }, people.survivor, headers)
    expect((await send({ incident, content: 'once' }, people.survivor, headers)).body).toEqual(first.body)
    await db()('idempotency_keys').where({ effect: first.body.id }).update({ status: null, answer: null })
    expect((await send({ incident, content: 'once' }, people.survivor, headers)).body).toEqual(first.body)
    expect((await send({ incident, content: 'other' }, people.survivor, headers)).body.code).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    )
    expect(await contents(conversation, people.survivor)).toEqual(['once'])
  })

  it('names whom it is meant for, if they belong to the conversation', async () => {
    const { incident, provider } = await talk()
    const reply = await send({ incident, content: 'x', receiver: provider.id }, people.survivor)
    expect(reply.body.receiver).toEqual({ id: provider.id, name: 'Test provider', role: 'provider' })
    const toDispatch = { incident, content: 'x', receiver: people.dispatcher.id }
    expect((await send(toDispatch, people.survivor)).body.errors).toMatchObject([
      { path: 'body.receiver', code: 'not_in_conversation' },
    ])
    await send({ incident, content: 'may I help?' }, people.dispatcher)
    expect((await send(toDispatch, people.survivor)).status).toBe(201)
    for (const receiver of [newId(), people.survivor.id])
      expect((await send({ incident, content: 'x', receiver }, people.survivor)).status).toBe(400)
  })

  it('does not wait while the engine holds the incident', async () => {
    const { incident, conversation, provider } = await talk()
    await inTransaction(db(), async trx => {
      await trx('incidents').where({ id: incident }).forUpdate().first('id')
      const reply = await send({ conversation_id: conversation, content: 'now' }, provider)
      expect(reply.status).toBe(201)
      expect((await read(conversation, people.survivor)).body.count).toBe(1)
    })
  })
})

describe('reading', () => {
  it('comes oldest first, in pages, and from a message on', async () => {
    const { incident, conversation, provider } = await talk()
    const ids: string[] = []
    for (let index = 0; index < 5; index++)
      ids.push((await send({ incident, content: `m${index}` }, people.survivor)).body.id)
    const first = await read(conversation, provider, '&page_size=2')
    expect(first.body).toMatchObject({ count: 5, previous: null, results: [{ content: 'm0' }, { content: 'm1' }] })
    expect(first.body.next).toContain('page=2')
    expect(await contents(conversation, provider, '&page_size=2&page=3')).toEqual(['m4'])
    expect((await read(conversation, provider, '&page_size=2&page=4')).body.code).toBe('PAGE_NOT_FOUND')
    expect(await contents(conversation, provider, `&after=${ids[2]}`)).toEqual(['m3', 'm4'])
    expect((await read(conversation, provider, `&after=${ids[2]}&page_size=1&page=2`)).body).toMatchObject({
      count: 2,
      results: [{ content: 'm4' }],
    })
    expect((await read(conversation, provider, `&after=${ids[4]}`)).body).toMatchObject({ count: 0, results: [] })
    const other = await talk()
    expect((await read(other.conversation, provider, `&after=${ids[0]}`)).status).toBe(404)
    expect((await read(other.conversation, people.survivor, `&after=${ids[0]}`)).body.code).toBe('MESSAGE_NOT_FOUND')
    expect((await people.get('/api/messages/', provider)).status).toBe(400)
  })

  it('keeps receipts for each reader', async () => {
    const { incident, conversation, provider } = await talk()
    const one = (await send({ incident, content: 'one' }, people.survivor)).body.id
    await send({ incident, content: 'two' }, people.survivor)
    const unread = async (by: Someone): Promise<number> =>
      (await mine(by, `?incident=${incident}`)).body.results[0].unread_count
    expect([await unread(provider), await unread(people.survivor), await unread(people.dispatcher)]).toEqual([2, 0, 2])

    const first = await people.patch(`/api/messages/${one}/read/`, {}, provider)
    expect(first.body).toMatchObject({ id: one, is_read: true, read_at: expect.any(String) })
    expect((await people.patch(`/api/messages/${one}/read/`, {}, provider)).body).toEqual(first.body)
    expect([await unread(provider), await unread(people.dispatcher)]).toEqual([1, 2])
    // The sender learns that and when it was read; reading one's own says nothing.
    await people.patch(`/api/messages/${one}/read/`, {}, people.survivor)
    expect((await read(conversation, people.survivor)).body.results).toMatchObject([
      { is_read: true, read_at: first.body.read_at },
      { is_read: false, read_at: null },
    ])
    const all = `/api/messages/conversations/${conversation}/read/`
    expect((await people.post(all, {}, provider)).body).toEqual({ conversation_id: conversation, marked: 1 })
    expect((await people.post(all, {}, provider)).body.marked).toBe(0)
    expect([await unread(provider), await unread(people.dispatcher)]).toEqual([0, 2])
  })

  it('lists one’s conversations with what moved last first', async () => {
    const older = await talk()
    const newer = await talk()
    await send({ incident: newer.incident, content: 'newer' }, newer.provider)
    await send({ incident: older.incident, content: 'older, but said now' }, older.provider)
    const { body } = await mine(people.survivor, '?page_size=2')
    expect(body.results).toMatchObject([
      { id: older.conversation, last_message: { content: 'older, but said now' }, unread_count: 1, is_active: true },
      { id: newer.conversation, last_message: { content: 'newer' }, unread_count: 1 },
    ])
    expect(body.results[0].participants).toEqual([
      { id: people.survivor.id, name: 'Test survivor', role: 'survivor', provider_type: null },
      { id: older.provider.id, name: 'Test provider', role: 'provider', provider_type: 'gbv_rescue' },
    ])
    expect((await mine(newer.provider)).body).toMatchObject({
      count: 1,
      results: [{ id: newer.conversation, unread_count: 0, participants: [{ name: null }, { name: null }] }],
    })
    expect((await mine(await people.api.someone('survivor'))).body.count).toBe(0)
    expect((await mine(await people.api.someone('survivor'), `?incident=${older.incident}`)).body.count).toBe(0)
    expect((await mine(people.survivor, '?page=50')).body.code).toBe('PAGE_NOT_FOUND')
  })

  it('has one conversation for an incident, whoever asks for it first, and however many at once', async () => {
    const { id } = await people.report()
    const found = await Promise.all(Array.from({ length: 6 }, () => mine(people.survivor, `?incident=${id}`)))
    const sent = await Promise.all(
      Array.from({ length: 3 }, () => send({ incident: id, content: 'x' }, people.dispatcher)),
    )
    const ids = [...found.map(each => each.body.results[0].id), ...sent.map(each => each.body.conversation_id)]
    expect(new Set(ids).size).toBe(1)
  })

  it('counts the messages in the incident’s view', async () => {
    const before = await people.report()
    await send({ incident: before.id, content: 'early' }, people.survivor)
    const provider = await people.provider()
    const assign = { incident: before.id, provider: provider.id }
    expect((await people.post('/api/dispatch/assign/', assign, people.dispatcher)).status).toBe(200)
    await send({ incident: before.id, content: 'late' }, provider)
    const counted = async (by: Someone) => (await people.get(`/api/incidents/${before.id}/`, by)).body.message_count
    expect(await counted(people.survivor)).toBe(2)
    expect(await counted(people.dispatcher)).toBe(2)
    expect(await counted(provider)).toBe(1)
  })

  it('costs the same number of statements for one conversation and for many', async () => {
    const provider = await people.onlyProvider({ capacity: 20 })
    const statements = async (by: Someone, path: string): Promise<number> => {
      const asked = jest.spyOn(db().client as { acquireConnection(): Promise<unknown> }, 'acquireConnection')
      expect((await people.get(path, by)).status).toBe(200)
      const { length } = asked.mock.calls
      asked.mockRestore()
      return length
    }
    const grow = async (times: number): Promise<string> => {
      let conversation = ''
      for (let index = 0; index < times; index++) {
        const { id } = await people.report()
        await act(id, 'accept', {}, provider)
        for (const by of [provider, people.survivor])
          conversation = (await send({ incident: id, content: 'x' }, by)).body.conversation_id
      }
      return conversation
    }
    const one = await grow(1)
    const few = [
      await statements(provider, '/api/messages/conversations/'),
      await statements(provider, `/api/messages/?conversation_id=${one}`),
    ]
    const last = await grow(8)
    for (let index = 0; index < 8; index++) await send({ conversation_id: last, content: 'x' }, people.survivor)
    const many = [
      await statements(provider, '/api/messages/conversations/'),
      await statements(provider, `/api/messages/?conversation_id=${last}`),
    ]
    expect(many).toEqual(few)
  })
})

describe('when the responder changes', () => {
  it('the old one reads nothing more, and the next what came after, until it is shared', async () => {
    const before = await talk()
    const { incident, conversation, provider: old } = before
    const secret = await send({ incident, content: 'only for the first' }, people.survivor)
    await send({ incident, content: 'from the first' }, old)
    expect(await contents(conversation, old)).toHaveLength(2)
    const next = await handOver(before)
    const later = await send({ incident, content: 'for the next' }, people.survivor)

    for (const reply of [
      await read(conversation, old),
      await send({ incident, content: 'x' }, old),
      await send({ conversation_id: conversation, content: 'x' }, old),
      await people.patch(`/api/messages/${secret.body.id}/read/`, {}, old),
      await people.post(`/api/messages/conversations/${conversation}/read/`, {}, old),
      await people.post(`/api/messages/conversations/${conversation}/share/`, {}, old),
      await people.get(`/api/messages/${secret.body.id}/attachment/`, old),
    ])
      expect([reply.status, reply.body.code]).toEqual([403, 'ACCESS_ENDED'])
    expect((await mine(old)).body.count).toBe(0)

    expect((await read(conversation, next)).body).toMatchObject({ count: 1, results: [{ content: 'for the next' }] })
    expect((await read(conversation, next, `&after=${secret.body.id}`)).body.count).toBe(1)
    expect((await people.patch(`/api/messages/${secret.body.id}/read/`, {}, next)).body.code).toBe('MESSAGE_NOT_FOUND')
    expect((await people.get(`/api/messages/${secret.body.id}/attachment/`, next)).body.code).toBe('MESSAGE_NOT_FOUND')
    expect((await mine(next)).body.results).toMatchObject([{ unread_count: 1, earlier_shared: false }])
    expect((await people.post(`/api/messages/conversations/${conversation}/read/`, {}, next)).body.marked).toBe(1)
    expect((await send({ incident, content: 'hello' }, next)).status).toBe(201)

    const share = (by: Someone) => people.post(`/api/messages/conversations/${conversation}/share/`, {}, by)
    for (const by of [next, people.dispatcher]) expect((await share(by)).body.code).toBe('FORBIDDEN')
    expect((await share(await people.api.someone('survivor'))).body.code).toBe('CONVERSATION_NOT_FOUND')
    const shared = await share(people.survivor)
    expect(shared.body).toEqual({ conversation_id: conversation, provider: next.id, shared_at: expect.any(String) })
    expect((await share(people.survivor)).body).toEqual(shared.body)
    expect(await contents(conversation, next)).toEqual([
      'only for the first',
      'from the first',
      'for the next',
      'hello',
    ])
    expect((await mine(next)).body.results).toMatchObject([{ earlier_shared: true }])

    // What was shared with one is not shared with who comes after.
    const third = await handOver(before)
    expect(await contents(conversation, third)).toEqual([])
    expect((await mine(third)).body.results).toMatchObject([{ last_message: null, unread_count: 0 }])
    expect(await contents(conversation, people.survivor)).toHaveLength(4)
    expect(later.status).toBe(201)
  })

  it('an empty last look of a new responder shows no word of what was before', async () => {
    const before = await talk()
    await send({ incident: before.incident, content: 'earlier' }, people.survivor)
    const next = await handOver(before)
    expect((await mine(next)).body.results).toMatchObject([{ last_message: null }])
  })

  it('a message is refused to whoever was replaced by an act that was committed before', async () => {
    const before = await talk()
    const { conversation, provider } = before
    await inTransaction(db(), async trx => {
      await trx('conversations').where({ id: conversation }).forUpdate().first('id')
      // It waits for the conversation, and the hand-over is committed meanwhile.
      const waiting = send({ conversation_id: conversation, content: 'too late' }, provider)
      await handOver(before)
      return { waiting }
    }).then(async ({ waiting }) => expect((await waiting).body.code).toBe('ACCESS_ENDED'))
    expect(await contents(conversation, people.survivor)).toEqual([])
  })

  it('nobody is there to share with before and between', async () => {
    const { id } = await people.report()
    const { conversation_id } = (await send({ incident: id, content: 'x' }, people.survivor)).body
    const path = `/api/messages/conversations/${conversation_id}/share/`
    expect((await people.post(path, {}, people.survivor)).body.code).toBe('NOBODY_ASSIGNED')
  })
})

describe('when the incident is over', () => {
  it('is read on by those who may, and written by nobody', async () => {
    const { incident, conversation, provider } = await talk()
    const sent = await send({ incident, content: 'before', client_id: 'kept' }, people.survivor)
    await act(incident, 'cancel', { reason: 'safe_now' }, people.survivor)
    for (const by of [people.survivor, people.dispatcher]) {
      expect((await send({ incident, content: 'after' }, by)).body.code).toBe('CONVERSATION_CLOSED')
      expect(await contents(conversation, by)).toEqual(['before'])
    }
    expect((await send({ incident, content: 'after' }, provider)).body.code).toBe('ACCESS_ENDED')
    expect((await read(conversation, provider)).body.code).toBe('ACCESS_ENDED')
    expect((await mine(people.survivor, `?incident=${incident}`)).body.results).toMatchObject([{ is_active: false }])
    const share = await people.post(`/api/messages/conversations/${conversation}/share/`, {}, people.survivor)
    expect(share.body.code).toBe('CONVERSATION_CLOSED')
    // A repeated sending whose answer was lost still answers the first.
    const again = await send({ incident, content: 'before', client_id: 'kept' }, people.survivor)
    expect([again.status, again.body.id]).toEqual([200, sent.body.id])
  })

  it('is gone with a deleted incident', async () => {
    const { incident, conversation } = await talk()
    await send({ incident, content: 'before' }, people.survivor)
    const { count } = (await mine(people.dispatcher)).body
    expect(
      (await people.api.call('DELETE', `/api/incidents/${incident}/`, { token: people.survivor.access })).status,
    ).toBe(204)
    expect((await read(conversation, people.survivor)).body.code).toBe('CONVERSATION_NOT_FOUND')
    expect((await send({ incident, content: 'x' }, people.dispatcher)).body.code).toBe('INCIDENT_NOT_FOUND')
    for (const by of [people.survivor, people.dispatcher])
      expect((await mine(by, `?incident=${incident}`)).body.count).toBe(0)
    const left = (await mine(people.dispatcher, '?page_size=100')).body
    expect([left.count, left.results.length]).toEqual([count - 1, count - 1])
  })
})

describe('dispatch', () => {
  it('sees codes in the list, and every look at the words leaves a line', async () => {
    const { incident, conversation, provider } = await talk()
    await send({ incident, content: 'the words' }, provider)
    const looks = () =>
      db()('access_log').where({ incident_id: incident, what: 'conversation.read' }).orderBy('at').pluck('actor_id')

    const row = (await mine(people.dispatcher)).body.results[0]
    expect(row).toMatchObject({
      id: conversation,
      incident: { id: incident, code: expect.stringMatching(/^K-/) },
      last_message: { content: null },
    })
    expect(row.participants.map((each: { name: string | null }) => each.name)).toEqual([null, null])
    await read(conversation, provider)
    await read(conversation, people.survivor)
    expect(await looks()).toEqual([])

    expect(await contents(conversation, people.dispatcher)).toEqual(['the words'])
    const last = (await read(conversation, people.admin)).body.results[0].id
    expect(await looks()).toEqual([people.dispatcher.id, people.admin.id])
    // Nothing new, nothing seen.
    await read(conversation, people.dispatcher, `&after=${last}`)
    expect(await looks()).toHaveLength(2)
  })

  it('finds a conversation by its incident before anything was written', async () => {
    const { id } = await people.report()
    const { body } = await mine(people.dispatcher, `?incident=${id}`)
    expect(body).toMatchObject({ count: 1, results: [{ incident: { id }, last_message: null }] })
    const rows = (await mine(people.dispatcher, '?page_size=100')).body.results
    expect(rows.map((each: { incident: { id: string } }) => each.incident.id)).not.toContain(id)
  })
})

describe('notices', () => {
  it('tell the other side once, until it has read', async () => {
    const { incident, conversation, provider } = await talk()
    for (const content of ['one', 'two', 'three']) await send({ incident, content }, people.survivor)
    expect(await inbox(provider)).toMatchObject([{ reference: incident, read_at: null }])
    expect((await inbox(people.survivor)).filter(each => each.reference === incident)).toEqual([])

    await people.post(`/api/messages/conversations/${conversation}/read/`, {}, provider)
    expect(await inbox(provider)).toMatchObject([{ read_at: expect.any(String) }])
    const reply = (await send({ incident, content: 'four' }, people.survivor)).body.id
    expect(await inbox(provider)).toMatchObject([{ read_at: null }, { read_at: expect.any(String) }])
    await people.patch(`/api/messages/${reply}/read/`, {}, provider)
    expect((await inbox(provider)).every(each => each.read_at !== null)).toBe(true)
    await send({ incident, content: 'five' }, people.survivor)
    const [latest] = await inbox(provider)
    expect((await people.post(`/api/notices/${latest?.id}/read/`, {}, provider)).body.reference).toBe(incident)
  })

  it('tell both of a dispatcher’s message, and dispatch of one that nobody else would hear', async () => {
    const { incident, provider } = await talk()
    await send({ incident, content: 'how is it going?' }, people.dispatcher)
    expect(await inbox(provider)).toMatchObject([{ reference: incident }])
    expect((await inbox(people.survivor)).map(each => each.reference)).toContain(incident)
    expect((await inbox(people.dispatcher)).map(each => each.reference)).not.toContain(incident)

    const alone = await people.report()
    await send({ incident: alone.id, content: 'is anybody there?' }, people.survivor)
    expect((await inbox(people.dispatcher)).map(each => each.reference)).toContain(alone.id)
  })
})

test('somebody else’s ids are answered as if there were nothing', async () => {
  const { incident, conversation } = await talk()
  const { id } = (await send({ incident, content: 'x' }, people.survivor)).body
  const strangers = [await people.api.someone('survivor'), await people.provider()]
  const asked = (conversationId: string, messageId: string, by: Someone): Promise<Reply>[] => [
    read(conversationId, by),
    send({ conversation_id: conversationId, content: 'x' }, by),
    people.post(`/api/messages/conversations/${conversationId}/read/`, {}, by),
    people.post(`/api/messages/conversations/${conversationId}/share/`, {}, by),
    people.patch(`/api/messages/${messageId}/read/`, {}, by),
    people.get(`/api/messages/${messageId}/attachment/`, by),
  ]
  for (const by of strangers) {
    const theirs = await Promise.all(asked(conversation, id, by))
    const none = await Promise.all(asked(newId(), newId(), by))
    const answers = (replies: Reply[]) =>
      replies.map(({ status, body: { code, detail } }) => ({ status, code, detail }))
    expect(answers(theirs)).toEqual(answers(none))
    expect(theirs.map(reply => reply.status)).toEqual(theirs.map(() => 404))
    expect((await send({ incident, content: 'x' }, by)).body.code).toBe('INCIDENT_NOT_FOUND')
    expect((await send({ incident: newId(), content: 'x' }, by)).body.code).toBe('INCIDENT_NOT_FOUND')
  }
  for (const path of ['/api/messages/nonsense/read/', '/api/messages/conversations/nonsense/read/'])
    expect((await people.post(path, {}, people.survivor)).status).toBe(404)
  // A stranger's try leaves nothing behind.
  const fresh = await people.report()
  await send({ incident: fresh.id, content: 'x' }, strangers[0] ?? people.admin)
  expect(await db()('conversations').where({ incident_id: fresh.id })).toEqual([])
})
