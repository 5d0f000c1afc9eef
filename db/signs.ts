import { ROLES, type Role } from '../domain/actors'
import { isUuid } from '../platform/ids'
import type { Database } from './database'

/** On this channel replicas say who is doing what at this moment; what is said is kept nowhere. */
export const SIGNS_CHANNEL = 'kesi_signs'

const KINDS = ['typing', 'typing_over', 'online', 'offline'] as const
export type SignKind = (typeof KINDS)[number]

/** Somebody shows themselves in a conversation. */
export interface Sign {
  readonly kind: SignKind
  readonly conversationId: string
  readonly userId: string
  readonly role: Role
}

/** Shows it to every replica, this one too. */
export async function showSign(db: Database, { kind, conversationId, userId, role }: Sign): Promise<void> {
  await db.raw(`select pg_notify('${SIGNS_CHANNEL}', ?)`, [`${kind} ${conversationId} ${userId} ${role}`])
}

/** What was heard; undefined when it is nothing of ours. */
export function signOf(payload: string): Sign | undefined {
  const [first, conversationId, userId, last] = payload.split(' ')
  const kind = KINDS.find(each => each === first)
  const role = ROLES.find(each => each === last)
  return kind && isUuid(conversationId) && isUuid(userId) && role ? { kind, conversationId, userId, role } : undefined
}
