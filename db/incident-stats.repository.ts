import type { Status, Urgency } from '../domain/statuses'
import { OPEN_STATUSES } from '../domain/statuses'
import type { Database } from './database'
import { inScope, type Scope } from './incident-lists.repository'

/** How many incidents there are of one kind; `waited_seconds` is the sum over those that were `answered`. */
export interface IncidentFigures {
  readonly status: Status
  readonly urgency: Urgency
  readonly incident_type: string | null
  readonly count: number
  readonly answered: number
  readonly waited_seconds: number
}

/**
 * Counts of the incidents of this scope by status, urgency and type, in one statement. With `since`, only those that are open or were
 * reported since then: without it the whole table would be read for somebody who may see all of it.
 */
export async function readIncidentFigures(db: Database, scope: Scope, since: Date | null): Promise<IncidentFigures[]> {
  const query = db('incidents as i').where(inScope(scope)).groupBy('i.status', 'i.urgency', 'i.incident_type')
  if (since)
    void query.where(recent => void recent.whereIn('i.status', [...OPEN_STATUSES]).orWhere('i.created_at', '>', since))
  return query.select<IncidentFigures[]>(
    'i.status',
    'i.urgency',
    'i.incident_type',
    db.raw('count(*)::integer as count'),
    db.raw('count(i.assigned_at)::integer as answered'),
    db.raw('coalesce(sum(extract(epoch from i.assigned_at - i.reported_at)), 0)::double precision as waited_seconds'),
  )
}
