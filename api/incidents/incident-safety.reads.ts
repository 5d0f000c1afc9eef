import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import { listAccesses } from '../../db/audit.repository'
import { listExclusions } from '../../db/exclusions.repository'
import { openName } from '../../db/person-names'
import type { SignedIn } from '../route'
import type { accessSchema, exclusionSchema } from './incident-safety.schemas'
import { requireFull } from './incidents.reads'

type Reads = Pick<ActDeps, 'db' | 'vault'>

/** Who is never offered an incident (S8), for its reporter and dispatch; logged. */
export async function readExclusions(
  deps: Reads,
  reader: SignedIn,
  incidentId: string,
): Promise<z.input<typeof exclusionSchema>[]> {
  const { seen } = await requireFull(deps, reader, incidentId, 'incident.exclusions')
  const barred = await listExclusions(deps.db, incidentId)
  return barred.map(row => ({
    provider: row.id,
    provider_name: openName(deps.vault, row),
    provider_type: row.provider_type,
    barred_by: row.barred_by,
    barred_at: row.barred_at.toISOString(),
    is_assigned: seen.assignee_id === row.id,
  }))
}

/** A page of who read an incident and what of it (S5), without saying who they are; an administrator's look at it is logged too. */
export async function readAccesses(
  deps: Reads,
  reader: SignedIn,
  incidentId: string,
  window: { readonly limit: number; readonly offset: number },
): Promise<{ count: number; results: z.input<typeof accessSchema>[] }> {
  await requireFull(deps, reader, incidentId, 'incident.access_log')
  const { count, results } = await listAccesses(deps.db, incidentId, window)
  return { count, results: results.map(({ at, ...row }) => ({ ...row, at: at.toISOString() })) }
}
