import { defineQuery, defineSignal } from '@temporalio/workflow'
import type { Snapshot } from '../../domain/snapshot'

/** The one argument of `incidentWorkflow`: an id, and nothing that could name a person. */
export interface IncidentInput {
  readonly incidentId: string
}

/** The workflow type's name. */
export const INCIDENT_WORKFLOW = 'incidentWorkflow'
/** The workflow id of an incident; random by the incident's own id (S19). */
export const incidentWorkflowId = (incidentId: string): string => `incident:${incidentId}`

/**
 * Signals are named for what people did. Each carries the record's snapshot after the act: an older one than seen is ignored,
 * a repeated or missing one does no harm.
 */
export const offerAnsweredSignal = defineSignal<[Snapshot]>('offerAnswered')
export const statusChangedSignal = defineSignal<[Snapshot]>('statusChanged')
export const overriddenSignal = defineSignal<[Snapshot]>('overridden')
export const providerAvailableSignal = defineSignal<[Snapshot]>('providerAvailable')
/** Sent with the start of a run: the report, a reopening, or the repair of a missing run. */
export const reportedSignal = defineSignal<[Snapshot]>('reported')

export const INCIDENT_SIGNALS = {
  reported: reportedSignal,
  offerAnswered: offerAnsweredSignal,
  statusChanged: statusChangedSignal,
  overridden: overriddenSignal,
  providerAvailable: providerAvailableSignal,
} as const

/** For operators only, never for a screen: what the workflow believes. */
export const incidentStoryQuery = defineQuery<{ snapshot: Snapshot | null; waitingFor: string }>('story')

/** Task queues, before the installation's prefix. */
export const TASK_QUEUES = { incidents: 'incidents', notices: 'notices' } as const
/** The queue's name in this installation: its prefix keeps two installations apart that share a namespace. */
export const taskQueueName = (prefix: string | undefined, queue: keyof typeof TASK_QUEUES): string =>
  prefix === undefined ? TASK_QUEUES[queue] : `${prefix}-${TASK_QUEUES[queue]}`
/** Urgent work first: Temporal's priority key, 1 is highest. */
export const PRIORITY_OF_URGENCY = { urgent: 1, routine: 3 } as const
