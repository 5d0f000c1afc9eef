import { newId } from '../../../platform/ids'
import { startWithApp, type App } from '../../../test/builders/app'
import { appSocketsOf, conversationPath, PROVIDERS, shut, type AppTalk } from '../../../test/builders/app-sockets'
import type { Someone, TestApi } from '../../../test/harness/api'
import { eventually } from '../../../test/harness/eventually'
import { openSocket, settled, type Replica, type TestSocket } from '../../../test/harness/socket'

let app: App
let other: Awaited<ReturnType<TestApi['replica']>>
beforeAll(async () => {
  app = await startWithApp({ sockets: { pingMs: 200 } })
  other = await app.people.api.replica()
})
afterAll(async () => {
  await other.stop()
  await app.people.api.stop()
})

const api = () => app.people.api
const db = () => api().database.db
const { isOpen, opened, talk, handOver } = appSocketsOf(() => app)
/** A chat screen; everything that was written before is behind it. */
const chat = async (of: AppTalk, by: Someone, replica?: Pick<Replica, 'url'>) => {
  await settled(db())
  return opened(conversationPath(of.id), by, replica)
}
const say = (socket: TestSocket, type: string, data: object = {}): void => socket.say({ type, data })
const contents = (socket: TestSocket): string[] => socket.of('message_received').map(each => each.data.content)
const message = (socket: TestSocket, content: string) =>
  socket.heard('message_received', each => each.data.content === content)

const write = async ({ id }: AppTalk, content: string, by: Someone): Promise<string> =>
  (await app.call('POST', `/messaging/conversations/${id}/send_message/`, { by, body: { content } })).body.id

/** Both sides, once each has heard the other's first message: nothing of their coming is under way any more. */
async function bothSides(of: AppTalk): Promise<{ survivor: TestSocket; provider: TestSocket }> {
  const [survivor, provider] = [await chat(of, app.people.survivor), await chat(of, of.provider, other)]
  say(provider, 'send_message', { content: 'are you there?' })
  await Promise.all([message(survivor, 'are you there?'), message(provider, 'are you there?')])
  return { survivor, provider }
}

describe('a conversation', () => {
  it('is heard by both sides on two replicas, and by whoever wrote it', async () => {
    const of = await talk()
    const { survivor, provider } = await bothSides(of)
    say(survivor, 'send_message', { content: '  I am at home ' })
    const [echo, heard] = [await message(survivor, 'I am at home'), await message(provider, 'I am at home')]
    expect(Object.keys(heard)).toEqual(['type', 'data'])
    expect(heard.data).toEqual({
      id: expect.any(String),
      conversation_id: of.id,
      sender: { id: app.people.survivor.id, email: '', full_name: 'Survivor', role: 'survivor' },
      content: 'I am at home',
      message_type: 'user_message',
      created_at: expect.stringMatching(/Z$/),
      is_edited: false,
    })
    // Only to herself is she named.
    expect(echo.data).toEqual({ ...heard.data, sender: { ...heard.data.sender, full_name: 'Test survivor' } })
    expect(survivor.of('message_received')[0]?.data.sender).toMatchObject({
      id: of.provider.id,
      full_name: 'Test provider',
      role: 'provider',
    })
    const { results } = (
      await app.call('GET', `/messaging/conversations/${of.id}/messages/`, { by: app.people.survivor })
    ).body
    expect(results.map((each: { id: string }) => each.id)).toEqual(
      survivor.of('message_received').map(each => each.data.id),
    )
    shut(survivor, provider)
  })

  it('tells who has read what', async () => {
    const of = await talk()
    const { survivor, provider } = await bothSides(of)
    const { id } = (await message(survivor, 'are you there?')).data
    say(survivor, 'mark_read', { message_id: id })
    const read = await provider.heard('message_read')
    expect(read.data).toEqual({ message_id: id, user_id: app.people.survivor.id, read_at: expect.any(String) })
    expect(Date.parse(read.data.read_at)).not.toBeNaN()
    shut(survivor, provider)
  })

  it('says in words what cannot be done, and goes on', async () => {
    const of = await talk()
    const { survivor, provider } = await bothSides(of)
    say(survivor, 'mark_read', { message_id: newId() })
    await survivor.heard('error', each => each.data.code === 'MESSAGE_NOT_FOUND')
    say(survivor, 'send_message', { content: ' ' })
    await survivor.heard('error', each => each.data.code === 'FRAME_MALFORMED')
    say(survivor, 'wizardry')
    await survivor.heard('error', each => each.data.code === 'FRAME_UNKNOWN')
    for (const each of survivor.of('error')) expect(each.data.message).toMatch(/\w/)
    say(survivor, 'send_message', { content: 'still here' })
    await message(provider, 'still here')
    await app.people.post(`/api/incidents/${of.incident}/cancel/`, { reason: 'safe_now' }, app.people.survivor)
    say(survivor, 'send_message', { content: 'too late' })
    await survivor.heard('error', each => each.data.code === 'CONVERSATION_CLOSED')
    expect(await provider.closing()).toBe(4403)
    shut(survivor)
  })

  it('ends for an app that sends nonsense again and again', async () => {
    const of = await talk()
    const survivor = await chat(of, app.people.survivor)
    for (let n = 0; n < 5; n++) survivor.say('[]')
    expect(await survivor.closing()).toBe(1008)
    expect(survivor.of('error')).toHaveLength(5)
  })
})

