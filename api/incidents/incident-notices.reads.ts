import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import { findPersons } from '../../db/accounts.repository'
import { listIncidentNotices, type IncidentNoticeRow } from '../../db/incident-notices.repository'
import { attemptView } from '../notices/notices.reads'
import type { SignedIn } from '../route'
import type { incidentNoticeSchema } from './incident-notices.schemas'
import { requireFull } from './incidents.reads'

/** A page of the notices about an incident, for dispatch; logged. Of those who report nobody is named (S4). */
export async function readIncidentNotices(
  deps: Pick<ActDeps, 'db' | 'vault'>,
  reader: SignedIn,
  incidentId: string,
  window: { readonly limit: number; readonly offset: number },
): Promise<{ count: number; results: z.input<typeof incidentNoticeSchema>[] }> {
  const { seen } = await requireFull(deps, reader, incidentId, 'incident.notices')
  const { count, results } = await listIncidentNotices(deps.db, incidentId, window)
  const isNamed = (row: IncidentNoticeRow): boolean =>
    row.recipient_role !== 'survivor' && row.recipient_id !== seen.reporter_id
  const named = results.filter(isNamed).map(row => row.recipient_id)
  const persons = await findPersons(deps.db, deps.vault, named)
  return {
    count,
    results: results.map(row => {
      const person = isNamed(row) ? persons.get(row.recipient_id) : undefined
      return {
        id: row.id,
        kind: row.code,
        role: row.recipient_role,
        person: person ? { id: person.id, name: person.name } : null,
        created_at: row.created_at.toISOString(),
        read_at: row.read_at?.toISOString() ?? null,
        withdrawn_at: row.withdrawn_at?.toISOString() ?? null,
        channels: row.attempts.map(attemptView),
      }
    }),
  }
}
