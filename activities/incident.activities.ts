import { carryOnIncident } from '../acts/carry-on-incident'
import type { ActDeps } from '../acts/deps'
import { STEP_KINDS, type StepKind } from '../domain/next-step'
import type { Snapshot } from '../domain/snapshot'
import { shielded } from './shield'

export interface CarryOnInput {
  readonly incidentId: string
  /** The revision on which the workflow decided; left out to see the record first. */
  readonly rev?: number
  /** The workflow's time in milliseconds; counts in time-travel tests alone. */
  readonly at: number
}

type CarryOn = (input: CarryOnInput) => Promise<Snapshot>

/** What the incident's workflow has done: named for what is due, so that a history reads as a story. */
export type IncidentActivities = Readonly<Record<StepKind | 'lookAtIncident', CarryOn>>

/** The activities of the queue `incidents`. All are the engine's one act, which finds out under the lock what is due. */
export function createIncidentActivities(deps: ActDeps): IncidentActivities {
  /**
   * Idempotent: the act does nothing on another revision than `rev`, and nothing that is not due, so a repeat answers the newest
   * snapshot. Fails for good with `INCIDENT_NOT_FOUND`; everything else is worth another try.
   */
  const carryOn: CarryOn = ({ incidentId, rev, at }) =>
    shielded(deps.logger, { incident: incidentId }, () =>
      carryOnIncident(deps, {
        incidentId,
        ...(rev === undefined ? {} : { rev }),
        ...(deps.timeTravel ? { at } : {}),
      }),
    )
  const names = [...STEP_KINDS, 'lookAtIncident'] as const
  return Object.fromEntries(names.map(name => [name, carryOn])) as IncidentActivities
}
