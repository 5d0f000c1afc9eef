import type { Database } from './database'
import { runPrepared, type Prepared } from './prepared'

/** One session's look at one conversation. */
export interface Position {
  readonly sessionId: string
  readonly conversationId: string
}

/**
 * What was sent so shortly before the client answered may have been lost after all. Longer than one question for it and the next, and
 * than it takes to send a whole page of what was missed.
 */
const DOUBTFUL = "interval '1 minute'"

// Who comes for the first time has just read the conversation, or is about to: only that last minute may be missing.
const BEGIN: Prepared = {
  name: 'begin-dialect-position',
  text: `with begun as (
      insert into dialect_positions (session_id, conversation_id) values ($1, $2) on conflict do nothing)
    select greatest(c.last_seq - $3::integer, coalesce(
      (select m.seq from messages m
        where m.conversation_id = c.id and m.created_at <= coalesce(p.seen_at, clock_timestamp()) - ${DOUBTFUL}
        order by m.seq desc limit 1), 0)) as after
    from conversations c left join dialect_positions p on p.conversation_id = c.id and p.session_id = $1
    where c.id = $2`,
}

/** The number of the last message that the client surely has; what comes after may have been missed, or is no more than the newest `limit`. */
export async function beginPosition(
  db: Database,
  { sessionId, conversationId }: Position,
  limit: number,
): Promise<number> {
  const [row] = await runPrepared<{ after: number }>(db, BEGIN, [sessionId, conversationId, limit])
  return row?.after ?? 0
}

const NOTE: Prepared = {
  name: 'note-dialect-position',
  text: `update dialect_positions
    set seen_at = greatest(seen_at, clock_timestamp() - make_interval(secs => $3::double precision))
    where session_id = $1 and conversation_id = $2`,
}

/** Notes that the client was there so many seconds ago. */
export async function notePosition(
  db: Database,
  { sessionId, conversationId }: Position,
  secondsAgo: number,
): Promise<void> {
  await runPrepared(db, NOTE, [sessionId, conversationId, secondsAgo])
}
