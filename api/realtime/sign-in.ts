import { isStaff } from '../../acts/accounts/account-words'
import type { SignInDeps } from '../../acts/accounts/deps'
import { findAllSignedIn, findSignedIn, touchSession } from '../../db/sessions.repository'
import { takeTicket } from '../../db/ws-tickets.repository'
import { permits, type Permission } from '../../domain/permissions'
import { Refusal, type RefusalCode } from '../../domain/refusals'
import { digestToken } from '../../platform/tokens'
import { authenticate, sessionFault } from '../authenticate'
import type { SignedIn } from '../route'
import { requireSecondFactor } from '../second-factor'

/** Whoever a ticket was given to; it is used up, also by a refusal. Throws the 401 refusals, `SECOND_FACTOR_REQUIRED` and `FORBIDDEN`. */
export async function readerOfTicket(deps: SignInDeps, ticket: string, permission: Permission): Promise<SignedIn> {
  const found = await takeTicket(deps.db, digestToken(ticket))
  if (!found) throw new Refusal('TOKEN_INVALID')
  const fault = sessionFault(deps, found)
  if (fault) throw new Refusal(fault)
  requireSecondFactor(deps, found, permission)
  if (!permits(found.role, permission)) throw new Refusal('FORBIDDEN')
  return { id: found.user_id, role: found.role, sid: found.session_id }
}

/** Whoever an access token was given to. Throws as for a ticket. */
export async function readerOfToken(deps: SignInDeps, token: string, permission: Permission): Promise<SignedIn> {
  const reader = await authenticate(deps, `Bearer ${token}`, { permission })
  if (!permits(reader.role, permission)) throw new Refusal('FORBIDDEN')
  return reader
}

/**
 * Whoever opened the socket is about to do something: throws when their session has ended meanwhile. Doing keeps a session of staff
 * alive, listening does not (S15).
 */
export async function requireSession(deps: SignInDeps, { sid, id, role }: SignedIn): Promise<void> {
  const found = await findSignedIn(deps.db, sid)
  const fault = sessionFault(deps, found && found.user_id === id && found.role === role ? found : undefined)
  if (fault) throw new Refusal(fault)
  if (isStaff(role)) await touchSession(deps.db, sid)
}

/** Which of these may not listen any more, with why: their session has ended, or their account is another now. One statement for all. */
export async function findEnded<Listener extends { readonly reader: SignedIn }>(
  deps: SignInDeps,
  listeners: readonly Listener[],
): Promise<{ listener: Listener; fault: RefusalCode }[]> {
  if (listeners.length === 0) return []
  const sessions = await findAllSignedIn(deps.db, [...new Set(listeners.map(({ reader }) => reader.sid))])
  return listeners.flatMap(listener => {
    const found = sessions.get(listener.reader.sid)
    const fault = sessionFault(deps, found?.role === listener.reader.role ? found : undefined)
    return fault ? [{ listener, fault }] : []
  })
}
