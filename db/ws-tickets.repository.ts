import type { Database } from './database'
import { runPrepared, type Prepared } from './prepared'
import { SIGNED_IN_COLUMNS, type SignedInRow } from './sessions.repository'

const INSERT: Prepared = {
  name: 'insert-ws-ticket',
  text: `insert into ws_tickets (digest, session_id, expires_at)
    values ($1, $2, clock_timestamp() + make_interval(secs => $3)) returning expires_at`,
}

/** Keeps the digest of a ticket of this session for so many seconds; answers when it ends. */
export async function insertTicket(
  db: Database,
  ticket: { readonly digest: string; readonly sessionId: string; readonly seconds: number },
): Promise<Date> {
  const values = [ticket.digest, ticket.sessionId, ticket.seconds]
  const [row] = await runPrepared<{ expires_at: Date }>(db, INSERT, values)
  if (!row) throw new Error('a ticket that was written is not there')
  return row.expires_at
}

const TAKE: Prepared = {
  name: 'take-ws-ticket',
  text: `with taken as (delete from ws_tickets where digest = $1 returning session_id, expires_at)
    select s.id as session_id, ${SIGNED_IN_COLUMNS}
    from taken t join sessions s on s.id = t.session_id join users u on u.id = s.user_id
    where t.expires_at > clock_timestamp()`,
}

/** Uses a ticket up: its session as it is now, or undefined when it is unknown, was used, or is too old. Of two at once one finds it. */
export async function takeTicket(
  db: Database,
  digest: string,
): Promise<(SignedInRow & { readonly session_id: string }) | undefined> {
  return (await runPrepared<SignedInRow & { readonly session_id: string }>(db, TAKE, [digest]))[0]
}
