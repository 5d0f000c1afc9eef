import type { Logger } from '../../platform/logger'
import type { Tiding } from './workflow-teller'

/** What a teller needs; given by the process that has it. */
export interface TellerDeps {
  /** Sends one tiding; a rejection means that Temporal did not take it. */
  readonly send: (tiding: Tiding) => Promise<void>
  /** Marks in the record what was heard, so that the relay does not send it again. */
  readonly markHeard: (heard: readonly { readonly incidentId: string; readonly rev: number }[]) => Promise<void>
  /** What waited here for so many milliseconds is left to the relay, which would send it too; infinite where no relay runs. */
  readonly relayAfterMs: number
  /** How long a tiding waits for newer ones of its incident; `GATHER_MS` without it. */
  readonly gatherMs?: number | undefined
  readonly logger: Logger
}

/** The relay takes what is not marked a second after its commit (see `change.writer.ts`): a little before, it is no longer sent here. */
export const RELAY_TAKES_AFTER_MS = 900

/**
 * Calls to Temporal at once. In a burst each one more takes processor time from people who wait for an answer, while what is told
 * later is only newer: eight at once cost a third more in all than two.
 */
const SENT_AT_ONCE = 2
/**
 * How long a tiding waits for newer ones of its incident: of acts that follow each other at once only the newest is worth a signal. A
 * workflow only waits for deadlines, the shortest of which are seconds, and hears well within the second that is promised.
 */
const GATHER_MS = 400
/** How long it keeps silent after a failed call; the relay sends what is dropped meanwhile. */
const SILENT_MS = 1_000
/** Marks are collected for as long as this, so that a burst is marked by a few statements. */
const MARK_AFTER_MS = 20

interface Waiting {
  readonly tiding: Tiding
  /** Since when the incident waits, by this process's clock. */
  readonly since: number
}

/**
 * Tells workflows of changes soon after their commit, best effort. It holds one entry an incident, the newest, urgent ones first;
 * at the first failed call everything is dropped and it keeps silent for a second, for the relay sends whatever is not marked. In a burst it
 * leaves to the relay what it cannot send in time: told by both, each incident would cost the engine twice.
 */
export class Teller {
  readonly #waiting = { urgent: new Map<string, Waiting>(), routine: new Map<string, Waiting>() }
  readonly #sending = new Map<string, Promise<void>>()
  readonly #heard = new Map<string, number>()
  #waking: NodeJS.Timeout | undefined
  #silentUntil = 0
  #marking: Promise<void> | undefined
  #isClosed = false

  constructor(private readonly deps: TellerDeps) {}

  /** Takes a tiding to be told soon; returns at once and never throws. */
  tell(tiding: Tiding): void {
    if (this.#isClosed || performance.now() < this.#silentUntil) return
    const { id, rev, urgency } = tiding.snapshot
    const { urgent, routine } = this.#waiting
    const known = urgent.get(id) ?? routine.get(id)
    if (known && known.tiding.snapshot.rev >= rev) return
    // One that is replaced keeps its place: the queues are in the order of waiting.
    if (known) this.#waiting[urgency === 'urgent' ? 'routine' : 'urgent'].delete(id)
    this.#waiting[urgency].set(id, { tiding, since: known?.since ?? performance.now() })
    this.#sendNext()
  }

  /** Sends nothing new, and resolves when what was sent is marked. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#waking)
    this.#drop()
    while (this.#sending.size > 0 || this.#marking) await Promise.all([...this.#sending.values(), this.#marking])
  }

  #sendNext(): void {
    while (this.#sending.size < SENT_AT_ONCE) {
      const tiding = this.#takeNext()
      if (!tiding) return
      this.#sending.set(tiding.snapshot.id, this.#send(tiding))
    }
  }

  /** The next that has gathered for long enough and is not being told already: two signals of one incident must not overtake each other. */
  #takeNext(): Tiding | undefined {
    const { gatherMs = GATHER_MS } = this.deps
    const now = performance.now()
    let ripeAt = Infinity
    for (const queue of [this.#waiting.urgent, this.#waiting.routine]) {
      for (const [id, { tiding, since }] of queue) {
        if (since + gatherMs > now) {
          ripeAt = Math.min(ripeAt, since + gatherMs)
          break
        }
        if (this.#sending.has(id)) continue
        queue.delete(id)
        if (since >= now - this.deps.relayAfterMs) return tiding
      }
    }
    if (ripeAt < Infinity) this.#wakeAt(ripeAt)
    return undefined
  }

  #wakeAt(time: number): void {
    this.#waking ??= setTimeout(() => {
      this.#waking = undefined
      this.#sendNext()
    }, time - performance.now())
  }

  async #send(tiding: Tiding): Promise<void> {
    const { id, rev } = tiding.snapshot
    try {
      await this.deps.send(tiding)
      this.#heard.set(id, Math.max(rev, this.#heard.get(id) ?? 0))
      this.#marking ??= this.#markSoon()
    } catch (error) {
      this.#fallSilent(error)
    } finally {
      this.#sending.delete(id)
      this.#sendNext()
    }
  }

  #fallSilent(error: unknown): void {
    this.#silentUntil = performance.now() + SILENT_MS
    this.deps.logger.debug({ err: error, dropped: this.#drop() }, 'Temporal was not told; the relay does it')
  }

  #drop(): number {
    const { urgent, routine } = this.#waiting
    const dropped = urgent.size + routine.size
    urgent.clear()
    routine.clear()
    return dropped
  }

  async #markSoon(): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, MARK_AFTER_MS))
    const heard = [...this.#heard].map(([incidentId, rev]) => ({ incidentId, rev }))
    this.#heard.clear()
    try {
      await this.deps.markHeard(heard)
    } catch (error) {
      // They are told once more by the relay, which does no harm.
      this.deps.logger.debug({ err: error }, 'what was told could not be marked')
    }
    this.#marking = this.#heard.size > 0 ? this.#markSoon() : undefined
  }
}
