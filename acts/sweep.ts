import { leaseOverdue, type Overdue } from '../db/sweep.repository'
import { forEachOf, startLoop, type Loop } from '../platform/loop'
import { carryOnIncident } from './carry-on-incident'
import type { ActDeps } from './deps'

/** Between two looks, each of which reads one index: where no workflow keeps a deadline, it is kept so much later at the most. */
const PAUSE_MS = 500
/** Taken at once; while there are more, the next pass follows at once. */
const SWEPT_A_PASS = 50
/**
 * A workflow does what is due within some tenths of a second, under load within one. One that has not after two is missing, stuck or
 * buried, for one because a thousand deadlines came in one instant, and is not waited for. It is not told either: one that is only late
 * finds out when it looks, and one that is missing is made by the relay, some seconds later. What could not be done is tried again after 5 s.
 */
const RULES = { overdueSeconds: 2, againSeconds: 5, limit: SWEPT_A_PASS }
/** More would hold the database's connections, and the processor, from live work. */
const ACTS_AT_ONCE = 4

/**
 * Does what is due and was left undone: the act of the workflow itself, which is safe from anywhere. So a deadline is kept although
 * Temporal is away, a run is missing or cannot go on, or more is due at once than workflows can do. Every API and every worker does it,
 * so that one process that lives is enough.
 */
export function startSweep(acts: ActDeps): Loop {
  return startLoop('sweep', acts.logger, async stopping => {
    const swept = await sweepOnce(acts, stopping)
    return swept === SWEPT_A_PASS ? 0 : PAUSE_MS
  })
}

/** One pass; answers how many incidents were taken. */
export async function sweepOnce(acts: ActDeps, stopping?: AbortSignal): Promise<number> {
  const overdue = await leaseOverdue(acts.db, RULES)
  await forEachOf(overdue, { atOnce: ACTS_AT_ONCE, ...(stopping && { stopping }) }, each => carryOn(acts, each))
  return overdue.length
}

async function carryOn(acts: ActDeps, { id: incidentId, rev }: Overdue): Promise<void> {
  try {
    const snapshot = await carryOnIncident(acts, { incidentId, signal: 'statusChanged', looksItself: true })
    // It left no event that the relay could tell of, for one when nobody could be found again: being told makes a run that is missing.
    if (snapshot.rev === rev) acts.tell({ snapshot, signal: 'statusChanged' })
    acts.logger.info({ incident: incidentId, rev: snapshot.rev }, 'an overdue incident was carried on by the sweep')
  } catch (error) {
    acts.logger.warn({ err: error, incident: incidentId }, 'an overdue incident could not be carried on')
  }
}
