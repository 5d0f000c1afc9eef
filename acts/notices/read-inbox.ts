import { markInboxRead } from '../../db/inbox.repository'
import { nudge } from '../../db/nudge'
import { Refusal } from '../../domain/refusals'
import type { ActDeps } from '../deps'

/**
 * Notes that somebody has read all of their inbox, or what came up to one notice of it; nothing more of that is sent. Answers how many
 * were unread, and how many still are. Throws `NOTICE_NOT_FOUND` when `upTo` is not theirs.
 */
export async function readInboxUpTo(
  { db }: Pick<ActDeps, 'db'>,
  userId: string,
  upTo: string | undefined,
): Promise<{ read: number; left: number }> {
  const done = await markInboxRead(db, userId, upTo ?? null)
  if (!done) throw new Refusal('NOTICE_NOT_FOUND')
  if (done.read > 0) nudge(db)
  return done
}
