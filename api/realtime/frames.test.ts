import { conversations } from '../../test/builders/conversation'
import { startWithPeople, type People } from '../../test/builders/people'
import { eventually } from '../../test/harness/eventually'
import { listening, type Heard, type TestSocket } from '../../test/harness/socket'

let people: People
beforeAll(async () => {
  people = await startWithPeople({}, { sockets: {} })
})
afterAll(() => people.api.stop())

const { send, talk, act, handOver, read } = conversations(() => people)
const db = () => people.api.database.db
const open = (path: string, by: Parameters<typeof listening>[2]): Promise<TestSocket> => listening(people.api, path, by)
const shut = (...sockets: TestSocket[]): void => sockets.forEach(each => each.close())

const events = (socket: TestSocket): (string | null)[] =>
  socket.of('incident.updated').map(each => each.data.event as string | null)

describe('the life of a report', () => {
  it('is told to everybody who may know of it, and to each as much as they may know', async () => {
    const provider = await people.onlyProvider({ capacity: 9 })
    const board = await open('/ws/dispatch/', people.dispatcher)
    const inbox = await open('/ws/me/', provider)
    const { id, code } = await people.report()

    const made = await inbox.heard('offer.made', each => each.data.incident === id)
    expect(made.data).toEqual({ offer: expect.any(String), incident: id, state: null })
    await inbox.heard('notice.changed', each => each.data.kind === 'offer.made')
    const shown = await board.heard('incident.updated', each => each.data.incident === id)
    expect(shown.data).toEqual({
      ...{ incident: id, event: 'offer.made', status: 'offering', rev: expect.any(Number) },
      ...{ code, urgency: 'urgent', case_type: 'gbv' },
    })
    expect((await board.heard('offer.made')).data).toMatchObject({
      offer: made.data.offer,
      provider: provider.id,
      code,
    })

    const survivor = await open(`/ws/cases/${id}/`, people.survivor)
    const staff = await open(`/ws/cases/${id}/`, people.dispatcher)
    const asked = await open(`/ws/cases/${id}/`, provider)
    const patch = { version: 1, title: 'more' }
    expect((await people.patch(`/api/incidents/${id}/`, patch, people.survivor)).status).toBe(200)
    // Before accepting, that there is something new, and nothing more (S3).
    expect((await asked.heard('incident.updated')).data).toEqual({ incident: id, event: null, status: null, rev: null })
    await act(id, 'accept', {}, provider)
    const accepted = await survivor.heard('incident.updated', each => each.data.event === 'offer.accepted')
    expect(accepted.data).toEqual({
      incident: id,
      event: 'offer.accepted',
      status: 'assigned',
      rev: expect.any(Number),
    })
    await asked.heard('incident.updated', each => each.data.status === 'assigned')
    expect((await inbox.heard('offer.closed')).data).toEqual({ ...made.data, state: 'accepted' })
    expect((await staff.heard('offer.closed')).data).toMatchObject({ state: 'accepted', provider: provider.id })
    await act(id, 'status', { status: 'in_progress' }, provider)
    await survivor.heard('incident.updated', each => each.data.event === 'incident.started')
    expect(events(survivor)).toEqual(['incident.edited', 'offer.accepted', 'incident.started'])

    // Offers and escalations are dispatch's alone.
    for (const socket of [survivor, asked])
      expect(new Set(socket.frames.map(each => each.type))).toEqual(onlyOf(['incident.updated']))
    for (const socket of [board, inbox, survivor, staff, asked]) expect(isGrowing(socket.frames)).toBe(true)
    shut(board, inbox, survivor, staff, asked)
  })

  it('says nothing of names, words or places', async () => {
    await people.onlyProvider()
    const board = await open('/ws/dispatch/', people.dispatcher)
    const { id } = await people.report({
      title: 'canary-title',
      description: 'canary-story',
      location: { lat: -1.28, lng: 36.81, text: 'canary-place' },
    })
    await board.heard('offer.made', each => each.data.incident === id)
    expect(JSON.stringify(board.frames)).not.toMatch(/canary/)
    shut(board)
  })

  it('tells dispatch of an escalation, and nobody else why it was called', async () => {
    await db()('provider_profiles').update({ availability: 'off_duty' })
    const board = await open('/ws/dispatch/', people.dispatcher)
    const { id } = await people.report()
    expect((await board.heard('escalation.changed', each => each.data.incident === id)).data).toMatchObject({
      event: expect.stringMatching(/^(incident\.escalated|dispatch\.)/),
      urgency: 'urgent',
    })
    const survivor = await open(`/ws/cases/${id}/`, people.survivor)
    await people.post('/api/dispatch/acknowledge/', { incident: id }, people.dispatcher)
    await board.heard('escalation.changed', each => each.data.event === 'dispatch.acknowledged')
    await survivor.heard('incident.updated')
    expect(survivor.of('escalation.changed')).toEqual([])
    shut(board, survivor)
  })

  it('does not show a responder that the reporter has barred them', async () => {
    const { incident, provider } = await talk()
    const responder = await open(`/ws/cases/${incident}/`, provider)
    const survivor = await open(`/ws/cases/${incident}/`, people.survivor)
    const reply = await people.post(
      `/api/incidents/${incident}/exclusions/`,
      { providers: [provider.id] },
      people.survivor,
    )
    expect(reply.status).toBeLessThan(300)
    await survivor.heard('incident.updated')
    await responder.heard('incident.updated')
    await people.post('/api/dispatch/acknowledge/', { incident }, people.dispatcher)
    await survivor.heard('incident.updated', each => each.data.event === 'dispatch.acknowledged')
    await eventually(async () => responder.of('incident.updated').length === survivor.of('incident.updated').length)
    expect(JSON.stringify(events(responder))).not.toMatch(/escalat|dispatch|exclu/)
    shut(responder, survivor)
  })
})

