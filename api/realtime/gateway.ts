import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { SignInDeps } from '../../acts/accounts/deps'
import { Refusal } from '../../domain/refusals'
import type { Logger } from '../../platform/logger'
import { networkOf } from '../limits/limits'
import { problemOf } from '../problem-document'
import { BOUNDS, type Bounds } from './bounds'
import { CLOSE } from './close-codes'
import { LiveSocket, type Visit } from './live-socket'
import { repeatedly, type Round } from './repeatedly'
import { findEnded } from './sign-in'

/** A request to become a socket. */
export interface SocketRequest {
  readonly path: string
  readonly query: URLSearchParams
  readonly origin: string | undefined
  readonly ip: string
  /** Which host was asked for, in lower case and without its port. */
  readonly host: string
}

/** Where a request comes from and to, as far as proxies are believed. */
export type Caller = Pick<SocketRequest, 'ip' | 'host'>

/** How one kind of client speaks: its addresses, its sign-in and its frames. Several share a gateway. */
export interface Protocol {
  /**
   * The visit that such a request begins, undefined for an address of somebody else's. What is thrown is answered over HTTP. Nothing
   * may need to be undone when no socket comes of it.
   */
  visit(request: SocketRequest): Visit | undefined | Promise<Visit | undefined>
}

export interface GatewayOptions {
  readonly accounts: SignInDeps
  readonly logger: Logger
  /** Without a slash at the end; refusals before the upgrade point to it. */
  readonly publicUrl: string
  readonly protocols: readonly Protocol[]
  /** Where they differ from the usual ones. */
  readonly bounds?: Partial<Bounds>
}

/** The sockets of one process. */
export interface Gateway {
  /** Begins to read and to listen; to be called once, before the first request. */
  start(): void
  /** What an HTTP server does with a request to upgrade. */
  upgrade(request: IncomingMessage, connection: Duplex, head: Buffer, caller: Caller): void
  /** Takes no more sockets and closes those there are with 1001. */
  close(): Promise<void>
}

const FRAME_BYTES = 65_536
const TICK_MS = 1_000
// A session that was ended is noticed by the second look at most: within 5 s.
const SESSIONS_EVERY_MS = 2_000
const CLOSED_WITHIN_MS = 2_000

export function createGateway(options: GatewayOptions): Gateway {
  return new Sockets(options)
}

