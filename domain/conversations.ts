import type { Role } from './actors'
import { Refusal, type RefusalCode } from './refusals'
import { isOpen, type Status } from './statuses'

export const MESSAGE_TYPES = ['text', 'image', 'audio', 'file'] as const
export type MessageType = (typeof MESSAGE_TYPES)[number]

/** The longest text of one message, in characters. */
export const MESSAGE_CHARACTERS = 10_000

/** What an incident's rows say about somebody's part in its conversation. */
export interface Part {
  readonly is_reporter: boolean
  /** By an assignment that lives. */
  readonly is_assignee: boolean
  /** Was assigned once, whether still or no longer. */
  readonly was_assigned: boolean
  /** How many of the first messages were there before the present assignment and have not been shared with the assignee. */
  readonly hidden: number
  readonly status: Status
}

/** What somebody may do with a conversation. `ended` is answered with 403, `none` with 404. */
export type ConversationAccess =
  | { readonly kind: 'none' }
  | { readonly kind: 'ended' }
  | {
      readonly kind: 'open'
      /** Messages with a greater sequence number are theirs to read. */
      readonly after: number
      readonly mayWrite: boolean
      /** Does each view leave a line in the access log? */
      readonly isLogged: boolean
    }
export type OpenAccess = Extract<ConversationAccess, { kind: 'open' }>

/**
 * Who reads and writes what of an incident's conversation: its reporter and dispatch everything, a responder what came after their
 * assignment, or what was shared with them, while it lives. When the incident is over it is read-only, and over for the responder.
 */
export function conversationAccess(role: Role, part: Part): ConversationAccess {
  const mayWrite = isOpen(part.status)
  if (part.is_reporter) return { kind: 'open', after: 0, mayWrite, isLogged: false }
  if (role === 'dispatcher' || role === 'admin') return { kind: 'open', after: 0, mayWrite, isLogged: true }
  if (role !== 'provider') return { kind: 'none' }
  if (part.is_assignee && mayWrite) return { kind: 'open', after: part.hidden, mayWrite, isLogged: false }
  return part.was_assigned ? { kind: 'ended' } : { kind: 'none' }
}

/** The access that lets somebody read; throws `ACCESS_ENDED`, or `missing` for whoever never had any or asks for nothing. */
export function requireReading(role: Role, part: Part | undefined, missing: RefusalCode): OpenAccess {
  const access: ConversationAccess = part ? conversationAccess(role, part) : { kind: 'none' }
  switch (access.kind) {
    case 'none':
      throw new Refusal(missing)
    case 'ended':
      throw new Refusal('ACCESS_ENDED')
    case 'open':
      return access
  }
}

/** Who hears of a new message: the others in the conversation and whom it is meant for; nobody there means dispatch. */
export function hearersOf(message: {
  readonly senderId: string
  readonly receiverId: string | null
  readonly reporterId: string | null
  readonly assigneeId: string | null
}): readonly string[] | 'dispatch' {
  const { senderId, receiverId, reporterId, assigneeId } = message
  const others = [reporterId, assigneeId, receiverId].filter(id => id !== null).filter(id => id !== senderId)
  return others.length > 0 ? [...new Set(others)] : 'dispatch'
}