describe('a conversation', () => {
  it('goes to every socket of it, the sender’s own second one too, as each would read it', async () => {
    const { conversation, incident, provider } = await talk()
    const path = `/ws/messages/${conversation}/`
    const [mine, mySecond, theirs, staff] = await Promise.all([
      open(path, people.survivor),
      open(path, people.survivor),
      open(path, provider),
      open(path, people.dispatcher),
    ])
    mine.say({ type: 'message.send', client_id: 'one', data: { content: 'hello', message_type: 'text' } })
    const accepted = await mine.heard('message.accepted')
    expect(accepted).toMatchObject({ id: null, data: { client_id: 'one', message: { content: 'hello' } } })
    for (const [socket, by] of [
      [mine, people.survivor],
      [mySecond, people.survivor],
      [theirs, provider],
      [staff, people.dispatcher],
    ] as const) {
      const heard = await socket.heard('message.created')
      expect(heard.data).toEqual((await read(conversation, by)).body.results.at(-1))
    }
    expect([mySecond, theirs, staff].flatMap(each => each.of('message.accepted'))).toEqual([])

    await send({ incident, content: 'back' }, provider)
    const back = await mine.heard('message.created', each => each.data.content === 'back')
    await people.post(`/api/messages/${back.data.id}/read/`, {}, people.survivor)
    expect((await theirs.heard('message.read')).data).toEqual({ reader: people.survivor.id, message: back.data.id })
    for (const socket of [mine, mySecond, theirs, staff]) {
      expect(socket.of('message.created').map(each => each.data.content)).toEqual(['hello', 'back'])
      expect(isGrowing(socket.frames)).toBe(true)
    }
    shut(mine, mySecond, theirs, staff)
  })

  it('takes what is sent by the rules of HTTP, and answers by the client’s id', async () => {
    const { conversation, incident, provider } = await talk()
    const socket = await open(`/ws/messages/${conversation}/`, people.survivor)
    const say = (client_id: string, data: object) => socket.say({ type: 'message.send', client_id, data })
    const answered = (client_id: string) => (each: Heard) => each.data.client_id === client_id

    say('twice', { content: 'once' })
    const first = await socket.heard('message.accepted', answered('twice'))
    say('twice', { content: 'once' })
    await eventually(async () => socket.of('message.accepted').length === 2)
    expect(socket.of('message.accepted').map(each => each.data.message.id)).toEqual(
      Array(2).fill(first.data.message.id),
    )

    say('empty', { content: ' ' })
    const empty = await socket.heard('message.rejected', answered('empty'))
    expect(empty.data).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ path: 'body.content', code: 'required' }],
    })
    say('stray', { content: 'x', colour: 'red' })
    await socket.heard('message.rejected', answered('stray'))
    say('elsewhere', { content: 'x', incident })
    await socket.heard('message.rejected', answered('elsewhere'))
    say('long', { content: 'x'.repeat(10_001) })
    await socket.heard('message.rejected', answered('long'))

    await act(incident, 'cancel', { reason: 'other' }, people.survivor)
    say('late', { content: 'x' })
    expect((await socket.heard('message.rejected', answered('late'))).data.code).toBe('CONVERSATION_CLOSED')
    expect((await db()('messages').where({ conversation_id: conversation })).length).toBe(1)
    expect(provider.id).toBeDefined()
    shut(socket)
  })

  it('does not show the next responder what was written before them, nor that it was read', async () => {
    const own = await talk()
    await send({ incident: own.incident, content: 'before' }, own.provider)
    const { body } = await read(own.conversation, people.survivor)
    const next = await handOver(own)
    const path = `/ws/messages/${own.conversation}/`
    const [theirs, staff] = [await open(path, next), await open(path, people.dispatcher)]
    await people.post(`/api/messages/${body.results[0].id}/read/`, {}, people.survivor)
    await staff.heard('message.read')
    await send({ incident: own.incident, content: 'after' }, people.survivor)
    await theirs.heard('message.created')
    expect(theirs.frames.map(each => each.type)).toEqual(['ready', 'message.created'])
    shut(theirs, staff)
  })

  it('takes no message from somebody whose session has ended', async () => {
    const { conversation } = await talk()
    const second = await people.api.someone('dispatcher')
    const socket = await open(`/ws/messages/${conversation}/`, second)
    await people.post('/api/auth/logout/', {}, second)
    socket.say({ type: 'message.send', client_id: 'x', data: { content: 'x' } })
    expect(await socket.closing()).toBe(4401)
    expect(socket.of('message.accepted')).toEqual([])
    expect(await db()('messages').where({ conversation_id: conversation })).toEqual([])
  })

  it('is counted as over HTTP', async () => {
    const limits = {
      ...{ limitAnonymous: 100, limitUser: 1_000, limitStaff: 1_000, limitUploads: 4 },
      ...{ limitMessages: 4, limitMessageBurst: 2 },
    }
    const counted = await startWithPeople({}, { sockets: {}, limits })
    const words = conversations(() => counted)
    const { conversation } = await words.talk()
    const socket = await listening(counted.api, `/ws/messages/${conversation}/`, counted.survivor)
    expect((await words.send({ conversation_id: conversation, content: 'x' }, counted.survivor)).status).toBe(201)
    for (const client_id of ['a', 'b']) socket.say({ type: 'message.send', client_id, data: { content: client_id } })
    await socket.heard('message.accepted')
    const refused = await socket.heard('message.rejected')
    expect(refused.data).toMatchObject({ client_id: 'b', code: 'RATE_LIMITED', retry_after: expect.any(Number) })
    socket.close()
    await counted.api.stop()
  })
})

