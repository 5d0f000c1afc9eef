import type { Payload, PayloadCodec } from '@temporalio/common'
import { json, Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import type { Config } from '../../platform/config'
import { permits } from '../../domain/permissions'
import { Refusal } from '../../domain/refusals'
import { authenticate } from '../authenticate'
import type { ApiDeps } from '../deps'
import { sendProblem } from '../problem'
import { traceOf } from '../trace'
import { fromWire, redacted, toWire, type WirePayload } from './codec.payloads'

export interface CodecOptions {
  /** Opens what Temporal stores; undefined where payloads are stored in the clear. */
  readonly codec: PayloadCodec | undefined
  /** The page that may ask from a browser. */
  readonly uiUrl: string | undefined
  readonly mode: Config['mode']
}

/** A page of a history with its payloads; larger ones are asked in pieces. */
const BODY_BYTES = 4_194_304
const HEADERS = 'authorization, content-type, x-namespace'
const DAY_SECONDS = '86400'

/**
 * Temporal's remote codec protocol, `/api/codec/decode` and `/encode`, for its UI and CLI. It is Temporal's form and not ours, asked
 * across origins and with or without a sign-in, so it is no declared route. An administrator's token opens payloads, with an
 * audit line; without one they are opened for the same machine in demo and development, and else come back redacted (S19).
 */
export function codecEndpoint(options: CodecOptions, deps: ApiDeps): RequestHandler {
  const router = Router()
  router.use('/api/codec', allowUi(options.uiUrl))
  const parse = json({ limit: BODY_BYTES, type: () => true })
  for (const verb of ['decode', 'encode'] as const) {
    const path = `/api/codec/${verb}`
    router.post(path, parse, (req: Request, res: Response) => {
      traceOf(res).route = `${path}/`
      return answer(verb, req, res, options, deps).catch((error: unknown) => refuse(error, res, deps))
    })
  }
  router.use('/api/codec', (error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    const tooLarge = (error as { type?: unknown } | null)?.type === 'entity.too.large'
    refuse(new Refusal(tooLarge ? 'BODY_TOO_LARGE' : 'BODY_MALFORMED'), res, deps)
  })
  return router
}

async function answer(
  verb: 'decode' | 'encode',
  req: Request,
  res: Response,
  options: CodecOptions,
  deps: ApiDeps,
): Promise<void> {
  const payloads = fromWire(req.body)
  const reader = await readerOf(req, options, deps)
  if (verb === 'encode' && reader === 'nobody') throw new Refusal('TOKEN_MISSING')
  if (reader !== 'nobody')
    deps.acts.logger.info({ codec: verb, payloads: payloads.length, by: reader }, 'payloads opened')
  const done = reader === 'nobody' ? payloads.map(redacted) : await work(verb, payloads, options.codec)
  res.status(200).setHeader('cache-control', 'no-store')
  res.json({ payloads: done.map(toWire) } satisfies { payloads: WirePayload[] })
}

async function work(
  verb: 'decode' | 'encode',
  payloads: Payload[],
  codec: PayloadCodec | undefined,
): Promise<Payload[]> {
  if (!codec) return payloads
  if (verb === 'encode') return codec.encode(payloads)
  // One that does not open, sealed by a key that left the ring, must not hide the rest of the page.
  const opened = payloads.map(
    async payload => (await codec.decode([payload]).catch(() => [redacted(payload)]))[0] ?? payload,
  )
  return Promise.all(opened)
}

/** Who may have payloads in the clear: an administrator's id, this machine, or nobody. */
async function readerOf(req: Request, { mode }: CodecOptions, deps: ApiDeps): Promise<string> {
  const { authorization } = req.headers
  if (authorization !== undefined) {
    const { id, role } = await authenticate(deps.accounts, authorization)
    if (!permits(role, 'codec:decode')) throw new Refusal('FORBIDDEN')
    return id
  }
  const isAtHome = mode === 'demo' || mode === 'development'
  // A forwarded request comes from somebody behind a proxy, whatever the socket says.
  const isLocal = isLoopback(req.socket.remoteAddress ?? '') && req.headers['x-forwarded-for'] === undefined
  return isAtHome && isLocal ? 'this machine' : 'nobody'
}

const isLoopback = (address: string): boolean => address === '::1' || /^(::ffff:)?127\./.test(address)

/** CORS for the Temporal UI alone. */
function allowUi(uiUrl: string | undefined): RequestHandler {
  return (req, res, next) => {
    res.vary('origin')
    const { origin } = req.headers
    if (origin !== undefined && uiUrl !== undefined && isSameOrigin(origin, uiUrl)) {
      res.setHeader('access-control-allow-origin', origin)
      res.setHeader('access-control-allow-headers', HEADERS)
      res.setHeader('access-control-allow-methods', 'POST')
      res.setHeader('access-control-max-age', DAY_SECONDS)
    }
    if (req.method === 'OPTIONS') res.status(204).end()
    else next()
  }
}

/** On one's own machine `localhost` and `127.0.0.1` are the same page. */
function isSameOrigin(origin: string, url: string): boolean {
  if (!URL.canParse(origin) || !URL.canParse(url)) return false
  const [asked, allowed] = [new URL(origin), new URL(url)]
  const host = ({ hostname }: URL): string =>
    hostname === '127.0.0.1' || hostname === '[::1]' ? 'localhost' : hostname
  return asked.protocol === allowed.protocol && asked.port === allowed.port && host(asked) === host(allowed)
}

const refuse = (error: unknown, res: Response, { acts, publicUrl }: ApiDeps): void =>
  sendProblem(error, res, { logger: acts.logger, publicUrl })
