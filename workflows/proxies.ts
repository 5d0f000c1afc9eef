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
 * Handing a notice to a vendor. One try may take 30 s, more than a mail server's longest answer that the adapter waits for. After
 * 15 min nobody is woken in time any more: the ladder has sent newer notices, and the inbox holds this one.
 */
export const { sendNotice } = proxyActivities<NoticeActivities>({
  startToCloseTimeout: '30 s',
  scheduleToCloseTimeout: '15 min',
  retry: { initialInterval: '2 s', backoffCoefficient: 2, maximumInterval: '1 min' },
})

/** Reading and closing a notice's rows: tried until the record answers, for nothing else closes the notice. */
export const { planNotice, giveUpNotice } = proxyActivities<NoticeActivities>({
  startToCloseTimeout: '10 s',
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 s' },
})
