import type { Logger } from '../platform/logger'

/** After a call that Temporal took, it is not asked again for this long whether it is there. */
const TRUSTED_MS = 3_000

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
  #returns = 0

  constructor(
    private readonly ask: () => Promise<unknown>,
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

  /** How many times it has come back since this process began. */
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
    if (!this.isSilent && this.#failingSince === null && this.now() - this.#lastSuccess < TRUSTED_MS) return
    try {
      await this.ask()
      if (this.#silentSince !== null) this.#comeBack(this.#silentSince)
    } catch (error) {
      if (this.#silentSince === null) this.logger.warn({ err: error }, 'Temporal does not answer')
      this.#silentSince ??= Math.min(this.now(), this.#failingSince ?? Infinity)
    }
  }

  #comeBack(since: number): void {
    this.logger.info({ out_ms: Math.round(this.now() - since) }, 'Temporal answers again')
    this.#silentSince = null
    this.#failingSince = null
    this.#returns += 1
  }
}
