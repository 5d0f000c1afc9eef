import { WebSocket } from 'ws'
import { newId } from '../../platform/ids'
import { startWithPeople, type People } from '../../test/builders/people'
import type { Someone } from '../../test/harness/api'
import { eventually } from '../../test/harness/eventually'
import type { Frame } from '../realtime/frames'
import { openKesiSocket, type KesiSocket } from './kesi-socket'

let people: People
beforeAll(async () => {
  people = await startWithPeople({}, { sockets: {} })
})
afterAll(() => people.api.stop())

/** A socket, and what it said and how it ended. */
function opened(path: string, by: Someone) {
  const frames: Frame[] = []
  const ends: number[] = []
  let attempts = 0
  const socket: KesiSocket = openKesiSocket({
    baseUrl: () => people.api.url.replace('http', 'ws'),
    path,
    async ticket() {
      attempts += 1
      const reply = await people.api.call('POST', '/api/auth/ws-ticket/', { token: by.access })
      if (reply.status !== 201) throw new Error(String(reply.status))
      return String(reply.body.ticket)
    },
    isOver: error => error instanceof Error && error.message === '401',
    onFrame: frame => frames.push(frame),
    onOver: code => ends.push(code),
    WebSocket,
    firstWaitMs: 10,
  })
  return { socket, frames, ends, attempts: () => attempts }
}

describe('the socket client', () => {
  it('gives up where there is nothing for it', async () => {
    const nowhere = opened(`/ws/cases/${newId()}/`, people.survivor)
    const forbidden = opened('/ws/dispatch/', people.survivor)
    await eventually(async () => nowhere.ends.length > 0 && forbidden.ends.length > 0)
    expect([nowhere.ends, forbidden.ends]).toEqual([[4404], [4403]])
    expect([nowhere.attempts(), forbidden.attempts()]).toEqual([1, 1])
    expect(nowhere.socket.send({ type: 'typing' })).toBe(false)
  })

  it('comes back by itself until its session is over', async () => {
    const someone = await people.api.someone('survivor')
    const own = opened('/ws/me/', someone)
    await eventually(async () => own.frames.some(each => each.type === 'ready'))
    await people.post('/api/auth/logout/', {}, someone)
    await eventually(async () => own.ends.length > 0)
    expect(own.ends).toEqual([4401])
    expect(own.attempts()).toBe(2)
  })
})
