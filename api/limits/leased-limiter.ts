import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import type { Database } from '../../db/database'

/** So many requests in so many seconds; the seconds begin with the first request. */
export interface Allowance {
  readonly name: string
  readonly points: number
  readonly seconds: number
}

/** What came of taking one point. */
export interface Taken {
  readonly granted: boolean
  readonly limit: number
  /** What every replica together may still grant, as far as this one knows. */
  readonly remaining: number
  /** Until the allowance is whole again. */
  readonly resetMs: number
}

interface Lease {
  /** Points that the database granted; 0 when the allowance is used up. */
  readonly granted: number
  /** Those of them that are not given out yet. */
  left: number
  /** Points that nobody had reserved when this lease was taken. */
  readonly free: number
  /** Milliseconds since 1970; points of a window that is over are worth nothing. */
  readonly until: number
}

const TABLE = 'request_limits'
/** Of the limit: so far can two replicas differ about what is left. */
const LEASED_SHARE = 0.02
/** A lease that is dropped costs its owner the points in it, 2 % at most. */
const LEASES_AT_MOST = 20_000

/**
 * One allowance for all replicas, in PostgreSQL. A statement for each request would cost as much as its sign-in, so a replica
 * reserves 2 % of the allowance at a time and gives those points out from memory: for a user's 1,000 that is one statement in 20
 * requests. Reserved points count as used, so all replicas together never grant more than the limit; while one of them holds
 * unused points, the others refuse at most 2 % early. An allowance below 100 is counted one by one.
 *
 * Whoever has used everything up is refused from memory until the window ends, and while the database refuses, each replica
 * counts for itself.
 */
export class LeasedLimiter {
  readonly #block: number
  readonly #limiter: RateLimiterPostgres
  readonly #leases = new Map<string, Lease>()
  readonly #renewals = new Map<string, Promise<Lease>>()

  constructor(
    readonly allowance: Allowance,
    db: Database,
  ) {
    const { name, points, seconds } = allowance
    this.#block = Math.max(1, Math.floor(points * LEASED_SHARE))
    const window = { keyPrefix: name, points, duration: seconds }
    this.#limiter = new RateLimiterPostgres({
      ...window,
      storeClient: db,
      storeType: 'knex',
      tableName: TABLE,
      tableCreated: true,
      inMemoryBlockOnConsumed: points,
      insuranceLimiter: new RateLimiterMemory(window),
    })
  }

  /** Takes one point of whoever this is. */
  async take(who: string): Promise<Taken> {
    for (;;) {
      const held = this.#held(who)
      if (held && held.left > 0) {
        held.left -= 1
        return this.#taken(held, 'granted')
      }
      // Of requests that come together one renews, and all of them look again.
      const renewed = await (this.#renewals.get(who) ?? this.#renew(who))
      if (renewed.granted === 0) return this.#taken(renewed, 'refused')
    }
  }

  /** Gives a point back that was taken by this replica, if its window is not over. */
  giveBack(who: string): void {
    const lease = this.#held(who)
    if (lease) lease.left += 1
  }

  #held(who: string): Lease | undefined {
    const lease = this.#leases.get(who)
    return lease && lease.until > Date.now() ? lease : undefined
  }

  #renew(who: string): Promise<Lease> {
    const renewal = this.#reserve(who)
      .then(lease => {
        this.#leases.delete(who)
        if (lease.granted > 0) this.#keep(who, lease)
        return lease
      })
      .finally(() => this.#renewals.delete(who))
    this.#renewals.set(who, renewal)
    return renewal
  }

  async #reserve(who: string): Promise<Lease> {
    const { points } = this.allowance
    const res = await this.#limiter.consume(who, this.#block).catch((refused: unknown) => {
      if (refused instanceof RateLimiterRes) return refused
      throw refused
    })
    // 0 is what a refusal from memory says. Beyond the limit the block is granted in part, or not at all.
    const used = res.consumedPoints === 0 ? Infinity : res.consumedPoints - this.#block
    const granted = Math.min(this.#block, Math.max(0, points - used))
    return {
      granted,
      left: granted,
      free: res.remainingPoints,
      until: Date.now() + res.msBeforeNext,
    }
  }

  #keep(who: string, lease: Lease): void {
    this.#leases.set(who, lease)
    if (this.#leases.size <= LEASES_AT_MOST) return
    const now = Date.now()
    for (const [key, { until }] of this.#leases) if (until <= now) this.#leases.delete(key)
    for (const oldest of this.#leases.keys()) {
      if (this.#leases.size <= LEASES_AT_MOST) return
      this.#leases.delete(oldest)
    }
  }

  #taken({ left, free, until }: Lease, outcome: 'granted' | 'refused'): Taken {
    const granted = outcome === 'granted'
    return {
      granted,
      limit: this.allowance.points,
      remaining: granted ? free + left : 0,
      resetMs: Math.max(0, until - Date.now()),
    }
  }
}
