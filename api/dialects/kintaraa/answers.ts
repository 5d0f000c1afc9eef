import { acceptOffer } from '../../../acts/accept-offer'
import type { ActDeps, By } from '../../../acts/deps'
import { rejectOffer } from '../../../acts/reject-offer'
import { handBack, startWork } from '../../../acts/work-incident'
import { Refusal } from '../../../domain/refusals'
import { REJECT_REASONS, type RejectReason } from '../../../domain/statuses'

/** What the app writes by itself. */
const STOCK_YES = 'Accepted assignment'
const STOCK_NO = 'Not available at this time'

/** To the app to accept is to start: a yes to an offer, or to a case that dispatch gave, and the beginning of the work. */
export async function acceptAndStart(
  acts: ActDeps,
  incidentId: string,
  notes: string | undefined,
  by: By,
): Promise<void> {
  await acceptOffer(acts, { incidentId }, by)
  await startWork(acts, incidentId, by, notes === STOCK_YES ? undefined : notes)
}

/** To the app to reject is to say no to an offer, or to give back a case that dispatch gave. */
export async function rejectOrHandBack(
  acts: ActDeps,
  incidentId: string,
  words: string | undefined,
  by: By,
): Promise<void> {
  const { reason, note } = reasonOf(words)
  try {
    await rejectOffer(acts, { incidentId, reason, note }, by)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    await handBack(acts, incidentId, note ?? reason, by).catch((second: unknown) => {
      throw second instanceof Refusal ? error : second
    })
  }
}

function reasonOf(words: string | undefined): { reason: RejectReason; note?: string } {
  if (words === undefined) return { reason: 'other' }
  if (words === STOCK_NO) return { reason: 'busy' }
  const reason = REJECT_REASONS.find(each => each === words)
  return reason ? { reason } : { reason: 'other', note: words }
}
