import { ENGINE } from '../domain/actors'
import type { SignalName } from '../domain/signal-names'
import type { Snapshot } from '../domain/snapshot'
import { changeIncident } from './change-incident'
import type { ActDeps } from './deps'

export interface CarryOn {
  readonly incidentId: string
  /** The revision on which it was decided; on another one nothing is done. */
  readonly rev?: number
  /** Set when somebody else than the workflow carries on: the workflow must hear of it. */
  readonly signal?: SignalName
  /** Its workflow is due to look by itself, and so hears of this: it is told only if it has not within some seconds. */
  readonly looksItself?: boolean
  /** Look for candidates now, though the next look is not due: a provider became available. */
  readonly lookNow?: boolean
  /** Time-travel tests only: the workflow's time in milliseconds. */
  readonly at?: number
}

/**
 * Does what is due for an incident: the engine's only act, for timer, sweep and relay alike. Idempotent: a repeat meets another
 * revision, or finds nothing due, and answers the newest snapshot. An act that comes too early changes nothing; its snapshot says
 * how long to sleep.
 */
export async function carryOnIncident(
  deps: ActDeps,
  { incidentId, rev, signal, looksItself, lookNow, at }: CarryOn,
): Promise<Snapshot> {
  const by = { actor: ENGINE, ...(at === undefined ? {} : { at }) }
  const target = { incidentId, mayOffer: true, ...(rev === undefined ? {} : { rev }) }
  return changeIncident(deps, target, by, change => {
    if (signal) change.signal = signal
    if (looksItself) change.looksItself = true
    const { search } = change.state
    if (lookNow && search) change.patch({ search: { ...search, look_again_at: change.at } })
  })
}
