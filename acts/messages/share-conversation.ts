import { shareWith } from '../../db/conversations.repository'
import { inTransaction } from '../../db/unit-of-work'
import { Refusal } from '../../domain/refusals'
import type { ActDeps, By } from '../deps'
import { openConversation, requirePerson } from './open-conversation'

/**
 * The reporter lets the present responder read what was written before their assignment; a second time changes nothing, and the next
 * responder begins without it again. Throws `NOBODY_ASSIGNED`, and `FORBIDDEN` for everybody but the reporter.
 */
export async function shareConversation(
  { db }: ActDeps,
  conversationId: string,
  by: By,
): Promise<{ providerId: string; sharedAt: Date }> {
  const person = requirePerson(by)
  return inTransaction(db, async trx => {
    const { seen, access } = await openConversation(trx, { conversationId }, person)
    if (!seen.is_reporter)
      throw new Refusal('FORBIDDEN', { detail: 'Only the reporter shares what was written before' })
    if (!access.mayWrite) throw new Refusal('CONVERSATION_CLOSED')
    if (seen.assignment_id === null || seen.assignee_id === null) throw new Refusal('NOBODY_ASSIGNED')
    const sharedAt = await shareWith(trx, { assignmentId: seen.assignment_id, sharedBy: person.id })
    return { providerId: seen.assignee_id, sharedAt }
  })
}
