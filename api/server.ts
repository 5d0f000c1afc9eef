import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import helmet from 'helmet'
import { Refusal } from '../domain/refusals'
import type { Config } from '../platform/config'
import type { Logger } from '../platform/logger'
import { codecEndpoint, type CodecOptions } from './codec/codec.endpoint'
import { compressAnswers } from './compress'
import { allowOrigins } from './cross-origin'
import type { ApiDeps } from './deps'
import { mountClient, takenByHost, type MountedClient } from './dialects/mount-client'
import { docsPages } from './docs/docs.pages'
import type { Limits } from './limits/limits'
import { mountRoutes } from './mount'
import { sendProblem } from './problem'
import type { Caller, Gateway } from './realtime/gateway'
import type { Route } from './route'
import { ROUTES } from './routes'
import { traceRequests } from './trace'

export interface ServerOptions {
  readonly config: Pick<Config, 'bind' | 'port' | 'publicUrl' | 'trustedProxies' | 'corsOrigins'>
  readonly deps: ApiDeps
  readonly logger: Logger
  /** The product's version, for the OpenAPI document. */
  readonly version: string
  /** Without it the Temporal UI and CLI get nothing opened here. */
  readonly codec?: CodecOptions
  /** Without it requests are not counted. */
  readonly limits?: Limits
  /** Every route of the product unless a test mounts its own. */
  readonly routes?: readonly Route[]
  /** Without it there are no sockets. */
  readonly gateway?: Gateway
  /** Clients that were there before the product, each served in its own dialect. */
  readonly clients?: readonly MountedClient[]
}

export interface Server {
  readonly app: Express
  /** Starts to answer; the port that it listens on. */
  listen(): Promise<{ port: number }>
  /** Ends the sockets, takes no new requests, lets running ones end within 10 s, and closes what is left. */
  close(): Promise<void>
}

// A client that sends its headers or its body drop by drop holds a connection; these end it. The second is for an upload over a slow
// mobile line: 20 MB at 300 kbit/s; JSON has 30 s (see body.ts).
const HEADERS_WITHIN_MS = 15_000
const REQUEST_WITHIN_MS = 600_000
// Longer than the 60 s after which nginx drops an idle upstream connection: the proxy must be the one that closes.
const KEEP_ALIVE_MS = 65_000
const CLOSE_WITHIN_MS = 10_000

/** Puts the HTTP server together from its parts; nothing is opened before `listen`. */
export function createServer(options: ServerOptions): Server {
  const { config, deps, logger, version, codec, limits, routes = ROUTES, clients = [] } = options
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('case sensitive routing')
  app.set('trust proxy', [...config.trustedProxies])
  app.use(traceRequests(logger))
  app.use(securityHeaders(config.publicUrl))
  app.use(allowOrigins(config.corsOrigins))
  app.use(compressAnswers())
  if (codec) app.use(codecEndpoint(codec, deps))
  for (const client of clients) app.use(takenByHost(client))
  mountRoutes(app, routes, deps, { limits })
  for (const client of clients) mountClient(app, client, { deps, limits, version })
  app.use(docsPages(routes, version))
  app.use((_req: Request, res: Response) =>
    sendProblem(new Refusal('ROUTE_NOT_FOUND'), res, { logger, publicUrl: config.publicUrl }),
  )
  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    sendProblem(refusalOfExpress(error), res, { logger, publicUrl: config.publicUrl })
  })
  return { app, ...serverOf(app, config, options.gateway) }
}

function serverOf(
  app: Express,
  { bind, port }: ServerOptions['config'],
  gateway: Gateway | undefined,
): Pick<Server, 'listen' | 'close'> {
  const server = createHttpServer(
    { headersTimeout: HEADERS_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    app,
  )
  if (gateway)
    server.on('upgrade', (req, connection, head) => gateway.upgrade(req, connection, head, callerOf(app, req)))
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, bind, () => {
          server.off('error', reject)
          gateway?.start()
          resolve({ port: (server.address() as AddressInfo).port })
        })
      }),
    async close() {
      await gateway?.close()
      if (!server.listening) return
      await new Promise<void>(resolve => {
        const late = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS)
        server.close(() => {
          clearTimeout(late)
          resolve()
        })
      })
    },
  }
}

/** Who sent it and whom they asked, by the same rule as for a request: Express finds it, given the prototype that it gives to its requests. */
function callerOf(app: Express, req: IncomingMessage): Caller {
  const { ip = '', hostname } = Object.setPrototypeOf(req, app.request) as Request
  // Express knows none where no Host header came.
  return { ip, host: ((hostname as string | undefined) ?? '').toLowerCase() }
}

function securityHeaders(publicUrl: string) {
  const none = ["'none'"]
  const self = ["'self'"]
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: none,
        scriptSrc: self,
        styleSrc: self,
        imgSrc: self,
        connectSrc: self,
        baseUri: none,
        formAction: self,
        frameAncestors: none,
      },
    },
    // On http a browser would ignore it, and a later visit by https to the same host is not ours to decide.
    strictTransportSecurity: publicUrl.startsWith('https:') ? { maxAge: 31_536_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  })
}

/** What Express itself objects to: an address that cannot be decoded leads nowhere. */
function refusalOfExpress(error: unknown): unknown {
  if (error instanceof URIError) return new Refusal('ROUTE_NOT_FOUND')
  const status: unknown = (error as { status?: unknown } | null)?.status
  return status === 400 || status === 404 ? new Refusal('ROUTE_NOT_FOUND') : error
}
