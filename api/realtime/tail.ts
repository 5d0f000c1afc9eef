import { beginFeed, readFeed, type FeedPage, type FeedRow, type Horizon } from '../../db/feed.repository'
import type { Database } from '../../db/database'

/** Who reads the feed, and what for. */
export interface TailOptions {
  readonly db: Database
  /** Called with the next rows, in their order; the next look waits for it. Whom they concern is settled before it waits for anything. */
  onRows(rows: readonly FeedRow[]): Promise<void>
  /** Rows were lost, as after a crash of the database; it goes on after this id. */
  onLost(position: number): void
  /** A look that failed; it is repeated. */
  onFailure(error: unknown): void
}

const BATCH = 500
const LOOKS_BY_ITSELF_MS = 1_000
// An older transaction that is still running holds rows back, usually for some milliseconds.
const HELD_MS = { first: 5, exactFrom: 80, most: 250 }

/** Reads the feed once for all sockets of a process, each row once and in order. */
export class FeedTail {
  #position: number | undefined
  #ceiling = 0
  #current: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined
  #heldMs = HELD_MS.first
  #horizon: Horizon = 'quick'
  #soon: NodeJS.Timeout | undefined
  #looking: NodeJS.Timeout | undefined
  #stopped = false

  constructor(private readonly options: TailOptions) {}

  /** Everything up to this id was given out. */
  get position(): number {
    if (this.#position === undefined) throw new Error('the feed was not read yet')
    return this.#position
  }

  /** Above every id that there can have been when it was read last. */
  get ceiling(): number {
    return this.#ceiling
  }

  start(): void {
    this.#looking = setInterval(() => this.nudge(), LOOKS_BY_ITSELF_MS)
    this.nudge()
  }

  /** Looks soon; never fails. */
  nudge(): void {
    this.look().catch((error: unknown) => {
      if (!this.#stopped) this.options.onFailure(error)
    })
  }

  /** Resolves when a look that began after this call has given out all there was. */
  look(): Promise<void> {
    if (this.#next) return this.#next
    const next = this.#current
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        return this.#stopped ? undefined : this.#read()
      })
    this.#next = next
    this.#current = next
    return next
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#looking)
    clearTimeout(this.#soon)
    await this.#current.catch(() => undefined)
  }

  async #read(): Promise<void> {
    for (;;) {
      const position = this.#position
      if (position === undefined) return this.#begin()
      const page = await readFeed(this.options.db, position, BATCH, this.#horizon)
      if (isLost(page, position)) return this.#begin()
      // Which transactions hold rows back is judged with caution: what was final once stays so.
      this.#position = Math.max(position, page.upTo)
      this.#ceiling = page.ceiling
      if (page.rows.length > 0) {
        this.#heldMs = HELD_MS.first
        await this.options.onRows(page.rows)
      }
      if (this.#stopped) return
      if (page.isFull) continue
      if (page.is_held) this.#lookAgainSoon()
      else this.#heldMs = HELD_MS.first
      if (!page.is_held_quickly) this.#horizon = 'quick'
      return
    }
  }

  /** Takes up the feed where it is now. */
  async #begin(): Promise<void> {
    const { db, onLost } = this.options
    for (let waitMs = HELD_MS.first; !this.#stopped; waitMs = Math.min(2 * waitMs, HELD_MS.most)) {
      await beginFeed(db)
      const { oldest, horizon, upTo, ceiling } = await readFeed(db, Number.MAX_SAFE_INTEGER, 1, 'exact')
      if (oldest !== null && oldest < horizon) {
        const isAgain = this.#position !== undefined
        this.#position = upTo
        this.#ceiling = ceiling
        if (isAgain) onLost(upTo)
        return
      }
      await new Promise(resolve => setTimeout(resolve, waitMs))
    }
  }

  #lookAgainSoon(): void {
    if (this.#soon) return
    if (this.#heldMs >= HELD_MS.exactFrom) this.#horizon = 'exact'
    this.#soon = setTimeout(() => {
      this.#soon = undefined
      this.nudge()
    }, this.#heldMs)
    this.#heldMs = Math.min(2 * this.#heldMs, HELD_MS.most)
  }
}

/** The table was emptied by a crash, trimmed further than this reader had read, or comes from a database that counted otherwise. */
const isLost = ({ oldest, ceiling }: FeedPage, position: number): boolean =>
  oldest === null || oldest > position || ceiling <= position
