import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow'
import type { IncidentActivities } from '../activities/incident.activities'
import type { NoticeActivities } from '../activities/notice.activities'

/**
 * Acts on the record: local, so that a step costs one marker instead of a task of its own. They are tried for 5 s: longer would
 * hold the workflow task open, deaf to signals; the workflow then waits on a timer. One try may take 2.5 s, so that a query that
 * hangs on a dead connection leaves time for another.
 */
export const incidentActs = proxyLocalActivities<IncidentActivities>({
  scheduleToCloseTimeout: '5 s',
  startToCloseTimeout: '2500 ms',
  retry: { initialInterval: '100 ms', backoffCoefficient: 2, maximumInterval: '1 s' },
})

/**
 * A step of a notice: reads, hands it to vendors, writes down what they said. A vendor may take 30 s, and after one that refuses the next
 * channel follows at once; a worker that is gone is noticed by its missing heartbeat. Vendors that fail are the step's own affair, so
 * it fails only while the record does not answer, and is tried until it does.
 */
export const { stepNotice } = proxyActivities<NoticeActivities>({
  startToCloseTimeout: '2 min',
  heartbeatTimeout: '10 s',
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 s' },
})
