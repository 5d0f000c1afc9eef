import { WebSocket, type ClientOptions } from 'ws'
import type { Database } from '../../db/database'
import { readFeed } from '../../db/feed.repository'
import type { Someone, TestApi } from './api'
import { eventually } from './eventually'

/** A frame as it came, and when. */
export interface Heard {
  readonly type: string
  readonly id: number | null
  readonly at: string
  // A test looks into frames of every shape; what it expects of them is what it tests.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any
}

/** A socket that remembers everything it hears. */
export class TestSocket {
  readonly frames: Heard[] = []
  closed: { readonly code: number; readonly reason: string; readonly at: number } | undefined
  /** The HTTP status that answered instead of an upgrade. */
  refusedWith: number | undefined

  constructor(readonly ws: WebSocket) {
    ws.on('message', data => this.frames.push(JSON.parse((data as Buffer).toString('utf8')) as Heard))
    ws.on('close', (code, reason) => (this.closed = { code, reason: reason.toString(), at: performance.now() }))
    ws.on('unexpected-response', (_, response) => {
      this.refusedWith = response.statusCode
      ws.terminate()
    })
    ws.on('error', () => undefined)
  }

  say(said: unknown): void {
    this.ws.send(typeof said === 'string' || Buffer.isBuffer(said) ? said : JSON.stringify(said))
  }

  of(type: string): Heard[] {
    return this.frames.filter(each => each.type === type)
  }

  /** The first frame of this type that fits, once it is there; throws when the socket is closed before. */
  async heard(type: string, fits: (heard: Heard) => boolean = () => true): Promise<Heard> {
    const found = await eventually(async () => this.of(type).find(fits) ?? this.closed)
    if ('code' in found) throw new Error(`closed with ${found.code} ${found.reason} before ${type}`)
    return found
  }

  /** With which code it was closed, once it is. */
  async closing(withinMs = 10_000): Promise<number> {
    return (await eventually(async () => this.closed, { withinMs })).code
  }

  close(): void {
    this.ws.close()
  }
}

/** Where a socket is opened: one of several replicas. */
export type Replica = Pick<TestApi, 'url' | 'call'>

export const openSocket = (replica: Pick<Replica, 'url'>, path: string, options: ClientOptions = {}): TestSocket =>
  new TestSocket(new WebSocket(replica.url.replace(/^http/, 'ws') + path, options))

/**
 * Waits until everything that was written is final, also in the eyes of a replica that waits for the transactions of other databases on
 * this server. What is not is told to whoever comes meanwhile.
 */
export async function settled(db: Database): Promise<void> {
  await eventually(async () => !(await readFeed(db, 0, 1)).is_held)
}

/** A socket that signs in by its first frame; whether that succeeds is for the test to see. */
export function listen(replica: Pick<Replica, 'url'>, path: string, by: Pick<Someone, 'access'>): TestSocket {
  const socket = openSocket(replica, path)
  socket.ws.on('open', () => socket.say({ type: 'auth', token: by.access }))
  return socket
}

/** A socket that has signed in and is ready. */
export async function listening(
  replica: Pick<Replica, 'url'>,
  path: string,
  by: Pick<Someone, 'access'>,
): Promise<TestSocket> {
  const socket = listen(replica, path, by)
  await socket.heard('ready')
  return socket
}

export async function ticketOf(replica: Replica, by: Pick<Someone, 'access'>): Promise<string> {
  const reply = await replica.call('POST', '/api/auth/ws-ticket/', { token: by.access })
  if (reply.status !== 201) throw new Error(`a ticket was refused: ${reply.status}`)
  return String(reply.body.ticket)
}
