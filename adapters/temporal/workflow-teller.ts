import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import type { SignalName } from '../../domain/signal-names'
import { msUntil, type Snapshot } from '../../domain/snapshot'
import type { TemporalLink } from '../../platform/temporal/connection'
import {
  INCIDENT_SIGNALS,
  INCIDENT_WORKFLOW,
  incidentWorkflowId,
  PRIORITY_OF_URGENCY,
  taskQueueName,
  type IncidentInput,
} from '../../workflows/contracts/incident'
import { lookSignal, NOTICE_WORKFLOW, noticeWorkflowId, type NoticeInput } from '../../workflows/contracts/notice'
import { searchAttributesOf } from '../../workflows/contracts/search-attributes'

/** A change that an incident's workflow should hear of. */
export interface Tiding {
  readonly snapshot: Snapshot
  readonly signal: SignalName
}

/** Where workflows are reached. */
export interface TellTarget {
  readonly link: Pick<TemporalLink, 'withDeadline'>
  /** The installation's prefix of task queues. */
  readonly queuePrefix: string | undefined
}

/**
 * A run that a tiding starts sleeps for this share of the wait for its deadline, or until the next tiding: most reports are answered long
 * before, and then the first workflow task, half of what a report costs the engine, has never been needed. The run is up well before the
 * deadline, so that it is kept as punctually as by one that never slept; each at a moment of its own, for they may be a thousand.
 */
const SLEEPS_FOR = { atLeast: 0.25, atMost: 0.5 } as const

/**
 * Tells an incident's workflow what is now, and starts it when it does not run, unless the incident is over and a run of it has ended: it
 * saw the end by itself. A repeat does no harm: the workflow ignores what is not newer than what it knows. Throws when Temporal did not
 * take it within 2 s.
 */
export async function tellIncident(target: TellTarget, { snapshot, signal }: Tiding): Promise<void> {
  await unlessStarted(() =>
    target.link.withDeadline(client =>
      client.workflow.signalWithStart(INCIDENT_WORKFLOW, {
        ...incidentStart(target, snapshot, firstTaskDelay(snapshot)),
        signal: INCIDENT_SIGNALS[signal],
        signalArgs: [snapshot],
      }),
    ),
  )
}

function firstTaskDelay({ next }: Snapshot): number {
  if (next === null) return 0
  const { atLeast, atMost } = SLEEPS_FOR
  return msUntil(next, Date.now()) * (atLeast + (atMost - atLeast) * Math.random())
}

/**
 * Starts an incident's workflow if it does not run, which it answers; one that runs is left alone. With `delayMs` its first task
 * comes that much later, or with the next signal. Throws when Temporal did not take it within 2 s.
 */
export async function startIncident(
  target: TellTarget,
  snapshot: Snapshot,
  { delayMs }: { readonly delayMs: number },
): Promise<'started' | 'runs_already'> {
  return unlessStarted(() =>
    target.link.withDeadline(client =>
      client.workflow.start(INCIDENT_WORKFLOW, incidentStart(target, snapshot, delayMs)),
    ),
  )
}

/**
 * Has a notice's workflow look at the record, and starts it when it does not run: urgent ones come first. Throws when Temporal did not
 * take it within 2 s.
 */
export async function tellNotice(target: TellTarget, notice: { id: string; isUrgent: boolean }): Promise<void> {
  const args: [NoticeInput] = [{ noticeId: notice.id }]
  await target.link.withDeadline(client =>
    client.workflow.signalWithStart(NOTICE_WORKFLOW, {
      workflowId: noticeWorkflowId(notice.id),
      // One that has ended is started again when there is something left to do after all.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      taskQueue: taskQueueName(target.queuePrefix, 'notices'),
      args,
      signal: lookSignal,
      signalArgs: [],
      priority: { priorityKey: PRIORITY_OF_URGENCY[notice.isUrgent ? 'urgent' : 'routine'] },
    }),
  )
}

function incidentStart({ queuePrefix }: TellTarget, snapshot: Snapshot, delayMs: number) {
  const args: [IncidentInput] = [{ incidentId: snapshot.id }]
  return {
    workflowId: incidentWorkflowId(snapshot.id),
    // A reopened incident searches anew under the same id; of one that is over a second run would have nothing to see.
    workflowIdReusePolicy: snapshot.open ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
    taskQueue: taskQueueName(queuePrefix, 'incidents'),
    args,
    typedSearchAttributes: searchAttributesOf(snapshot),
    priority: { priorityKey: PRIORITY_OF_URGENCY[snapshot.urgency] },
    staticSummary: `${snapshot.case_type}, ${snapshot.urgency}`,
    // What the Temporal UI shows until the first task says what is waited for.
    staticDetails: `At the start: ${snapshot.summary}`,
    ...(delayMs > 0 ? { startDelay: Math.round(delayMs) } : {}),
  } as const
}

/** Answers `runs_already` as well where one that has ended stands in the way. */
async function unlessStarted(start: () => Promise<unknown>): Promise<'started' | 'runs_already'> {
  try {
    await start()
    return 'started'
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'runs_already'
    throw error
  }
}
