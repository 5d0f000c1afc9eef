import { revokeByRefreshDigest, revokeSession } from '../../db/sessions.repository'
import { digestToken } from '../../platform/tokens'
import type { AccountDeps } from './deps'

/** Ends the session the request came with, and the one of the refresh token, which is usually the same; both at once and for good. */
export async function logOut(
  { db }: AccountDeps,
  { userId, sessionId, refresh }: { userId: string; sessionId: string; refresh: string | undefined },
): Promise<void> {
  await revokeSession(db, { id: sessionId, userId })
  if (refresh !== undefined) await revokeByRefreshDigest(db, { digest: digestToken(refresh), userId })
}

/** Ends another session of the same person; answers whether there was one. */
export async function endSession(
  { db }: AccountDeps,
  { userId, sessionId }: { userId: string; sessionId: string },
): Promise<boolean> {
  return revokeSession(db, { id: sessionId, userId })
}