describe('who is typing, and who is there', () => {
  it('is shown of those who respond and never of the survivor', async () => {
    const of = await talk()
    const { survivor, provider } = await bothSides(of)
    say(survivor, 'typing_start')
    say(survivor, 'typing_stop')
    say(survivor, 'send_message', { content: 'I have typed' })
    await message(provider, 'I have typed')
    for (const type of ['typing_start', 'typing_start', 'typing_stop', 'typing_stop']) say(provider, type)
    const shown = (is_typing: boolean) => ({ user_id: of.provider.id, full_name: 'Provider', is_typing })
    await survivor.heard('user_typing', each => each.data.is_typing === false)
    expect(survivor.of('user_typing').map(each => each.data)).toEqual([shown(true), shown(false)])

    const staff = await chat(of, app.people.dispatcher)
    const { data } = await survivor.heard('user_online', each => each.data.user_id === app.people.dispatcher.id)
    expect(data).toEqual({ user_id: app.people.dispatcher.id, full_name: 'Dispatcher' })
    await provider.heard('user_online')
    survivor.close()
    await survivor.closing()
    const again = await chat(of, app.people.survivor)
    await message(again, 'I have typed')
    staff.close()
    const gone = await provider.heard('user_offline')
    expect(gone.data).toEqual({ user_id: app.people.dispatcher.id, last_seen: expect.any(String) })
    // Nothing of her was shown meanwhile, nor of anybody to themselves.
    const ofHer = ({ frames }: TestSocket) =>
      frames.filter(each => /user_/.test(each.type) && each.data.user_id === app.people.survivor.id)
    expect([...ofHer(provider), ...ofHer(staff)]).toEqual([])
    expect(provider.of('user_typing')).toEqual([])
    shut(again, provider)
  })
})

