import type { Request, Response } from 'express'
import { permits } from '../domain/permissions'
import { Refusal, type RefusalCode } from '../domain/refusals'
import { authenticate, bearerOf, type Purpose } from './authenticate'
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
  traceOf(res).userId = caller.actor.id
  if (!permits(caller.actor.role, route.permission)) throw new Refusal('FORBIDDEN')
  return { actor: caller.actor, counted }
}

/** On a public route a token only says whose allowance is used, so it is not looked at where nothing is counted. */
async function callerOf(
  { permission }: Route,
  { method, headers }: Request,
  { deps, isCounted }: { deps: ApiDeps; isCounted: boolean },
): Promise<Caller> {
  if (permission === 'public' && (!isCounted || !headers.authorization)) return {}
  const does = method === 'GET' || method === 'HEAD' ? 'read' : 'act'
  const purpose: Purpose = permission === 'public' ? {} : { permission, does }
  try {
    return { actor: await authenticate(deps.accounts, headers.authorization, purpose) }
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error }
    throw error
  }
}

/** Every other refusal is given only to a token whose signature is ours. */
const NOT_OURS: readonly RefusalCode[] = ['TOKEN_MISSING', 'TOKEN_INVALID']

function staleSessionOf({ refusal }: Caller, { headers }: Request): string | undefined {
  if (!refusal || NOT_OURS.includes(refusal.code)) return undefined
  return String(payloadOf(bearerOf(headers.authorization) ?? '')['sid'])
}
