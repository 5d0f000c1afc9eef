import { findConversation, findConversationOf } from '../../db/conversations.repository'
import { markMessagesRead } from '../../db/messages.repository'
import { nudge } from '../../db/nudge'
import { inTransaction } from '../../db/unit-of-work'
import { requireReading } from '../../domain/conversations'
import { Refusal } from '../../domain/refusals'
import type { ActDeps, By } from '../deps'
import { requirePerson } from './open-conversation'

/** Notes that somebody has read one message; the first time counts, and one's own needs no reading. Throws `MESSAGE_NOT_FOUND`. */
export async function markMessageRead({ db }: ActDeps, messageId: string, by: By): Promise<void> {
  const person = requirePerson(by)
  await inTransaction(db, async trx => {
    const seen = await findConversationOf(trx, messageId, person.id)
    const { after } = requireReading(person.role, seen, 'MESSAGE_NOT_FOUND')
    if (!seen || seen.seq <= after) throw new Refusal('MESSAGE_NOT_FOUND')
    const reading = { conversationId: seen.id, readerId: person.id, after: seen.seq - 1, upTo: seen.seq }
    await markMessagesRead(trx, reading)
  })
  nudge(db)
}

/** Notes that somebody has read everything of a conversation that is there; answers how many messages were unread. */
export async function markConversationRead({ db }: ActDeps, conversationId: string, by: By): Promise<number> {
  const person = requirePerson(by)
  const unread = await inTransaction(db, async trx => {
    const seen = await findConversation(trx, conversationId, person.id)
    const { after } = requireReading(person.role, seen, 'CONVERSATION_NOT_FOUND')
    if (!seen) throw new Refusal('CONVERSATION_NOT_FOUND')
    return markMessagesRead(trx, { conversationId, readerId: person.id, after, upTo: seen.last_seq })
  })
  if (unread > 0) nudge(db)
  return unread
}
