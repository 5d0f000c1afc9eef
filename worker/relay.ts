import { tellIncident } from '../adapters/temporal/workflow-teller'
import { leaseUnheard, markHeard, readSnapshots, returnLeases, type Mark } from '../db/relay.repository'
import { isTemporalUnreachable } from '../platform/temporal/connection'
import { forEachOf, startLoop, type Loop } from '../platform/loop'
import type { EngineDeps } from './engine-deps'

/** So many are taken at once: sent within their lease of 10 s even when each call takes a third of a second. */
const BATCH = 200
const SENT_AT_ONCE = 8
const BUSY_PAUSE_MS = 250
const IDLE_PAUSE_MS = 1_000

/**
 * Sends what is left unsent: changes of which a workflow has not heard. Any number of relays share the work; each leases what it sends,
 * so that nothing is sent twice without need.
 */
export function startRelay(deps: EngineDeps): Loop {
  return startLoop('relay', deps.acts.logger, async stopping => {
    if (deps.reach.isSilent) return IDLE_PAUSE_MS
    return (await relayChanges(deps, stopping)) > 0 ? BUSY_PAUSE_MS : IDLE_PAUSE_MS
  })
}

/** One pass over the changes: one signal an incident, with its newest snapshot, marks everything up to that revision. */
export async function relayChanges({ acts, target, reach }: EngineDeps, stopping?: AbortSignal): Promise<number> {
  const unheard = await leaseUnheard(acts.db, BATCH)
  const snapshots = await readSnapshots(
    acts.db,
    acts.policies,
    unheard.map(each => each.incidentId),
  )
  const heard: Mark[] = []
  const outcome = await sendAll(unheard, { reach, stopping }, async ({ incidentId, signal }) => {
    const snapshot = snapshots.get(incidentId)
    if (!snapshot) return
    await tellIncident(target, { snapshot, signal })
    heard.push({ incidentId, rev: snapshot.rev })
  })
  for (const { item, error } of outcome.refused)
    acts.logger.error({ err: error, incident: item.incidentId }, 'Temporal refuses a signal; it is sent again')
  await markHeard(acts.db, heard)
  if (outcome.isOut) {
    const told = new Set(heard.map(mark => mark.incidentId))
    await returnLeases(
      acts.db,
      unheard.map(each => each.incidentId).filter(id => !told.has(id)),
    )
  }
  return unheard.length
}

interface Outcome<T> {
  /** Temporal went away: the rest was not sent. */
  readonly isOut: boolean
  /** Temporal answered, but would not take these: something is wrong with them, or with its configuration. */
  readonly refused: readonly { readonly item: T; readonly error: unknown }[]
}

/** Sends each to Temporal by `send`, some at a time, and leaves off when Temporal goes away. */
export async function sendAll<T>(
  items: readonly T[],
  { reach, stopping }: { readonly reach: EngineDeps['reach']; readonly stopping: AbortSignal | undefined },
  send: (item: T) => Promise<void>,
): Promise<Outcome<T>> {
  const refused: { item: T; error: unknown }[] = []
  let isOut = false
  await forEachOf(items, { atOnce: SENT_AT_ONCE, ...(stopping && { stopping }) }, async item => {
    if (isOut) return
    try {
      await reach.through(() => send(item))
    } catch (error) {
      if (isTemporalUnreachable(error)) isOut = true
      else refused.push({ item, error })
    }
  })
  if (isOut) await reach.check()
  return { isOut, refused }
}
