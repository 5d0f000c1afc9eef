import { connect } from 'node:net'
import { startWithPeople, type People } from '../../test/builders/people'
import { nudge } from '../../db/nudge'
import { conversations } from '../../test/builders/conversation'
import { eventually } from '../../test/harness/eventually'
import { listen, listening, openSocket, ticketOf } from '../../test/harness/socket'

let people: People
beforeAll(async () => {
  people = await startWithPeople({}, { sockets: { bufferedBytes: 400_000 } })
})
afterAll(() => people.api.stop())

const { talk, act } = conversations(() => people)
const db = () => people.api.database.db
const rows = (count: number, incident: string) =>
  db().raw(
    "insert into feed (id, type, incident_id, event, status, rev) select feed_id(g), 'incident.updated', ?, 'incident.edited', 'assigned', g from generate_series(1, ?) g",
    [incident, count],
  )

describe('a frame', () => {
  it('of more than 64 KB closes the socket with 1009, one of 64 KB does not', async () => {
    const { conversation } = await talk()
    const socket = await listening(people.api, `/ws/messages/${conversation}/`, people.survivor)
    const sized = (bytes: number): string => {
      const said = { type: 'message.send', client_id: 'x', data: { content: '' } }
      return JSON.stringify({ ...said, data: { content: 'x'.repeat(bytes - JSON.stringify(said).length) } })
    }
    socket.say(sized(65_536))
    expect((await socket.heard('message.rejected')).data.code).toBe('VALIDATION_FAILED')
    socket.say(sized(65_537))
    expect(await socket.closing()).toBe(1009)
  })

  it('that is none is objected to, and the fifth closes the socket', async () => {
    const socket = await listening(people.api, '/ws/me/', people.survivor)
    for (const said of ['{', '[]', 'null', { type: 'fly' }, { type: 'message.send', client_id: 1 }]) socket.say(said)
    expect(await socket.closing()).toBe(1008)
    expect(socket.of('error').map(each => each.data.code)).toEqual([
      ...['FRAME_MALFORMED', 'FRAME_MALFORMED', 'FRAME_MALFORMED'],
      ...['FRAME_UNKNOWN', 'FRAME_MALFORMED'],
    ])
  })

  it.each([
    ['a second sign-in', { type: 'auth', token: 'x' }, 'FRAME_NOT_HERE'],
    ['a message elsewhere', { type: 'message.send', client_id: 'x', data: {} }, 'FRAME_NOT_HERE'],
    ['bytes', Buffer.from('{"type":"typing"}'), 'FRAME_MALFORMED'],
    ['a field of everything', { type: '__proto__' }, 'FRAME_UNKNOWN'],
  ])('may be %s, and the socket stays', async (_, said, code) => {
    const socket = await listening(people.api, '/ws/me/', people.survivor)
    socket.say(said)
    expect((await socket.heard('error')).data.code).toBe(code)
    expect(socket.closed).toBeUndefined()
    socket.close()
  })

  it('comes one at a time: hundreds at once close the socket', async () => {
    const { conversation } = await talk()
    const socket = await listening(people.api, `/ws/messages/${conversation}/`, people.survivor)
    for (let each = 0; each < 300; each++)
      socket.say({ type: 'message.send', client_id: `flood ${each}`, data: { content: 'x' } })
    expect(await socket.closing()).toBe(1008)
    expect(socket.closed?.reason).toBe('TOO_MANY_FRAMES')
  })
})

describe('a reader', () => {
  it('who reads nothing is sent away with 1013, and holds nobody else up', async () => {
    const { incident } = await talk()
    const path = `/ws/cases/${incident}/`
    const [slow, quick] = [
      await listening(people.api, path, people.survivor),
      await listening(people.api, path, people.survivor),
    ]
    slow.ws.pause()
    const isGone = () => people.api.log.some(line => line['msg'] === 'socket' && line['code'] === 1013)
    let sent = 0
    // Until the buffers of both systems between them are full as well.
    await eventually(
      async () => {
        await rows(4_000, incident)
        sent += 4_000
        await eventually(async () => quick.frames.length >= sent)
        return isGone()
      },
      { withinMs: 25_000 },
    )
    expect(quick.closed).toBeUndefined()
    slow.ws.resume()
    await slow.closing()
    expect(slow.frames.length).toBeLessThan(sent)
    quick.close()
  })

  it('who comes back for much is sent it as fast as they read, and what happens meanwhile after it', async () => {
    const { incident } = await talk()
    const [newest] = await db()('feed').max<{ id: number }[]>('id as id')
    for (let round = 0; round < 4; round++) await rows(4_000, incident)
    const ticket = await ticketOf(people.api, people.survivor)
    const socket = openSocket(people.api, `/ws/cases/${incident}/?ticket=${ticket}&after=${Number(newest?.id)}`)
    await eventually(async () => socket.frames.length > 1)
    await rows(1, incident)
    nudge(db())
    await eventually(async () => socket.closed ?? socket.frames.length > 16_001, { withinMs: 20_000 })
    expect(socket.closed).toBeUndefined()
    const ids = socket.of('incident.updated').map(each => Number(each.id))
    expect(ids).toHaveLength(16_001)
    expect(ids).toEqual(ids.toSorted((one, two) => one - two))
    socket.close()
  })
})

