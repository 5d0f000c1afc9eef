import type { Express, Request, Response } from 'express'
import { Refusal, type FieldFault } from '../domain/refusals'
import { admit } from './admit'
import { bodyFault, readBody, readForm } from './body'
import type { ApiDeps } from './deps'
import { CORE, type Dialect } from './dialect'
import { deviceOf } from './device'
import { Download, sendFile } from './download'
import { parsePart, refuseFaults } from './faults'
import { answerOnce, keyOf } from './idempotency'
import { parseIfMatch, type IfMatch } from './if-match'
import type { Limits } from './limits/limits'
import { sendProblem } from './problem'
import { shapeAnswer, type Shaped } from './reply'
import type { AnyContext, Method, Route, SignedIn } from './route'
import { refusalsOf } from './route-refusals'
import { missingCode } from './route-rules'
import { traceOf } from './trace'
import { receiveFile, type Received } from './upload'

/** Mounts the declared routes: one handler per path, which knows every method of it and answers 405 for the others. */
export function mountRoutes(
  app: Express,
  routes: readonly Route[],
  deps: ApiDeps,
  { limits, dialect = CORE }: { readonly limits?: Limits | undefined; readonly dialect?: Dialect } = {},
): void {
  for (const [path, methods] of byPath(routes)) {
    app.all(path, (req: Request, res: Response) => {
      traceOf(res).route = path
      const route = methods.get(req.method === 'HEAD' ? 'get' : (req.method.toLowerCase() as Method))
      const done = route ? serve(route, req, res, { deps, limits }) : Promise.reject(notAllowed([...methods.keys()]))
      return done.catch((error: unknown) => {
        noteUndeclared(error, route, deps)
        sendProblem(error, res, { logger: deps.acts.logger, publicUrl: deps.publicUrl, dialect, route })
      })
    })
  }
}

/** Paths with their methods; a fixed segment comes before a parameter, so `stats/` is never taken for an id. */
export function byPath(routes: readonly Route[]): [string, Map<Method, Route>][] {
  const paths = new Map<string, Map<Method, Route>>()
  for (const route of routes) {
    const methods = paths.get(route.path) ?? new Map<Method, Route>()
    paths.set(route.path, methods)
    for (const method of route.methods) {
      if (methods.has(method)) throw new Error(`${method} ${route.path} is declared twice`)
      methods.set(method, route)
    }
  }
  const order = (path: string): string => path.replaceAll('/:', '/\uffff')
  return [...paths].sort(([a], [b]) => (order(a) < order(b) ? -1 : 1))
}

async function serve(
  route: Route,
  req: Request,
  res: Response,
  { deps, limits }: { deps: ApiDeps; limits: Limits | undefined },
): Promise<void> {
  const params = readParams(route, req)
  const { actor, counted } = await admit(route, req, res, { deps, limits })
  const received = route.upload && (await receiveFile(req, res, route.upload, deps.files))
  try {
    const shaped = await answerTo(route, req, res, { deps, params, actor, received })
    await counted?.answered?.(shaped.body)
    await send(shaped, req, res)
  } finally {
    await received?.end()
  }
}

interface Incoming {
  readonly deps: ApiDeps
  readonly params: unknown
  readonly actor: SignedIn | undefined
  readonly received: Received | undefined
}

async function answerTo(
  route: Route,
  req: Request,
  res: Response,
  { deps, params, actor, received }: Incoming,
): Promise<Shaped> {
  const raw = { query: queryOf(req), body: received ? received.fields : await bodyOf(route, req, res) }
  const { query, body, ifMatch } = check(route, req, raw)
  const context: AnyContext = {
    params,
    query,
    body,
    file: received?.file,
    actor,
    by: actor && { actor: { kind: 'person', id: actor.id, role: actor.role } },
    headers: { ifMatch, signature: route.signature && req.get(route.signature) },
    request: {
      id: traceOf(res).id,
      url: deps.publicUrl + req.originalUrl,
      ip: req.ip ?? '',
      get device() {
        return deviceOf(req.headers['user-agent'])
      },
    },
  }
  const asked = { params, ...raw, ifMatch, ...(received && { file: received.file.sha256 }) }
  const key = actor && keyOf(route, req.headers['idempotency-key'], { asked, context }, deps)
  if (!key) return shapeAnswer(route, await route.handler(context, deps))
  return answerOnce(route, { key, actor, context }, deps)
}

function readParams(route: Route, req: Request): unknown {
  if (!route.params) return undefined
  const parsed = route.params.safeParse(req.params)
  if (parsed.success) return parsed.data
  throw new Refusal(missingCode(route) ?? 'ROUTE_NOT_FOUND')
}

// Express parses the query anew at every look at it.
const queryOf = (req: Request): unknown => (req.url.includes('?') ? req.query : {})

async function bodyOf(route: Route, req: Request, res: Response): Promise<unknown> {
  if (route.form) return readForm(req, res)
  const mayHaveOne = req.method !== 'GET' && req.method !== 'HEAD' && req.method !== 'DELETE'
  return route.body !== undefined || mayHaveOne ? readBody(req, res) : undefined
}

interface Checked {
  readonly query: unknown
  readonly body: unknown
  readonly ifMatch: IfMatch
}

/** Every fault of the whole request at once. */
function check(route: Route, req: Request, raw: { query: unknown; body: unknown }): Checked {
  const faults: FieldFault[] = []
  const deep = bodyFault(raw.body) ?? bodyFault(raw.query)
  if (deep) refuseFaults([deep])
  const query = parseOrNothing('query', route, raw.query, faults)
  const body = parseOrNothing('body', route, raw.body ?? {}, faults)
  const ifMatch = route.ifMatch ? parseIfMatch(req.headers['if-match']) : {}
  if ('path' in ifMatch) faults.push(ifMatch)
  refuseFaults(faults)
  return { query, body, ifMatch: 'path' in ifMatch ? {} : ifMatch }
}

/** A part without a schema must be empty, or is not looked at. */
function parseOrNothing(part: 'query' | 'body', route: Route, input: unknown, faults: FieldFault[]): unknown {
  const schema = route[part]
  if (schema) return parsePart(part, schema, input, faults)
  if (route.unknownFields === 'ignored') return undefined
  for (const key of Object.keys(input ?? {}).slice(0, 20))
    faults.push({ path: `${part}.${key.slice(0, 80)}`, code: 'unknown_field', message: 'There is no such field here' })
  return undefined
}

async function send({ status, headers, body }: Shaped, req: Request, res: Response): Promise<void> {
  res.status(status)
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  if (body instanceof Download) return sendFile(body, req, res)
  // Personal data must not stay in a cache on the way or on a shared device.
  res.setHeader('cache-control', 'no-store')
  if (body === undefined) {
    res.end()
    return
  }
  res.setHeader('content-type', 'application/json; charset=utf-8')
  res.end(JSON.stringify(body))
}

function notAllowed(methods: readonly Method[]): Refusal {
  const allow = [...methods, ...(methods.includes('get') ? ['head'] : [])].map(each => each.toUpperCase()).join(', ')
  return new Refusal('METHOD_NOT_ALLOWED', { detail: `This address answers ${allow}`, headers: { allow } })
}

/** A refusal that the documents do not name is answered all the same, and said aloud: the declaration lacks it. */
function noteUndeclared(error: unknown, route: Route | undefined, deps: ApiDeps): void {
  if (!route || !(error instanceof Refusal) || route.methods.some(each => refusalsOf(route, each).includes(error.code)))
    return
  deps.acts.logger.warn({ route: route.path, code: error.code }, 'a refusal that the route does not declare')
}
