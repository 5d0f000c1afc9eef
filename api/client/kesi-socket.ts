import type { ClientFrame, Frame } from '../realtime/frames'

/** What a socket of a browser, of Node or of the package ws has in common. */
export interface SocketLike {
  readonly readyState: number
  send(text: string): void
  close(): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void
  addEventListener(type: 'error', listener: () => void): void
}

export interface KesiSocketOptions {
  /** Asked before each attempt, so that it may change: `wss://cases.example.org`. */
  readonly baseUrl: () => string
  /** `/ws/me/`, `/ws/dispatch/`, `/ws/cases/<id>/` or `/ws/messages/<id>/`. */
  readonly path: string
  /** A new ticket for each attempt; when it throws, another attempt is made later, unless `isOver` says no. */
  readonly ticket: () => Promise<string>
  /** Every frame once, in order; after `replay.gap` read by HTTP what may have changed. */
  readonly onFrame: (frame: Frame) => void
  /** It will not be tried again: access has ended, or there is nothing there. */
  readonly onOver: (code: number) => void
  /** Is it of no use to ask for a ticket again? A 401, for example. */
  readonly isOver?: (error: unknown) => boolean
  readonly WebSocket: new (url: string) => SocketLike
  /** Milliseconds before the second attempt; doubled for each further one, up to 30 s, each by chance halved at most. */
  readonly firstWaitMs?: number
}

export interface KesiSocket {
  /** Whether it was handed to an open socket; `message.accepted` says that it arrived. */
  send(frame: Exclude<ClientFrame, { type: 'auth' }>): boolean
  close(): void
}

const OPEN = 1
const MOST_WAIT_MS = 30_000
const NOT_SIGNED_IN = 4401
const NOT_ALLOWED = 4403
const UNKNOWN = 4404

/** A socket that comes back by itself and goes on where it was, until it is closed or there is nothing more to hear. */
export function openKesiSocket(options: KesiSocketOptions): KesiSocket {
  const { WebSocket, firstWaitMs = 500 } = options
  let socket: SocketLike | undefined
  let after: number | undefined
  let failures = 0
  let isClosed = false
  let waiting: ReturnType<typeof setTimeout> | undefined

  async function attempt(): Promise<void> {
    try {
      const query = new URLSearchParams({ ticket: await options.ticket() })
      if (after !== undefined) query.set('after', String(after))
      if (!isClosed) attach(new WebSocket(`${options.baseUrl()}${options.path}?${query.toString()}`))
    } catch (error) {
      if (options.isOver?.(error)) over(NOT_SIGNED_IN)
      else later()
    }
  }

  function attach(opened: SocketLike): void {
    socket = opened
    opened.addEventListener('message', ({ data }) => {
      if (isClosed) return
      const frame = JSON.parse(String(data)) as Frame
      if (frame.id !== null) after = frame.id
      if (frame.type === 'ready') failures = 0
      options.onFrame(frame)
    })
    // What went wrong is said by the close that follows.
    opened.addEventListener('error', () => undefined)
    opened.addEventListener('close', ({ code }) => {
      if (code === NOT_ALLOWED || code === UNKNOWN) over(code)
      else later()
    })
  }

  function later(): void {
    if (isClosed) return
    const ms = Math.min(MOST_WAIT_MS, firstWaitMs * 2 ** failures) * (1 - Math.random() / 2)
    failures += 1
    waiting = setTimeout(() => void attempt(), ms)
  }

  function over(code: number): void {
    if (isClosed) return
    isClosed = true
    options.onOver(code)
  }

  void attempt()
  return {
    send(frame) {
      if (socket?.readyState !== OPEN) return false
      socket.send(JSON.stringify(frame))
      return true
    },
    close() {
      isClosed = true
      clearTimeout(waiting)
      socket?.close()
    },
  }
}
