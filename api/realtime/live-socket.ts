import { WebSocket, type RawData } from 'ws'
import { Refusal } from '../../domain/refusals'
import type { SignedIn } from '../route'
import type { Bounds } from './bounds'
import { CLOSE, closeCodeOf } from './close-codes'

/** What one client says and does, in its own protocol. */
export interface Visit {
  /** How the log calls it: never an address, which may hold anything. */
  readonly name: string
  /** Who it is, where that was asked before there was a socket. */
  readonly reader?: SignedIn
  /** Called once, before the first frame is received. What is thrown closes the socket. */
  open(socket: LiveSocket): Promise<void>
  /** Called with one frame after the other; undefined for one that is no text. What is thrown closes the socket. */
  receive(socket: LiveSocket, text: string | undefined): Promise<void>
  /** The socket is closed; it counts as one until this is over. */
  left(): void | Promise<void>
}

/** Frames that may wait while an earlier one is worked on. */
const WAITING_AT_MOST = 50
/** A client that does not answer the closing is cut off. */
const CLOSED_WITHIN_MS = 3_000

interface Hooks {
  /** Throws when they have too many sockets already. */
  onSignedIn(socket: LiveSocket): void
  onFailure(error: unknown): void
  onClosed(socket: LiveSocket, code: number): void
}

/** One socket: sends within bounds, receives one frame at a time, and notices when the other side is gone. */
export class LiveSocket {
  readonly openedAt = performance.now()
  #reader: SignedIn | undefined
  #received: Promise<void> = Promise.resolve()
  #waiting = 0
  #unsent = 0
  /** Since when something waits, while anything does. */
  #waitsSince = 0
  #onDrained: (() => void)[] = []
  #pingAt: number
  #awaitsPong = false
  #answeredAt: number | undefined
  #closeCode: number | undefined
  readonly #late: NodeJS.Timeout

  constructor(
    private readonly ws: WebSocket,
    readonly visit: Visit,
    private readonly bounds: Bounds,
    private readonly hooks: Hooks,
  ) {
    // Spread from the start, or the sockets of a restart would all be asked in one instant for ever.
    this.#pingAt = performance.now() + bounds.pingMs * (0.5 + Math.random() / 2)
    this.#late = setTimeout(() => this.end(new Refusal('TOKEN_MISSING')), bounds.signInMs)
    ws.on('message', (data, isBinary) => this.#receive(isBinary ? undefined : textOf(data)))
    ws.on('pong', () => {
      this.#awaitsPong = false
      this.#answeredAt = performance.now()
    })
    // What is wrong with a frame, ws answers by a close of its own (1009 for one that is too large).
    ws.on('error', () => undefined)
    ws.on('close', code => this.#closed(code))
    this.#work(() => visit.open(this))
  }

  /** Whoever has signed in. */
  get reader(): SignedIn | undefined {
    return this.#reader
  }

  /** When it last answered that it is there, which it does after it got what was sent before the question; by `performance.now()`. */
  get answeredAt(): number | undefined {
    return this.#answeredAt
  }

  get isOpen(): boolean {
    return this.#closeCode === undefined && this.ws.readyState === WebSocket.OPEN
  }

  signedIn(reader: SignedIn): void {
    if (!this.isOpen) return
    this.#reader = reader
    clearTimeout(this.#late)
    this.hooks.onSignedIn(this)
  }

  /** Sends a text; a reader too slow for what waits already is closed with 1013. */
  send(text: string): void {
    if (!this.isOpen) return
    if (this.#unsent === 0) this.#waitsSince = performance.now()
    this.#unsent += 1
    this.ws.send(text, () => this.#sent())
    if (this.ws.bufferedAmount > this.bounds.bufferedBytes) this.close(CLOSE.comeLater, 'TOO_SLOW')
  }

  /** Resolves when everything has been sent, or the socket is closed. */
  flushed(): Promise<void> {
    if (this.#unsent === 0 || !this.isOpen) return Promise.resolve()
    return new Promise(resolve => this.#onDrained.push(resolve))
  }

  end(refusal: Refusal): void {
    this.close(closeCodeOf(refusal), refusal.code)
  }

  close(code: number, reason: string): void {
    if (this.#closeCode !== undefined) return
    this.#closeCode = code
    this.#drained()
    this.ws.close(code, reason)
    setTimeout(() => this.ws.terminate(), CLOSED_WITHIN_MS).unref()
  }

  /** Cuts the connection. */
  terminate(): void {
    this.ws.terminate()
  }

  /** To be called every second. */
  tick(now: number): void {
    if (!this.isOpen) return
    if (this.#unsent > 0 && now - this.#waitsSince > this.bounds.drainMs) this.close(CLOSE.comeLater, 'TOO_SLOW')
    if (now < this.#pingAt) return
    if (this.#awaitsPong) return this.ws.terminate()
    this.#awaitsPong = true
    this.#pingAt = now + this.bounds.pingMs
    this.ws.ping()
  }

  #receive(text: string | undefined): void {
    if (this.#waiting >= WAITING_AT_MOST) return this.close(CLOSE.misused, 'TOO_MANY_FRAMES')
    this.#work(() => this.visit.receive(this, text))
  }

  /** One thing after the other, in the order in which they came. */
  #work(work: () => Promise<void>): void {
    this.#waiting += 1
    this.#received = this.#received
      .then(() => (this.#closeCode === undefined ? work() : undefined))
      .catch((error: unknown) => {
        if (!(error instanceof Refusal)) this.hooks.onFailure(error)
        this.end(error instanceof Refusal ? error : new Refusal('INTERNAL'))
      })
      .finally(() => (this.#waiting -= 1))
  }

  #sent(): void {
    this.#unsent -= 1
    if (this.#unsent === 0) this.#drained()
  }

  #drained(): void {
    for (const resolve of this.#onDrained.splice(0)) resolve()
  }

  #closed(code: number): void {
    clearTimeout(this.#late)
    const mine = this.#closeCode
    this.#closeCode ??= code
    this.#drained()
    Promise.resolve(this.visit.left())
      .catch((error: unknown) => this.hooks.onFailure(error))
      .finally(() => this.hooks.onClosed(this, mine ?? code))
  }
}

const textOf = (data: RawData): string =>
  (Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data).toString('utf8')
