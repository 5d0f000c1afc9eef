import {
  ActivityFailure,
  ApplicationFailure,
  condition,
  getCurrentDetails,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow'
import type { RefusalCode } from '../domain/refusals'
import { msUntil, type Snapshot } from '../domain/snapshot'
import type { StepKind } from '../domain/next-step'
import { INCIDENT_SIGNALS, incidentStoryQuery } from './contracts/incident'
import { searchAttributesOf } from './contracts/search-attributes'
import { incidentActs } from './proxies'

/** How long to wait, in seconds, before the record is asked again that did not answer; then every 30 s. */
const RECORD_AWAY_SECONDS = [1, 2, 5, 10, 30] as const
/** The least pause after an act that came too early: clocks differ, and a loop without a pause would spin. */
const TOO_EARLY_PAUSE_MS = 50
const MISSING: RefusalCode = 'INCIDENT_NOT_FOUND'

type Due = StepKind | 'lookAtIncident'

/** What a run of `incidentWorkflow` knows: the newest snapshot and when to act on it. Everything in it came from the record. */
export class IncidentWatch {
  #snapshot: Snapshot | null = null
  #isMissing = false
  /** Workflow time in milliseconds; infinite when nothing is timed. */
  #actAt = 0
  #changes = 0
  #failures = 0

  constructor(private readonly incidentId: string) {
    for (const signal of Object.values(INCIDENT_SIGNALS)) setHandler(signal, snapshot => this.#hear(snapshot))
    setHandler(incidentStoryQuery, () => ({ snapshot: this.#snapshot, waitingFor: getCurrentDetails() }))
  }

  /** Is there something left to do? Also while the record has not been seen yet. */
  get isOpen(): boolean {
    return !this.#isMissing && (this.#snapshot === null || this.#snapshot.open)
  }

  get historyIsLong(): boolean {
    return workflowInfo().continueAsNewSuggested
  }

  /** The activity to call now; null when it is time to sleep. A run that was started without a snapshot looks first. */
  get whatIsDue(): Due | null {
    if (Date.now() < this.#actAt) return null
    return this.#snapshot === null ? 'lookAtIncident' : (this.#snapshot.next?.kind ?? null)
  }

  /** Sleeps until the deadline, until somebody changes something, or until the history should be left behind. */
  async changeOrDeadline(): Promise<void> {
    const seen = this.#changes
    const isChanged = (): boolean => this.#changes !== seen || this.historyIsLong
    if (this.#actAt === Infinity) await condition(isChanged)
    else await condition(isChanged, this.#actAt - Date.now(), { summary: getCurrentDetails() })
  }

  /** Has the record do what is due: one transaction, whose answer is the new snapshot. */
  async perform(due: Due): Promise<void> {
    const before = this.#snapshot
    const input = { incidentId: this.incidentId, at: Date.now(), ...(before && { rev: before.rev }) }
    try {
      const summary = before?.summary ?? 'looks at the record'
      this.#take(await incidentActs[due].executeWithOptions({ summary }, [input]), before)
    } catch (error) {
      if (isCancellation(error)) throw error
      if (isMissing(error)) this.#isMissing = true
      else this.#waitForRecord()
    }
  }

  /** A signal: somebody's act is a fact. One that is not newer than what is known says nothing. */
  #hear(snapshot: Snapshot): void {
    if (this.#snapshot !== null && snapshot.rev <= this.#snapshot.rev) return
    const { next } = snapshot
    const now = Date.now()
    this.#know(snapshot, next === null ? Infinity : now + msUntil(next, now))
  }

  /** An activity's answer is the record itself, so it counts also on the same revision, unless a signal has overtaken it. */
  #take(answer: Snapshot, before: Snapshot | null): void {
    if (this.#snapshot !== null && this.#snapshot !== before && answer.rev < this.#snapshot.rev) return
    const { next } = answer
    if (next === null) return this.#know(answer, Infinity)
    const now = Date.now()
    // Nothing was done: by the record's clock it was too early, and only that clock says how much.
    if (answer.rev === before?.rev) return this.#know(answer, now + Math.max(TOO_EARLY_PAUSE_MS, next.in_ms))
    this.#know(answer, now + msUntil(next, now))
  }

  #know(snapshot: Snapshot, actAt: number): void {
    this.#snapshot = snapshot
    this.#actAt = actAt
    this.#changes += 1
    this.#failures = 0
    setCurrentDetails(snapshot.summary)
    showInSearch(snapshot)
  }

  #waitForRecord(): void {
    const seconds = RECORD_AWAY_SECONDS[Math.min(this.#failures, RECORD_AWAY_SECONDS.length - 1)] ?? 0
    this.#failures += 1
    this.#actAt = Date.now() + seconds * 1000
    setCurrentDetails(`the record does not answer, asking again in ${seconds} s`)
  }
}

/** A local activity's failure comes as it was thrown; should a later SDK wrap it, as it does a remote one's, it is found all the same. */
function isMissing(error: unknown): boolean {
  const thrown = error instanceof ActivityFailure ? error.cause : error
  return thrown instanceof ApplicationFailure && thrown.type === MISSING
}

/** An upsert is an event of its own, so only what changed is sent. */
function showInSearch(snapshot: Snapshot): void {
  const known = workflowInfo().typedSearchAttributes
  const changed = searchAttributesOf(snapshot).filter(({ key, value }) => !isSame(known.get(key), value))
  if (changed.length > 0) upsertSearchAttributes(changed)
}

const isSame = (known: unknown, value: unknown): boolean =>
  known instanceof Date && value instanceof Date ? known.getTime() === value.getTime() : known === value
