import { newId } from '../../../platform/ids'
import { startWithApp, type App } from '../../../test/builders/app'
import type { Reply, Someone } from '../../../test/harness/api'

let app: App
beforeAll(async () => {
  app = await startWithApp()
})
afterAll(() => app.people.api.stop())

const db = () => app.people.api.database.db
const conversationOf = async (incident: string, by: Someone): Promise<Reply['body']> =>
  (await app.call('GET', `/messaging/conversations/?incident_id=${incident}`, { by })).body
const send = (conversation: string, content: string, by: Someone): Promise<Reply> =>
  app.call('POST', `/messaging/conversations/${conversation}/send_message/`, { by, body: { content } })
const history = async (conversation: string, by: Someone): Promise<Reply['body']> =>
  (await app.call('GET', `/messaging/conversations/${conversation}/messages/`, { by })).body

interface Talk {
  readonly incident: string
  readonly id: string
  readonly provider: Someone
}
/** A case that a provider has accepted, and its conversation. */
async function talk(): Promise<Talk> {
  const provider = await app.people.onlyProvider()
  const { body } = await app.report()
  await app.call('PATCH', `/incidents/${body.id}/accept/`, { by: provider })
  const { results } = await conversationOf(body.id, provider)
  return { incident: body.id, id: results[0].id, provider }
}

describe('a conversation', () => {
  it('is not there before a provider said yes, and then it is', async () => {
    const provider = await app.people.onlyProvider()
    const { body } = await app.report()
    expect(await conversationOf(body.id, app.people.survivor)).toEqual({
      count: 0,
      next: null,
      previous: null,
      results: [],
    })
    await app.call('PATCH', `/incidents/${body.id}/accept/`, { by: provider })
    const { count, results } = await conversationOf(body.id, app.people.survivor)
    expect(count).toBe(1)
    expect(results[0]).toMatchObject({
      incident: {
        id: body.id,
        case_number: body.case_number,
        type: 'physical',
        type_display: 'Physical Violence',
        status: 'in_progress',
        urgency_level: 'immediate',
      },
      participants: [
        { id: app.people.survivor.id, full_name: 'Test survivor', role: 'survivor', is_online: false },
        { id: provider.id, full_name: 'Test provider', role: 'provider', provider_type: 'gbv_rescue' },
      ],
      last_message: null,
      unread_count: 0,
      last_message_at: null,
      is_active: true,
    })
  })

  it('names the survivor to nobody else: the app keeps what it reads, in the clear', async () => {
    const { incident, id, provider } = await talk()
    await send(id, 'I am at home', app.people.survivor)
    const seen = JSON.stringify([await conversationOf(incident, provider), await history(id, provider)])
    expect(seen).toContain('"full_name":"Survivor"')
    expect(seen).not.toContain('Test survivor')
    expect(seen).not.toContain('example.org')
  })

  it('is found by the reference of one’s own notice, and of nobody else’s', async () => {
    const { incident, id, provider } = await talk()
    await send(id, 'Where are you?', app.people.survivor)
    const [notice] = await db()('notices').where({ conversation_id: id, recipient_id: provider.id })
    expect((await conversationOf(notice.id, provider)).results[0]).toMatchObject({ id, incident: { id: incident } })
    expect((await conversationOf(notice.id, app.people.survivor)).results).toEqual([])
  })

  it('of somebody else, or of no case at all, is an empty page', async () => {
    const { incident } = await talk()
    const stranger = await app.people.api.someone('survivor')
    for (const id of [incident, newId(), '4-1', "'%20or%201=1"])
      expect((await conversationOf(id, stranger)).results).toEqual([])
  })
})

