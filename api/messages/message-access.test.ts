import { inTransaction } from '../../db/unit-of-work'
import { newId } from '../../platform/ids'
import type { Reply, Someone } from '../../test/harness/api'
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
const { send, read, contents, mine, act, inbox, talk, handOver } = conversations(() => people)

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

  it('are read by all the channels that they have left by once the messages are', async () => {
    const { incident, conversation, provider } = await talk()
    await send({ incident, content: 'one' }, people.survivor)
    const [notice] = await inbox(provider)
    const attempts = people.api.database.db('notice_attempts')
    for (const [channel, state] of Object.entries({ push: 'unknown', sms: 'failed', email: 'handed_over' }))
      await attempts.clone().insert({ id: newId(), notice_id: notice?.id, channel, state })
    await people.post(`/api/messages/conversations/${conversation}/read/`, {}, provider)
    const after = await attempts.clone().where({ notice_id: notice?.id }).orderBy('channel')
    expect(after.map(({ channel, state }) => `${channel} ${state}`)).toEqual(['email read', 'push read', 'sms failed'])
    expect(after.map(({ told_at }) => told_at !== null)).toEqual([true, true, false])
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
