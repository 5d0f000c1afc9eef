import type { Logger } from '../platform/logger'
import { startLoop, type Loop } from '../platform/loop'

/** After a call that Temporal took, it is not asked for this long whether it is there. */
const TRUSTED_MS = 3_000
/** It is asked at least so often, for its answer says whether its store is still the same one. */
const ASKED_EVERY_MS = 10_000
const CHECK_EVERY_MS = 1_000

/**
 * Knows whether Temporal can be reached, from every call that is made through it and from a cheap question when there is none. A
 * server that answers the question but takes nothing counts as out of reach too, though the calls go on being tried.
 */
export class TemporalReach {
  /** Since when it has not answered the question. */
  #silentSince: number | null = null
  /** Since when it has taken nothing that was sent. */
  #failingSince: number | null = null
  #lastSuccess = -Infinity
  #lastAnswer = -Infinity
  #store: string | undefined
  #returns = 0

  /** `ask` answers by what its store is known: the id of the namespace, which a new store makes anew. */
  constructor(
    private readonly ask: () => Promise<string>,
    private readonly logger: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Did it not answer when it was last asked? Then nothing is sent until it does. */
  get isSilent(): boolean {
    return this.#silentSince !== null
  }

  /** How long it has been out of reach, in milliseconds; 0 while it is not. */
  get outForMs(): number {
    const since = Math.min(this.#silentSince ?? Infinity, this.#failingSince ?? Infinity)
    return since === Infinity ? 0 : this.now() - since
  }

  /** How many times it has come back since this process began, or came to have another store: a reason to see what it knows. */
  get returns(): number {
    return this.#returns
  }

  /** Makes a call that changes something, and remembers whether Temporal took it. */
  async through<T>(call: () => Promise<T>): Promise<T> {
    try {
      const answer = await call()
      this.#lastSuccess = this.now()
      this.#failingSince = null
      return answer
    } catch (error) {
      this.#failingSince ??= this.now()
      throw error
    }
  }

  /** Asks whether it is there, unless a call has just shown that it is. */
  async check(): Promise<void> {
    if (!this.#isInDoubt()) return
    try {
      const store = await this.ask()
      this.#lastAnswer = this.now()
      if (this.#silentSince !== null) this.#comeBack(this.#silentSince)
      else if (this.#store !== undefined && this.#store !== store) this.#returns += 1
      this.#store = store
    } catch (error) {
      if (this.#silentSince === null) this.logger.warn({ err: error }, 'Temporal does not answer')
      this.#silentSince ??= Math.min(this.now(), this.#failingSince ?? Infinity)
    }
  }

  #isInDoubt(): boolean {
    if (this.isSilent || this.#failingSince !== null) return true
    return this.now() - this.#lastSuccess >= TRUSTED_MS || this.now() - this.#lastAnswer >= ASKED_EVERY_MS
  }

  #comeBack(since: number): void {
    this.logger.info({ out_ms: Math.round(this.now() - since) }, 'Temporal answers again')
    this.#silentSince = null
    this.#failingSince = null
    this.#returns += 1
  }
}

/** Keeps asking whether Temporal is there, for those who would send something. */
export function watchReach(reach: TemporalReach, logger: Logger): Loop {
  return startLoop('temporal-reach', logger, async () => {
    await reach.check()
    return CHECK_EVERY_MS
  })
}
