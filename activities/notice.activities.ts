import { asyncLocalStorage } from '@temporalio/activity'
import { stepNotice, type NextLook, type NoticeDeps, type NoticeStepInput } from './notice-step'
import { shielded } from './shield'

/** Well within the time after which a step without a heartbeat counts as dead. */
const HEARTBEAT_MS = 2_000

/** The activities of the queue `notices`. */
export interface NoticeActivities {
  stepNotice(input: NoticeStepInput): Promise<NextLook>
}

/** What sends notices: words from the closed catalogue alone, and an address that is opened at the moment of sending. */
export function createNoticeActivities(deps: NoticeDeps): NoticeActivities {
  return {
    /** Idempotent: what has left is in the record, and a try that may still be under way is not repeated. */
    stepNotice: input =>
      shielded(deps.logger, { notice: input.noticeId }, () => withHeartbeat(() => stepNotice(deps, input))),
  }
}

/** Lets the server notice within seconds that this process is gone, however long a vendor may take. */
async function withHeartbeat<T>(work: () => Promise<T>): Promise<T> {
  const context = asyncLocalStorage.getStore()
  const beating = context && setInterval(() => context.heartbeat(), HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(beating)
  }
}