class Sockets implements Gateway {
  readonly #sockets = new Set<LiveSocket>()
  readonly #ofUser = new Counter()
  readonly #strangersFrom = new Counter()
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES,
  })
  readonly #leaving = new Map<LiveSocket, () => void>()
  readonly #bounds: Bounds
  #rounds: readonly Round[] = []
  /** Requests that are still asked about. */
  #asking = 0
  #isClosing = false

  constructor(private readonly options: GatewayOptions) {
    this.#bounds = { ...BOUNDS, ...options.bounds }
  }

  start(): void {
    const onFailure = (err: unknown): void =>
      this.options.logger.warn({ err }, 'the sessions of sockets could not be looked at')
    const tick = async (): Promise<void> => this.#sockets.forEach(socket => socket.tick(performance.now()))
    this.#rounds = [
      repeatedly(TICK_MS, tick, onFailure),
      repeatedly(SESSIONS_EVERY_MS, () => this.#endSessions(), onFailure),
    ]
  }

  upgrade(request: IncomingMessage, connection: Duplex, head: Buffer, caller: Caller): void {
    connection.on('error', () => connection.destroy())
    const network = networkOf(caller.ip)
    const full = this.#whyFull(network)
    if (full) return this.#refuse(full, connection)
    const leave = this.#strangersFrom.enter(network)
    connection.once('close', leave)
    this.#asking += 1
    within(this.#bounds.signInMs, this.#ask(request, caller))
      .finally(() => (this.#asking -= 1))
      .then(visit => this.#open(visit, { request, connection, head, leave }))
      .catch((error: unknown) => this.#refuse(error, connection))
  }

  #open(visit: Visit, { request, connection, head, leave }: Asking): void {
    if (this.#isClosing) throw new Refusal('ENGINE_UNAVAILABLE')
    this.#server.handleUpgrade(request, connection, head, ws => {
      const socket = new LiveSocket(ws, visit, this.#bounds, {
        onSignedIn: signedIn => {
          leave()
          this.#welcome(signedIn)
        },
        onFailure: err => this.options.logger.error({ err, channel: visit.name }, 'a socket failed'),
        onClosed: (closed, code) => {
          leave()
          this.#goodbye(closed, code)
        },
      })
      this.#sockets.add(socket)
    })
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await Promise.all(this.#rounds.map(round => round.stop()))
    for (const socket of this.#sockets) socket.close(CLOSE.goingAway, 'GOING_AWAY')
    const end = performance.now() + CLOSED_WITHIN_MS
    while (this.#sockets.size + this.#asking > 0 && performance.now() < end)
      await new Promise(resolve => setTimeout(resolve, 10))
    for (const socket of this.#sockets) socket.terminate()
  }

  #whyFull(network: string): Refusal | undefined {
    if (this.#isClosing || this.#sockets.size + this.#asking >= this.#bounds.sockets)
      return new Refusal('ENGINE_UNAVAILABLE')
    const strangers = this.#strangersFrom.of(network)
    return strangers >= this.#bounds.strangersOfOneAddress ? new Refusal('RATE_LIMITED') : undefined
  }

  async #ask(request: IncomingMessage, caller: Caller): Promise<Visit> {
    const [path = '', query] = (request.url ?? '').split('?', 2)
    const asked = { path, query: new URLSearchParams(query), origin: request.headers.origin, ...caller }
    for (const protocol of this.options.protocols) {
      const visit = await protocol.visit(asked)
      if (visit?.reader) this.#requireRoom(visit.reader.id)
      if (visit) return visit
    }
    throw new Refusal('ROUTE_NOT_FOUND')
  }

  #refuse(error: unknown, connection: Duplex): void {
    if (!(error instanceof Refusal)) this.options.logger.error({ err: error }, 'a request for a socket failed')
    const refusal = error instanceof Refusal ? error : new Refusal('INTERNAL')
    const body = JSON.stringify(problemOf(refusal, randomUUID(), this.options.publicUrl))
    connection.end(
      [
        `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
        'Connection: close',
        'Content-Type: application/problem+json; charset=utf-8',
        `Content-Length: ${Buffer.byteLength(body)}`,
        'Cache-Control: no-store',
        ...(refusal.status === 503 || refusal.status === 429 ? ['Retry-After: 5'] : []),
        '',
        body,
      ].join('\r\n'),
    )
  }

  #welcome(socket: LiveSocket): void {
    const id = socket.reader?.id ?? ''
    this.#requireRoom(id)
    this.#leaving.set(socket, this.#ofUser.enter(id))
  }

  #requireRoom(userId: string): void {
    if (this.#ofUser.of(userId) >= this.#bounds.ofOnePerson) throw new Refusal('RATE_LIMITED')
  }

  #goodbye(socket: LiveSocket, code: number): void {
    this.#sockets.delete(socket)
    this.#leaving.get(socket)?.()
    this.#leaving.delete(socket)
    const ms = Math.round(performance.now() - socket.openedAt)
    this.options.logger.info({ channel: socket.visit.name, user: socket.reader?.id, code, ms }, 'socket')
  }

  /** Closes the sockets of sessions that have ended: one statement for all of them. */
  async #endSessions(): Promise<void> {
    const listeners = [...this.#sockets].flatMap(socket => (socket.reader ? [{ socket, reader: socket.reader }] : []))
    for (const { listener, fault } of await findEnded(this.options.accounts, listeners))
      listener.socket.end(new Refusal(fault))
  }
}

/** A request that may become a socket; `leave` when its sender is no stranger any more. */
interface Asking {
  readonly request: IncomingMessage
  readonly connection: Duplex
  readonly head: Buffer
  leave(): void
}

/** The answer, unless it takes longer. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refusal('ENGINE_UNAVAILABLE')), ms)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

/** How many of each kind there are. */
class Counter {
  readonly #counts = new Map<string, number>()

  of(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  /** One more, until the answer is called; calling it again changes nothing. */
  enter(key: string): () => void {
    this.#counts.set(key, this.of(key) + 1)
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      const left = this.of(key) - 1
      if (left > 0) this.#counts.set(key, left)
      else this.#counts.delete(key)
    }
  }
}
