import type { ActDeps } from '../../acts/deps'
import { listInbox, type InboxRow } from '../../db/inbox.repository'

interface NoticeView {
  readonly id: string
  readonly kind: string
  readonly reference: string | null
  readonly created_at: string
  readonly read_at: string | null
}

/** A notice as its recipient sees it: its code and what it is about. */
export const noticeView = (row: InboxRow): NoticeView => ({
  id: row.id,
  kind: row.code,
  reference: row.incident_id,
  created_at: row.created_at.toISOString(),
  read_at: row.read_at?.toISOString() ?? null,
})

/** A page of somebody's inbox. */
export async function readInbox(
  { db }: Pick<ActDeps, 'db'>,
  userId: string,
  window: { limit: number; offset: number },
): Promise<{ count: number; results: NoticeView[] }> {
  const { count, results } = await listInbox(db, userId, window)
  return { count, results: results.map(noticeView) }
}
