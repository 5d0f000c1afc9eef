import { createHash } from 'node:crypto'
import { startWithPeople, type People } from '../../test/builders/people'
import type { Someone } from '../../test/harness/api'
import { eventually } from '../../test/harness/eventually'
import { listen, listening, openSocket, ticketOf } from '../../test/harness/socket'

let people: People
beforeAll(async () => {
  people = await startWithPeople({}, { sockets: { signInMs: 700 }, corsOrigins: ['https://app.example.org'] })
})
afterAll(() => people.api.stop())

const db = () => people.api.database.db
const withTicket = async (by: Someone, more: { origin?: string; path?: string } = {}) => {
  const { origin, path = '/ws/me/' } = more
  const ticket = await ticketOf(people.api, by)
  return openSocket(people.api, `${path}?ticket=${ticket}`, origin === undefined ? {} : { origin })
}

describe('a ticket', () => {
  it('opens one socket, within half a minute, and is kept as a digest alone', async () => {
    const reply = await people.api.call('POST', '/api/auth/ws-ticket/', { token: people.survivor.access })
    const { ticket, expires_at } = reply.body
    const left = Date.parse(expires_at) - Date.now()
    expect(left).toBeGreaterThan(25_000)
    expect(left).toBeLessThan(31_000)
    const stored = await db()('ws_tickets').pluck('digest')
    expect(stored).toContain(createHash('sha256').update(ticket).digest('base64url'))
    expect(JSON.stringify(stored)).not.toContain(ticket)

    const first = openSocket(people.api, `/ws/me/?ticket=${ticket}`)
    expect(await first.heard('ready')).toEqual({
      type: 'ready',
      id: expect.any(Number),
      at: expect.stringMatching(/Z$/),
      data: {},
    })
    expect(await openSocket(people.api, `/ws/me/?ticket=${ticket}`).closing()).toBe(4401)
    first.close()
  })

  it('opens one socket only, also when several are tried at once', async () => {
    const ticket = await ticketOf(people.api, people.survivor)
    const sockets = Array.from({ length: 5 }, () => openSocket(people.api, `/ws/me/?ticket=${ticket}`))
    await eventually(async () => sockets.filter(each => each.closed).length === 4)
    expect(sockets.filter(each => each.of('ready').length === 1)).toHaveLength(1)
    sockets.forEach(each => each.close())
  })

  it('is worth nothing when it is too old, made up, or of a session that has ended', async () => {
    const old = await ticketOf(people.api, people.survivor)
    await db()('ws_tickets').update({ expires_at: new Date(Date.now() - 1) })
    expect(await openSocket(people.api, `/ws/me/?ticket=${old}`).closing()).toBe(4401)
    expect(await openSocket(people.api, '/ws/me/?ticket=made-up').closing()).toBe(4401)
    const gone = await people.api.someone('survivor')
    const ticket = await ticketOf(people.api, gone)
    await people.post('/api/auth/logout/', {}, gone)
    expect(await openSocket(people.api, `/ws/me/?ticket=${ticket}`).closing()).toBe(4401)
  })

  it('is used by the product’s own pages and those that are allowed, no others', async () => {
    for (const origin of ['http://kesi.test', 'https://app.example.org']) {
      const socket = await withTicket(people.survivor, { origin })
      await socket.heard('ready')
      socket.close()
    }
    for (const origin of ['https://evil.example', 'http://kesi.test.evil.example', 'null']) {
      const socket = await withTicket(people.survivor, { origin })
      await socket.closing()
      expect([origin, socket.refusedWith]).toEqual([origin, 403])
    }
  })
})

describe('the first frame', () => {
  it('signs in with an access token', async () => {
    const socket = await listening(people.api, '/ws/me', people.survivor)
    expect(socket.frames.map(each => each.type)).toEqual(['ready'])
    socket.close()
  })

  it.each([
    ['a token that is none', { type: 'auth', token: 'made.up.token' }],
    ['another frame', { type: 'typing' }],
    ['a field too many', { type: 'auth', token: 'x', after: 1 }],
    ['no JSON', 'hello'],
    ['bytes', Buffer.from([1, 2, 3])],
  ])('closes with 4401 when it is %s', async (_, said) => {
    const socket = openSocket(people.api, '/ws/me/')
    socket.ws.on('open', () => socket.say(said))
    expect(await socket.closing()).toBe(4401)
    expect(socket.frames).toEqual([])
  })

  it('must come in time', async () => {
    const began = performance.now()
    const socket = openSocket(people.api, '/ws/me/')
    expect(await socket.closing()).toBe(4401)
    const took = performance.now() - began
    expect(took).toBeGreaterThan(600)
    expect(took).toBeLessThan(3_000)
  })

  it('is refused once its session has ended', async () => {
    const gone = await people.api.someone('survivor')
    await people.post('/api/auth/logout/', {}, gone)
    const socket = listen(people.api, '/ws/me/', gone)
    expect(await socket.closing()).toBe(4401)
    expect(socket.closed?.reason).toBe('SESSION_REVOKED')
  })
})

describe('an address', () => {
  it('takes no access token, and nothing else but a ticket and where to go on', async () => {
    for (const query of [`token=${people.survivor.access}`, 'access_token=x', 'after=1&colour=red']) {
      const socket = openSocket(people.api, `/ws/me/?${query}`)
      await socket.closing()
      expect(socket.refusedWith).toBe(400)
    }
    expect(JSON.stringify(people.api.log)).not.toContain(people.survivor.access)
  })

  it('leads nowhere when there is no such channel', async () => {
    for (const path of ['/ws/', '/ws/cases/', '/ws/other/', '/api/incidents/', '/ws/me/more/']) {
      const socket = openSocket(people.api, path)
      await socket.closing()
      expect([path, socket.refusedWith]).toEqual([path, 404])
    }
  })
})

describe('a session that ends', () => {
  it('closes its sockets within five seconds with 4401, and no others', async () => {
    const someone = await people.api.someone('survivor')
    const socket = await listening(people.api, '/ws/me/', someone)
    const other = await listening(people.api, '/ws/me/', people.survivor)
    const began = performance.now()
    await people.post('/api/auth/logout/', {}, someone)
    expect(await socket.closing()).toBe(4401)
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(other.closed).toBeUndefined()
    other.close()
  })

  it('also when the account is closed, or an hour passes in which staff do nothing', async () => {
    const [closed, idle] = [await people.api.someone('provider'), await people.api.someone('dispatcher')]
    const sockets = [await listening(people.api, '/ws/me/', closed), await listening(people.api, '/ws/dispatch/', idle)]
    await db()('users').where({ id: closed.id }).update({ status: 'disabled' })
    await db()('sessions')
      .where({ user_id: idle.id })
      .update({ last_active_at: new Date(Date.now() - 3_600_000) })
    for (const socket of sockets) expect(await socket.closing(5_000)).toBe(4401)
  })
})

describe('one person', () => {
  it('has twenty sockets, and another only when one of them is closed', async () => {
    const someone = await people.api.someone('survivor')
    const sockets = await Promise.all(Array.from({ length: 20 }, () => listening(people.api, '/ws/me/', someone)))
    expect(await listen(people.api, '/ws/me/', someone).closing()).toBe(1013)
    sockets[0]?.close()
    await eventually(async () => {
      const socket = listen(people.api, '/ws/me/', someone)
      await eventually(async () => socket.closed ?? socket.of('ready').length > 0)
      return socket.closed === undefined
    })
    sockets.forEach(each => each.close())
  })
})