describe('messages', () => {
  it('have a text in every field that the app draws, and are read by both', async () => {
    const { incident, id, provider } = await talk()
    const sent = await send(id, 'I am on my way', provider)
    expect([sent.status, sent.body]).toMatchObject([
      201,
      {
        conversation: id,
        sender: { id: provider.id, email: '', full_name: 'Test provider', role: 'provider' },
        content: 'I am on my way',
        message_type: 'user_message',
        is_edited: false,
        is_deleted: false,
      },
    ])
    expect((await history(id, app.people.survivor)).results).toEqual([sent.body])
    expect((await conversationOf(incident, app.people.survivor)).results[0]).toMatchObject({
      unread_count: 1,
      last_message: { content: 'I am on my way', sender: { full_name: 'Test provider' } },
    })
    const read = await app.call('POST', `/messaging/conversations/${id}/mark-all-read/`, { by: app.people.survivor })
    expect([read.status, read.body]).toEqual([200, { success: true }])
    expect((await conversationOf(incident, app.people.survivor)).results[0].unread_count).toBe(0)
    const one = `/messaging/conversations/${id}/messages/${sent.body.id}/read/`
    expect((await app.call('POST', one, { by: app.people.survivor })).status).toBe(200)
  })

  it('of a long talk are the newest 200, the oldest of them first', async () => {
    const { id, provider } = await talk()
    const first = await send(id, 'the very first', provider)
    await db().raw(
      `insert into messages (id, conversation_id, seq, sender_id, sender_role, message_type, created_at)
       select gen_random_uuid(), conversation_id, n, sender_id, sender_role, message_type, created_at
       from messages, generate_series(2, 200) n where id = ?`,
      [first.body.id],
    )
    await db()('conversations').where({ id }).update({ last_seq: 200 })
    expect((await history(id, provider)).results[0].content).toBe('the very first')
    await send(id, 'the very last', app.people.survivor)
    const { count, results } = await history(id, provider)
    expect([count, results.length, results.at(-1).content]).toEqual([201, 200, 'the very last'])
    expect(results[0].content).not.toBe('the very first')
  })

  it('sent again by the app are one; meant again a minute later they are two', async () => {
    const { id, provider } = await talk()
    const [first, again] = [await send(id, 'Yes', provider), await send(id, 'Yes', provider)]
    expect(again).toMatchObject({ status: 201, body: first.body })
    await db()('idempotency_keys')
      .where({ user_id: provider.id })
      .update({ taken_at: db().raw("now() - interval '61 seconds'") })
    expect((await send(id, 'Yes', provider)).body.id).not.toBe(first.body.id)
    expect((await history(id, provider)).count).toBe(2)
  })

  it('take the other address too, and must say something', async () => {
    const { id, provider } = await talk()
    const reply = await app.call('POST', `/messaging/conversations/${id}/messages/`, {
      by: provider,
      body: { content: 'Hello' },
    })
    expect(reply.status).toBe(201)
    const empty = await send(id, '  ', provider)
    expect([empty.status, Object.keys(empty.body.errors)]).toEqual([400, ['content']])
  })

  it('that carry a file say so in a word', async () => {
    const { id, provider } = await talk()
    await send(id, 'See this', provider)
    await db()('messages').where({ conversation_id: id }).update({ message_type: 'image', content: null })
    expect((await history(id, provider)).results[0].content).toBe('A file was sent.')
  })

  it('end with the case: read-only for its reporter, over for the provider', async () => {
    const { incident, id, provider } = await talk()
    await app.people.post(`/api/incidents/${incident}/cancel/`, { reason: 'safe_now' }, app.people.survivor)
    expect((await send(id, 'Hello?', app.people.survivor)).body.code).toBe('CONVERSATION_CLOSED')
    const lost = await send(id, 'Hello?', provider)
    expect([lost.status, lost.body.code]).toEqual([403, 'ACCESS_ENDED'])
  })
})

describe('a phone', () => {
  it('is registered by its Expo token, as often as the app likes', async () => {
    const by = await app.people.api.someone('provider')
    const register = (more = {}) =>
      app.call('POST', '/messaging/push-token/', {
        by,
        body: { token: 'ExponentPushToken[abcdefghijklmnopqrstuv]', platform: 'android', ...more },
      })
    expect([(await register()).body, (await register()).body]).toEqual([{ success: true }, { success: true }])
    expect((await app.people.get('/api/auth/devices/', by)).body).toMatchObject([
      { device_type: 'android', token_ending: 'tuv]' },
    ])
    expect((await register({ token: '' })).body.errors).toHaveProperty('token')
  })
})
