import type { NoticeCode } from '../domain/notices'
import type { Database } from './database'

/** A notice in its recipient's inbox. */
export interface InboxRow {
  readonly id: string
  readonly code: NoticeCode
  readonly incident_id: string | null
  readonly created_at: Date
  readonly read_at: Date | null
}

const COLUMNS = ['id', 'code', 'created_at', 'read_at'] as const
// A notice about messages knows its conversation, and that the incident.
const INCIDENT = `coalesce(incident_id,
  (select c.incident_id from conversations c where c.id = notices.conversation_id)) as incident_id`

/** A page of somebody's inbox, newest first, and how many there are; what speaks of a state that is over is not in it. */
export async function listInbox(
  db: Database,
  recipientId: string,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ count: number; results: InboxRow[] }> {
  const mine = db('notices').where({ recipient_id: recipientId }).whereNull('withdrawn_at')
  const [counted] = await mine.clone().count<{ count: number }[]>('* as count')
  const results = await mine
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(limit)
    .offset(offset)
    .select<InboxRow[]>(...COLUMNS, db.raw(INCIDENT))
  return { count: counted?.count ?? 0, results }
}

/** Notes that its recipient read it; a second time changes nothing. Undefined when they have no such notice. */
export async function markNoticeRead(
  db: Database,
  { noticeId, recipientId }: { noticeId: string; recipientId: string },
): Promise<InboxRow | undefined> {
  const [row] = await db('notices')
    .where({ id: noticeId, recipient_id: recipientId })
    .whereNull('withdrawn_at')
    .update({ read_at: db.raw('coalesce(read_at, clock_timestamp())') }, [
      ...COLUMNS,
      db.raw(INCIDENT) as unknown as string,
    ])
  return row as InboxRow | undefined
}
