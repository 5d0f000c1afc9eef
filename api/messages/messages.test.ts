import { nudged } from '../../db/nudge'
import { inTransaction } from '../../db/unit-of-work'
import { newId } from '../../platform/ids'
import type { Someone } from '../../test/harness/api'
import { conversations } from '../../test/builders/conversation'
import { startWithPeople, type People } from '../../test/builders/people'
import { expectInvariants } from '../../test/harness/invariants'

let people: People
beforeAll(async () => {
  people = await startWithPeople()
})
afterAll(() => people.api.stop())
afterEach(() => expectInvariants(people.api.database.db))

const db = () => people.api.database.db
const { send, read, contents, mine, act, talk } = conversations(() => people)

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
      await nudged(db())
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
