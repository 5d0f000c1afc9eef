import type { Request, Response } from 'express'
import { isDelegable } from '../domain/api-scopes'
import { permits, type Permission } from '../domain/permissions'
import { Refusal, type RefusalCode } from '../domain/refusals'
import { authenticate, bearerOf, type Purpose } from './authenticate'
import { authenticateKey } from './authenticate-key'
import type { ApiDeps } from './deps'
import { isExempt } from './limits/limit-rules'
import type { Counted, Limits } from './limits/limits'
import type { Method, Route, SignedIn } from './route'
import { traceOf } from './trace'
import { payloadOf } from './verified-tokens'

/** Somebody at the door of a route, with the permission to pass. */
export interface Admitted {
  /** Undefined on a public route, whoever came. */
  readonly actor: SignedIn | undefined
  readonly counted: Counted | undefined
}

interface Caller {
  readonly actor?: SignedIn
  /** Why what was sent, if anything, makes nobody known. */
  readonly refusal?: Refusal
}

/** Lets a request pass that may: knows its sender, counts it against the limits, and asks the table of permissions. */
export async function admit(
  route: Route,
  req: Request,
  res: Response,
  { deps, limits }: { deps: ApiDeps; limits: Limits | undefined },
): Promise<Admitted> {
  const countedBy = isExempt(route) ? undefined : limits
  const caller = await callerOf(route, req, { deps, isCounted: countedBy !== undefined })
  const counted = await countedBy?.count({
    route,
    method: req.method.toLowerCase() as Method,
    actor: caller.actor,
    staleSession: staleSessionOf(caller, req),
    ip: req.ip ?? '',
  })
  for (const [name, value] of Object.entries(counted?.headers ?? {})) res.setHeader(name, value)
  if (route.permission === 'public') return { actor: undefined, counted }
  if (!caller.actor) throw caller.refusal ?? new Refusal('TOKEN_MISSING')
  const { id, sid, scopes } = caller.actor
  const trace = traceOf(res)
  trace.userId = id
  trace.keyId = scopes && sid
  requirePermission(caller.actor, route.permission)
  if (scopes) deps.keyUsage.note(sid, `${req.method} ${route.path}`)
  return { actor: caller.actor, counted }
}

/** Throws `FORBIDDEN` for what the role does not have, and for what the API key was not given or no key is given any more. */
function requirePermission({ role, scopes }: SignedIn, permission: Permission): void {
  if (!permits(role, permission)) throw new Refusal('FORBIDDEN')
  if (scopes && !(isDelegable(permission) && scopes.includes(permission)))
    throw new Refusal('FORBIDDEN', { detail: 'This API key is not for that' })
}

/** On a public route a token only says whose allowance is used, so it is not looked at where nothing is counted. */
async function callerOf(
  { permission, asksByItself }: Route,
  { method, headers }: Request,
  { deps, isCounted }: { deps: ApiDeps; isCounted: boolean },
): Promise<Caller> {
  const apiKey = headers[API_KEY]
  const isNobody = headers.authorization === undefined && apiKey === undefined
  if (permission === 'public' && (!isCounted || isNobody)) return {}
  const does = method === 'GET' || method === 'HEAD' || asksByItself ? 'read' : 'act'
  const purpose: Purpose = permission === 'public' ? {} : { permission, does }
  try {
    if (apiKey === undefined) return { actor: await authenticate(deps.accounts, headers.authorization, purpose) }
    if (headers.authorization !== undefined) throw BOTH
    return { actor: await authenticateKey(deps.accounts, String(apiKey)) }
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error }
    throw error
  }
}

const API_KEY = 'x-api-key'
const BOTH = new Refusal('VALIDATION_FAILED', {
  errors: [
    { path: `headers.${API_KEY}`, code: 'not_together', message: 'Send an access token or an API key, not both' },
  ],
})

/** Every other refusal is given only to a token whose signature is ours. */
const NOT_OURS: readonly RefusalCode[] = ['TOKEN_MISSING', 'TOKEN_INVALID', 'API_KEY_INVALID', 'VALIDATION_FAILED']

function staleSessionOf({ refusal }: Caller, { headers }: Request): string | undefined {
  if (!refusal || NOT_OURS.includes(refusal.code)) return undefined
  return String(payloadOf(bearerOf(headers.authorization) ?? '')['sid'])
}