describe('typing', () => {
  it('is told of those who respond, not of whoever reported, and not to themselves', async () => {
    const { conversation, provider } = await talk()
    const path = `/ws/messages/${conversation}/`
    const [survivor, theirs, second, staff] = [
      await open(path, people.survivor),
      await open(path, provider),
      await open(path, provider),
      await open(path, people.dispatcher),
    ]
    survivor.say({ type: 'typing' })
    theirs.say({ type: 'typing' })
    theirs.say({ type: 'typing' })
    const heard = await survivor.heard('typing')
    expect(heard).toMatchObject({ id: null, data: { user: provider.id, role: 'provider' } })
    await staff.heard('typing')
    staff.say({ type: 'typing' })
    await theirs.heard('typing')
    await second.heard('typing')
    await survivor.heard('typing', each => each.data.role === 'dispatcher')
    // The second of the same three seconds is not told, and nobody hears of the reporter.
    expect(survivor.of('typing').map(each => each.data.role)).toEqual(['provider', 'dispatcher'])
    expect(staff.of('typing').map(each => each.data.role)).toEqual(['provider'])
    for (const socket of [theirs, second])
      expect(socket.of('typing').map(each => each.data.role)).toEqual(['dispatcher'])
    shut(survivor, theirs, second, staff)
  })

  it('has no other place', async () => {
    const socket = await open('/ws/me/', people.survivor)
    socket.say({ type: 'typing' })
    expect((await socket.heard('error')).data.code).toBe('FRAME_NOT_HERE')
    shut(socket)
  })
})

const onlyOf = (types: readonly string[]): Set<string> => new Set(['ready', ...types])

/** The ids of what can be replayed grow. */
function isGrowing(frames: readonly Heard[]): boolean {
  const ids = frames.map(each => each.id).filter(id => id !== null)
  return ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? 0))
}