describe('what was missed', () => {
  const age = async (id: string, minutes: number): Promise<void> =>
    void (await db()('messages')
      .where({ id })
      .update({ created_at: db().raw('clock_timestamp() - make_interval(mins => ?)', [minutes]) }))

  it('is sent to the session that comes back, on another replica too, and to no other', async () => {
    const of = await talk()
    const { survivor } = app.people
    const first = await chat(of, survivor)
    await eventually(async () => (await db()('dialect_positions').where({ conversation_id: of.id }))[0])
    first.ws.terminate()
    await first.closing()
    const [known, missed] = [await write(of, 'known', of.provider), await write(of, 'missed', of.provider)]
    await age(known, 30)
    await age(missed, 5)
    await db()('dialect_positions')
      .where({ conversation_id: of.id })
      .update({ seen_at: db().raw("clock_timestamp() - interval '10 minutes'") })
    const again = await chat(of, survivor, other)
    await message(again, 'missed')
    await write(of, 'live', of.provider)
    await message(again, 'live')
    expect(contents(again)).toEqual(['missed', 'live'])
    const theirs = await chat(of, of.provider, other)
    await message(theirs, 'live')
    expect(contents(theirs)).toEqual(['live'])
    shut(again, theirs)
  })

  it('is all that was written since the client surely was there', async () => {
    const of = await talk()
    const session = () => db()('dialect_positions').where({ conversation_id: of.id }).first()
    const long = "clock_timestamp() - interval '50 minutes'"
    const silent = openSocket(api(), `${conversationPath(of.id)}?token=${app.people.survivor.access}`, {
      autoPong: false,
    })
    await isOpen(silent)
    await eventually(session)
    await db()('dialect_positions')
      .where({ conversation_id: of.id })
      .update({ seen_at: db().raw(long) })
    const before = (await session()).seen_at
    // Who never answers is cut off, and what was sent to them counts as lost.
    expect(await silent.closing()).toBe(1006)
    const there = await chat(of, app.people.survivor)
    expect((await session()).seen_at).toEqual(before)
    await new Promise(resolve => there.ws.once('ping', resolve))
    there.close()
    await eventually(async () => (Number((await session()).seen_at) > Number(before) ? true : undefined))
    expect(Date.now() - Number((await session()).seen_at)).toBeLessThan(30_000)
  })

  it('is no more than the newest page, and only what the reader may read', async () => {
    const of = await talk()
    const first = await write(of, 'before the hand-over', of.provider)
    await db().raw(
      `insert into messages (id, conversation_id, seq, sender_id, sender_role, message_type, created_at)
       select gen_random_uuid(), conversation_id, n, sender_id, sender_role, message_type, created_at
       from messages, generate_series(2, 200) n where id = ?`,
      [first],
    )
    await db()('conversations').where({ id: of.id }).update({ last_seq: 200 })
    const next = await app.people.provider({ capacity: 9 })
    await handOver(of, next)
    await write(of, 'the newest', app.people.survivor)
    const theirs = await chat(of, next)
    await message(theirs, 'the newest')
    expect(contents(theirs)).toEqual(['the newest'])
    const hers = await chat(of, app.people.survivor)
    await eventually(async () => hers.of('message_received')[0])
    expect(contents(hers)[0]).not.toBe('before the hand-over')
    shut(theirs, hers)
  })
})

describe('a provider', () => {
  it('is told of an offer, of its end, and of nobody else’s', async () => {
    const provider = await app.people.onlyProvider()
    const [mine, stranger] = [
      await opened(PROVIDERS, provider, other),
      await opened(PROVIDERS, await app.people.provider()),
    ]
    await db()('provider_profiles').whereNot({ user_id: provider.id }).update({ availability: 'off_duty' })
    const { body } = await app.report()
    const made = await mine.heard('case_assigned')
    expect(made).toEqual({ type: 'case_assigned', data: { id: expect.any(String) } })
    await app.people.post(`/api/incidents/${body.id}/cancel/`, { reason: 'safe_now' }, app.people.survivor)
    expect((await mine.heard('case_updated')).data).toEqual(made.data)
    expect(stranger.frames).toEqual([])
    shut(mine, stranger)
  })

  it('is told when dispatch gives them a case, when it changes, and when it is taken away', async () => {
    const provider = await app.people.onlyProvider()
    const next = await app.people.provider()
    const { body } = await app.report({ urgency_level: 'routine' })
    const mine = await opened(PROVIDERS, provider)
    const assign = { incident: body.id, provider: provider.id, reason: 'nearer_provider' }
    expect((await app.people.post('/api/dispatch/assign/', assign, app.people.dispatcher)).status).toBeLessThan(300)
    await mine.heard('case_assigned')
    await app.call('PATCH', `/incidents/${body.id}/`, {
      by: app.people.survivor,
      body: { description: 'He has left' },
    })
    await mine.heard('case_updated')
    const before = mine.of('case_updated').length
    await handOver({ incident: body.id }, next)
    await eventually(async () => mine.of('case_updated').length > before || undefined)
    expect(JSON.stringify(mine.frames)).not.toMatch(/left|survivor/i)
    shut(mine)
  })

  it('may say what they like, it is passed over', async () => {
    const mine = await opened(PROVIDERS, await app.people.provider())
    for (let n = 0; n < 10; n++) mine.say('anything')
    await new Promise(resolve => mine.ws.once('ping', resolve))
    expect([mine.closed, mine.frames]).toEqual([undefined, []])
    shut(mine)
  })
})
