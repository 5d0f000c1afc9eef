import type { Role } from '../domain/actors'
import type { NoticeCode } from '../domain/notices'
import type { Database } from './database'
import { ATTEMPTS, type AttemptSeen } from './inbox.repository'

/** A notice about an incident, also one that was withdrawn, with what became of it by each channel. */
export interface IncidentNoticeRow {
  readonly id: string
  readonly code: NoticeCode
  readonly recipient_id: string
  readonly recipient_role: Role
  readonly created_at: Date
  readonly read_at: Date | null
  readonly withdrawn_at: Date | null
  readonly attempts: readonly AttemptSeen[]
}

/** A page of the notices about an incident, newest first, and how many there are; those about its messages are not among them. */
export async function listIncidentNotices(
  db: Database,
  incidentId: string,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ count: number; results: IncidentNoticeRow[] }> {
  const [counted] = await db('notices').where({ incident_id: incidentId }).count<{ count: number }[]>('* as count')
  const { rows } = await db.raw<{ rows: IncidentNoticeRow[] }>(
    `select n.id, n.code, n.recipient_id, u.role as recipient_role, n.created_at, n.read_at, n.withdrawn_at,
       ${ATTEMPTS} as attempts
     from notices n join users u on u.id = n.recipient_id
     where n.incident_id = :incidentId
     order by n.created_at desc, n.id desc limit :limit offset :offset`,
    { incidentId, limit, offset },
  )
  return { count: counted?.count ?? 0, results: rows }
}
