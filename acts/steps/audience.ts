import { findLadderAudience } from '../../db/staff.repository'
import type { LadderAudience } from '../../domain/policy'
import type { IncidentChange } from '../incident-change'

/** The ids of those whom a step of the dispatch ladder wakes; a report has read who is on duty beforehand. */
export async function audienceOf(change: IncidentChange, who: LadderAudience): Promise<readonly string[]> {
  const { onDuty, trx } = change.grounds
  return who === 'dispatchers_on_duty' && onDuty ? onDuty : findLadderAudience(trx, who)
}
