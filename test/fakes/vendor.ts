import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** How a fake answers. */
export type Mood =
  | 'accepts'
  /** 500. */
  | 'breaks'
  /** 429, and nothing for a minute. */
  | 'is busy'
  /** 503, and a repeat after a second. */
  | 'is away'
  /** Nothing at all. */
  | 'hangs'
  | 'device gone'
  | 'number refused'

/** One request, as it came. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  /** The caller's, by which a connection is known again. */
  readonly fromPort: number
}

/** A request, when it had come in milliseconds of `performance.now()`, and the mood that it found. */
export interface Got extends Request {
  readonly at: number
  readonly mood: Mood
}

export interface Reply {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A server that stands where a vendor does. What it accepts it never delivers by itself. */
export interface FakeVendor {
  readonly url: string
  readonly port: number
  /** Everything that came, in order. */
  readonly got: Got[]
  mood: Mood
  /** Draws the mood for each request; without it every one finds `mood`. */
  whim?: (request: Request) => Mood
  /** How many connections are open. */
  connections(): Promise<number>
  stop(): Promise<void>
}

/** Starts a fake on a free port, over TLS when it has a certificate. What `answer` leaves open is answered by the mood alone. */
export async function startFake(
  answer: (request: Got, mood: Mood) => Reply | undefined,
  tls?: { readonly key: string; readonly cert: string },
): Promise<FakeVendor> {
  const got: Got[] = []
  const fake: Pick<FakeVendor, 'mood' | 'whim'> = { mood: 'accepts' }
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers, socket } = req
    const came = { method, path, headers, body: await buffer(req), fromPort: socket.remotePort ?? 0 }
    const mood = fake.whim?.(came) ?? fake.mood
    const request = { ...came, at: performance.now(), mood }
    got.push(request)
    if (mood !== 'hangs') send(res, answer(request, mood) ?? generalAnswer(mood))
  }
  // A caller that goes away in the middle of its request is none of the fake's concern.
  const handler = (req: IncomingMessage, res: ServerResponse): void => void serve(req, res).catch(() => undefined)
  const server = tls ? createHttpsServer(tls, handler) : createHttpServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return Object.assign(fake, {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    got,
    connections: () => new Promise<number>(resolve => server.getConnections((_error, count) => resolve(count))),
    stop: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}

function generalAnswer(mood: Mood): Reply {
  if (mood === 'is busy') return { status: 429, headers: { 'retry-after': '60' }, body: {} }
  if (mood === 'is away') return { status: 503, headers: { 'retry-after': '1' }, body: {} }
  return { status: 500, body: 'Something about amina went wrong' }
}

function send(res: ServerResponse, { status, body, headers }: Reply): void {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  res.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json', ...headers })
  res.end(text)
}

/** The JSON that came. */
export const jsonOf = (got: Request | undefined): unknown => JSON.parse(got?.body.toString() ?? '')

/** The form that came. */
export const formOf = (got: Request | undefined): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(got?.body.toString()))
