import { insertTicket } from '../../db/ws-tickets.repository'
import { digestToken, newOpaqueToken } from '../../platform/tokens'
import type { AccountDeps } from './deps'

/** A ticket is asked for when the socket is about to be opened. */
const TICKET_SECONDS = 30

/** A new ticket by which one socket signs in, once and within 30 s, as whoever holds the session; only its digest is kept. */
export async function issueTicket(
  { db }: Pick<AccountDeps, 'db'>,
  sessionId: string,
): Promise<{ ticket: string; expiresAt: Date }> {
  const ticket = newOpaqueToken()
  const expiresAt = await insertTicket(db, { digest: digestToken(ticket), sessionId, seconds: TICKET_SECONDS })
  return { ticket, expiresAt }
}
