import type { Express, Request, RequestHandler, Response } from 'express'
import { Refusal } from '../../domain/refusals'
import type { ApiDeps } from '../deps'
import type { Dialect } from '../dialect'
import type { Limits } from '../limits/limits'
import { mountRoutes } from '../mount'
import { openApiOf } from '../openapi'
import { sendProblem } from '../problem'
import type { Protocol } from '../realtime/gateway'
import type { Realtime } from '../realtime/realtime'
import type { Route } from '../route'
import { traceOf } from '../trace'

/** A client that speaks a dialect of its own: everything for it stands under one address. */
export interface Client {
  /** Without a slash at the end, such as `/clients/kintaraa`. */
  readonly prefix: string
  readonly routes: readonly Route[]
  readonly dialect: Dialect
  /** How it speaks over sockets. */
  sockets(parts: SocketParts): Protocol
}

/** What the sockets of a client are made of. */
export interface SocketParts extends Pick<MountedClient, 'host' | 'socketTokens'> {
  readonly deps: ApiDeps
  readonly realtime: Realtime
  /** Without them nothing is counted. */
  readonly limits: Limits | undefined
}

/** A client as this installation serves it. */
export interface MountedClient extends Client {
  /** The host at whose root the client finds its addresses too, for a build whose paths cannot be changed. */
  readonly host?: string | undefined
  /** May its sockets carry an access token in their address? They may unless this is `off`. */
  readonly socketTokens?: 'on' | 'off' | undefined
}

const AT_THE_ROOT = /^\/(api|ws)\//

/** Leads what is asked of the client's own host to the client's addresses; at every other host nothing changes. */
export function takenByHost({ prefix, host }: MountedClient): RequestHandler {
  return (req, _res, next) => {
    if (host !== undefined && req.hostname.toLowerCase() === host && AT_THE_ROOT.test(req.url))
      req.url = prefix + req.url
    next()
  }
}

/** Mounts a client's routes with their document; whatever else is asked for below its address is refused in its dialect. */
export function mountClient(
  app: Express,
  { prefix, routes, dialect }: Client,
  { deps, limits, version }: { deps: ApiDeps; limits: Limits | undefined; version: string },
): void {
  mountRoutes(app, routes, deps, { limits, dialect })
  let document: string | undefined
  app.get(`${prefix}/openapi.json`, (_req: Request, res: Response) => {
    traceOf(res).route = `${prefix}/openapi.json`
    document ??= JSON.stringify(openApiOf(routes, version, dialect))
    res.setHeader('cache-control', 'no-cache')
    res.type('json').send(document)
  })
  app.use(prefix, (_req: Request, res: Response) => {
    const { logger } = deps.acts
    sendProblem(new Refusal('ROUTE_NOT_FOUND'), res, { logger, publicUrl: deps.publicUrl, dialect })
  })
}
