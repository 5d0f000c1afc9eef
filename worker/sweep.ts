import { carryOnIncident } from '../acts/carry-on-incident'
import { tellIncident } from '../adapters/temporal/workflow-teller'
import { readSnapshots } from '../db/relay.repository'
import { leaseOverdue, type Overdue } from '../db/sweep.repository'
import type { EngineDeps } from './engine-deps'
import { forEachOf, startLoop, type Loop } from './loop'

const PAUSE_MS = 1_000
/** At most so many a pass, which is a second: a repair must not crowd out live work. */
const SWEPT_A_PASS = 50
/** I1: a deadline may pass unhandled for 10 s. A workflow that was told has half a minute before it is told again. */
const REPAIR = { overdueSeconds: 10, againSeconds: 30, limit: SWEPT_A_PASS }
/** While Temporal is away nobody else keeps the deadlines, so they are kept here as they come. */
const STAND_IN = { overdueSeconds: 1, againSeconds: 5, limit: SWEPT_A_PASS }
/** Temporal has this long to come back before its work is done here. */
const AWAY_MS = 30_000
/** A workflow that was told and still does nothing is stuck, for one because its code cannot replay: its work is done here. */
const STUCK_MS = 60_000
const ACTS_AT_ONCE = 10

/**
 * Takes the incidents whose deadline has passed unhandled (I1's own list). Telling the workflow makes a missing run and repairs it;
 * when Temporal has been out of reach for 30 s, or a workflow does not do its work, the sweep does what is due itself: the same act,
 * safe from anywhere.
 */
export function startSweep(deps: EngineDeps): Loop {
  return startLoop('sweep', deps.acts.logger, async stopping => {
    await deps.reach.check()
    await sweepOnce(deps, stopping)
    return PAUSE_MS
  })
}

/** One pass; answers how many were told and how many were carried on here. */
export async function sweepOnce(
  deps: EngineDeps,
  stopping?: AbortSignal,
): Promise<{ told: number; carriedOn: number }> {
  const isAway = deps.reach.outForMs >= AWAY_MS
  // It may be back in a moment: what would be taken now could not be taken then.
  if (deps.reach.isSilent && !isAway) return { told: 0, carriedOn: 0 }
  const overdue = await leaseOverdue(deps.acts.db, isAway ? STAND_IN : REPAIR)
  const isOurs = ({ overdue_ms }: Overdue): boolean => isAway || overdue_ms > STUCK_MS
  const ours = overdue.filter(isOurs)
  const told = await tellAll(
    deps,
    overdue.filter(each => !isOurs(each)),
    stopping,
  )
  await forEachOf(ours, { atOnce: ACTS_AT_ONCE, ...(stopping && { stopping }) }, ({ id }) => carryOn(deps, id))
  return { told, carriedOn: ours.length }
}

async function tellAll(
  { acts, target, reach }: EngineDeps,
  overdue: readonly Overdue[],
  stopping: AbortSignal | undefined,
): Promise<number> {
  const snapshots = await readSnapshots(
    acts.db,
    acts.policies,
    overdue.map(each => each.id),
  )
  await forEachOf([...snapshots.values()], { atOnce: ACTS_AT_ONCE, ...(stopping && { stopping }) }, async snapshot => {
    try {
      await reach.through(() => tellIncident(target, { snapshot, signal: 'reported' }))
      acts.logger.info(
        { incident: snapshot.id, step: snapshot.next?.kind },
        'an overdue incident was told to its workflow',
      )
    } catch (error) {
      acts.logger.warn({ err: error, incident: snapshot.id }, 'an overdue incident could not be told to its workflow')
    }
  })
  return snapshots.size
}

async function carryOn({ acts }: EngineDeps, incidentId: string): Promise<void> {
  try {
    const { rev } = await carryOnIncident(acts, { incidentId, signal: 'statusChanged' })
    acts.logger.info({ incident: incidentId, rev }, 'an overdue incident was carried on without its workflow')
  } catch (error) {
    acts.logger.warn({ err: error, incident: incidentId }, 'an overdue incident could not be carried on')
  }
}
