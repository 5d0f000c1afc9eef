import { countIncidentRuns } from '../adapters/temporal/incident-runs'
import { startIncident } from '../adapters/temporal/workflow-teller'
import { readBacklog, readSnapshots } from '../db/relay.repository'
import { countOpenIncidents, listOpenIncidents, type OpenIncident } from '../db/sweep.repository'
import { forEachOf, pause, startLoop, type Loop } from '../platform/loop'
import type { EngineDeps } from './engine-deps'

/** At most so many a second: more would crowd out live work. A run that waits for its deadline costs no task, so there may be more. */
const A_SECOND = { atOnce: 50, delayed: 100 } as const
const STARTED_AT_ONCE = 5
/** An incident due later than this needs no task now; its run is started with the delay. What is due meanwhile the sweep does. */
const LATER_MS = 60_000
/** Live signals go first, but a relay that does not run must not stop a rebuild for ever. */
const WAITS_FOR_SIGNALS = 30
const OFTEN_ENOUGH_MS = 5_000

export interface Rebuilt {
  readonly open: number
  readonly started: number
  readonly ran: number
}

/**
 * Starts a run for every open incident that has none: urgent first, by deadline, at most 50 a second, 100 of those that wait, live signals before them. A
 * repeat, or several at once, are harmless: a run that is there is left alone. Goes on when Temporal is away for a while.
 */
export async function rebuildRuns(
  deps: EngineDeps,
  { say, stopping = new AbortController().signal }: { say: (line: string) => void; stopping?: AbortSignal },
): Promise<Rebuilt> {
  const incidents = await listOpenIncidents(deps.acts.db)
  const done = { started: 0, ran: 0 }
  say(`${incidents.length} open incidents`)
  for (let upTo = 0; upTo < incidents.length && !stopping.aborted;) {
    await liveSignalsFirst(deps, stopping)
    const second = pause(1_000, stopping)
    const batch = batchFrom(incidents, upTo)
    await startBatch(deps, batch, done, stopping)
    upTo += batch.length
    if (upTo < incidents.length) await second
    say(`${upTo} of ${incidents.length}: ${done.started} started, ${done.ran} ran`)
  }
  return { open: incidents.length, ...done }
}

/** The next second's: as many as may be started at once, or more when all of them wait for their deadline. */
function batchFrom(incidents: readonly OpenIncident[], from: number): readonly OpenIncident[] {
  const batch = incidents.slice(from, from + A_SECOND.delayed)
  return batch.every(incident => delayOf(incident) > 0) ? batch : batch.slice(0, A_SECOND.atOnce)
}

async function liveSignalsFirst({ acts }: EngineDeps, stopping: AbortSignal): Promise<void> {
  for (let waited = 0; waited < WAITS_FOR_SIGNALS && !stopping.aborted; waited++) {
    const { oldest_ms } = await readBacklog(acts.db)
    // Younger ones are on their way from the API.
    if (oldest_ms < 2_000) return
    await pause(1_000, stopping)
  }
}

async function startBatch(
  { acts, target, reach }: EngineDeps,
  batch: readonly OpenIncident[],
  done: { started: number; ran: number },
  stopping: AbortSignal,
): Promise<void> {
  const snapshots = await readSnapshots(
    acts.db,
    acts.policies,
    batch.map(each => each.id),
  )
  await forEachOf(batch, { atOnce: STARTED_AT_ONCE, stopping }, async incident => {
    const snapshot = snapshots.get(incident.id)
    if (!snapshot?.open) return
    const how = await untilTaken(deps => startIncident(deps, snapshot, { delayMs: delayOf(incident) }))
    if (how === 'started') done.started += 1
    else if (how === 'runs_already') done.ran += 1
  })

  async function untilTaken<T>(start: (to: typeof target) => Promise<T>): Promise<T | undefined> {
    while (!stopping.aborted) {
      try {
        return await reach.through(() => start(target))
      } catch (error) {
        acts.logger.warn({ err: error }, 'a run could not be started; it is tried again')
        await pause(1_000, stopping)
      }
    }
    return undefined
  }
}

const delayOf = ({ status, due_in_ms }: OpenIncident): number =>
  due_in_ms !== null && (due_in_ms > LATER_MS || status === 'completed') ? Math.max(0, due_in_ms) : 0

/**
 * With fewer runs than this share of the open incidents, Temporal's store was lost. It is not asked for none at all: whoever acts in
 * the seconds before the question has had a run started for their incident.
 */
const LOST_BELOW = 0.5

/**
 * Watches for a Temporal that does not know the open incidents, at start and whenever it comes back, for its store may have been
 * lost meanwhile, and rebuilds.
 */
export function startRebuildWatch(deps: EngineDeps): Loop {
  let checkedAt = -1
  return startLoop('rebuild', deps.acts.logger, async stopping => {
    const { reach, acts, target } = deps
    const { returns, isSilent } = reach
    if (isSilent || checkedAt === returns) return OFTEN_ENOUGH_MS
    const open = await countOpenIncidents(acts.db)
    const runs = open === 0 ? 0 : await countIncidentRuns(target.link, target.queuePrefix)
    if (runs < open * LOST_BELOW) {
      acts.logger.warn({ open, runs }, 'Temporal does not know the open incidents: their runs are started again')
      const rebuilt = await rebuildRuns(deps, {
        say: line => acts.logger.info({ progress: line }, 'rebuilding'),
        stopping,
      })
      acts.logger.info({ ...rebuilt }, 'rebuilt')
    }
    checkedAt = returns
    return OFTEN_ENOUGH_MS
  })
}
