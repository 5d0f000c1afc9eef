import {
  findConversation,
  lockConversation,
  type ConversationSeen,
  type ConversationTarget,
} from '../../db/conversations.repository'
import type { Transaction } from '../../db/database'
import type { Actor } from '../../domain/actors'
import { requireReading, type OpenAccess } from '../../domain/conversations'
import { Refusal, type RefusalCode } from '../../domain/refusals'
import type { By } from '../deps'

export type Person = Extract<Actor, { kind: 'person' }>

/** Whoever acts on messages; the engine writes none. */
export function requirePerson({ actor }: By): Person {
  if (actor.kind !== 'person') throw new Error('the engine has no part in conversations')
  return actor
}

/**
 * Locks a conversation, made if need be, and judges afterwards what this person may do with it: an accept or a hand-over that was
 * committed before is seen. Throws 404 for strangers and `ACCESS_ENDED` for former responders.
 */
export async function openConversation(
  trx: Transaction,
  target: ConversationTarget,
  person: Person,
): Promise<{ seen: ConversationSeen; access: OpenAccess }> {
  const missing: RefusalCode = 'incidentId' in target ? 'INCIDENT_NOT_FOUND' : 'CONVERSATION_NOT_FOUND'
  const id = await lockConversation(trx, target)
  const seen = id === undefined ? undefined : await findConversation(trx, id, person.id)
  const access = requireReading(person.role, seen, missing)
  if (!seen) throw new Refusal(missing)
  return { seen, access }
}