describe('a connection', () => {
  it('that answers no ping is cut off', async () => {
    const hasty = await startWithPeople({}, { sockets: { pingMs: 300 } })
    const deaf = listen(hasty.api, '/ws/me/', hasty.survivor)
    const alive = await listening(hasty.api, '/ws/me/', hasty.survivor)
    await deaf.heard('ready')
    deaf.ws.pong = () => undefined
    await eventually(async () => deaf.closed)
    expect(alive.closed).toBeUndefined()
    alive.close()
    await hasty.api.stop()
  })

  it('that breaks before its sign-in is over leaves nothing behind', async () => {
    const { port } = new URL(people.api.url)
    const raw = connect(Number(port), '127.0.0.1')
    raw.write(
      'GET /ws/me/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    await new Promise(resolve => raw.once('data', resolve))
    const before = people.api.log.length
    raw.destroy()
    await eventually(async () =>
      people.api.log.slice(before).some(line => line['msg'] === 'socket' && line['user'] === undefined),
    )
  })
})

describe('room', () => {
  it('is there for so many sockets, and for so many strangers of one address', async () => {
    const small = await startWithPeople({}, { sockets: { sockets: 4, strangersOfOneAddress: 2 } })
    const strangers = [openSocket(small.api, '/ws/me/'), openSocket(small.api, '/ws/me/')]
    await eventually(async () => strangers.every(each => each.ws.readyState === each.ws.OPEN))
    const third = openSocket(small.api, '/ws/me/')
    await third.closing()
    expect(third.refusedWith).toBe(429)
    for (const each of strangers) each.say({ type: 'auth', token: small.survivor.access })
    await Promise.all(strangers.map(each => each.heard('ready')))
    // Whoever has signed in is no stranger.
    const more = [1, 2].map(() => listen(small.api, '/ws/me/', small.survivor))
    await Promise.all(more.map(each => each.heard('ready')))
    const fifth = openSocket(small.api, '/ws/me/')
    await fifth.closing()
    expect(fifth.refusedWith).toBe(503)
    await small.api.stop()
  })
})

describe('two replicas', () => {
  it('tell each other’s listeners of messages and of who types', async () => {
    const other = await people.api.replica()
    const { conversation, provider } = await talk()
    const path = `/ws/messages/${conversation}/`
    const [here, there] = [await listening(people.api, path, people.survivor), await listening(other, path, provider)]
    there.say({ type: 'typing' })
    expect((await here.heard('typing')).data.user).toBe(provider.id)
    here.say({ type: 'message.send', client_id: 'x', data: { content: 'over there' } })
    expect((await there.heard('message.created')).data.content).toBe('over there')
    here.close()
    await other.stop()
    expect(await there.closing()).toBe(1001)
  })
})

describe('a server that ends', () => {
  it('says so to everybody with 1001, also while their news are on the way', async () => {
    const ending = await people.api.replica()
    const { incident } = await talk()
    const sockets = await Promise.all([1, 2, 3].map(() => listening(ending, `/ws/cases/${incident}/`, people.survivor)))
    const stranger = openSocket(ending, '/ws/me/')
    await new Promise(resolve => stranger.ws.once('open', resolve))
    await Promise.all([act(incident, 'cancel', { reason: 'other' }, people.survivor), ending.stop()])
    for (const socket of [...sockets, stranger]) expect(await socket.closing()).toBe(1001)
    const late = openSocket(ending, '/ws/me/')
    await late.closing()
    expect(late.closed?.code).toBe(1006)
  })
})
