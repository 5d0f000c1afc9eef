import { isIPv6 } from 'node:net'
import type { Database } from '../../db/database'
import type { Role } from '../../domain/actors'
import { Refusal } from '../../domain/refusals'
import type { Config } from '../../platform/config'
import { blindIndex } from '../../platform/envelope'
import type { NamedKey } from '../../platform/keyring'
import type { Method, Route, SignedIn } from '../route'
import { payloadOf } from '../verified-tokens'
import { LeasedLimiter, type Allowance, type Taken } from './leased-limiter'
import { carriesTokenInBody, extraOf } from './limit-rules'

/** The settings of the limits. */
export type LimitSettings = Pick<
  Config,
  'limitAnonymous' | 'limitUser' | 'limitStaff' | 'limitUploads' | 'limitMessages' | 'limitMessageBurst'
>

/** One request, as far as it matters for counting. */
export interface Countable {
  readonly route: Pick<Route, 'path' | 'countsAs' | 'upload'>
  readonly method: Method
  /** Whoever holds the valid token that came with it. */
  readonly actor: SignedIn | undefined
  /** The session of a token that is ours and no longer good. */
  readonly staleSession: string | undefined
  readonly ip: string
}

/** A request that was counted. */
export interface Counted {
  /** `RateLimit-*` for the answer. */
  readonly headers: Readonly<Record<string, string>>
  /** To be called with what was answered: a refresh token that turned out to be good was not sent anonymously after all. */
  answered?(body: unknown): Promise<void>
}

export interface Limits {
  /** Counts one request; throws `RATE_LIMITED` when an allowance that it needs is used up. */
  count(request: Countable): Promise<Counted>
}

const HOUR = 3_600
const MINUTE = 60
const STAFF: readonly Role[] = ['dispatcher', 'admin']

/** The limits of one replica, on the record that all of them share; `indexKey` makes addresses unreadable there. */
export function createLimits(db: Database, indexKey: NamedKey, settings: LimitSettings): Limits {
  const allow = (allowance: Allowance): LeasedLimiter => new LeasedLimiter(allowance, db)
  const anonymous = allow({ name: 'anonymous', points: settings.limitAnonymous, seconds: HOUR })
  const user = allow({ name: 'user', points: settings.limitUser, seconds: HOUR })
  const staff = allow({ name: 'staff', points: settings.limitStaff, seconds: HOUR })
  const extras = {
    upload: allow({ name: 'upload', points: settings.limitUploads, seconds: HOUR }),
    // 60 a minute and 30 at once: 30 in each half minute.
    message: allow({
      name: 'message',
      points: settings.limitMessageBurst,
      seconds: (MINUTE * settings.limitMessageBurst) / settings.limitMessages,
    }),
  }

  async function countSignedIn({ route, method }: Countable, actor: SignedIn): Promise<Counted> {
    // A key has an allowance of its own: a busy integration must not lock out the person in whose name it acts.
    const who = actor.scopes ? actor.sid : actor.id
    const taken = pass(await (STAFF.includes(actor.role) ? staff : user).take(who))
    const extra = extraOf(route, method)
    return { headers: headersOf(extra ? pass(await extras[extra].take(who)) : taken) }
  }

  async function countAnonymous({ route, ip }: Countable): Promise<Counted> {
    const address = blindIndex(indexKey, networkOf(ip))
    const headers = headersOf(pass(await anonymous.take(address)))
    if (!carriesTokenInBody(route)) return { headers }
    return {
      headers,
      async answered(body) {
        const { access } = body as { access: string }
        if ((await user.take(String(payloadOf(access)['sub']))).granted) anonymous.giveBack(address)
      },
    }
  }

  return {
    async count(request) {
      if (request.actor) return countSignedIn(request, request.actor)
      // Thousands of phones share one address of a mobile network: those that were signed in do not use it up for the others.
      if (request.staleSession) return { headers: headersOf(pass(await user.take(request.staleSession))) }
      return countAnonymous(request)
    },
  }
}

function pass(taken: Taken): Taken {
  if (taken.granted) return taken
  const headers = headersOf(taken)
  throw new Refusal('RATE_LIMITED', { headers: { ...headers, 'retry-after': headers['ratelimit-reset'] } })
}

function headersOf({ limit, remaining, resetMs }: Taken) {
  return {
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': String(Math.max(1, Math.ceil(resetMs / 1000))),
  }
}

const GROUPS_OF_A_NETWORK = 4

/** Who is one sender: an IPv4 address, or the /64 network within which an IPv6 host chooses its address freely. */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)
  if (mapped?.[1]) return mapped[1]
  if (!isIPv6(ip)) return ip
  const [head = '', tail] = (ip.split('%', 1)[0] ?? '').toLowerCase().split('::')
  const groups = head === '' ? [] : head.split(':')
  const behind = tail ? tail.split(':') : []
  const missing = tail === undefined ? 0 : 8 - groups.length - behind.length
  const all = [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...behind]
  return all
    .slice(0, GROUPS_OF_A_NETWORK)
    .map(group => Number.parseInt(group, 16).toString(16))
    .join(':')
}
