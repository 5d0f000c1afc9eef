import type { z } from 'zod'
import type { ActDeps } from '../../../acts/deps'
import { listIncidents } from '../../../db/incident-lists.repository'
import { listOffered } from '../../../db/provider-profiles.repository'
import { wordOf, type Status } from '../../../domain/statuses'
import { readInFull, scopeOf } from '../../incidents/incidents.reads'
import type { SignedIn } from '../../route'
import type { assignedSchema } from './incidents.schemas'
import { incidentView, outlineView, type Outline } from './incidents.views'
import { LIST_AT_MOST, windowOf, type Found } from './lists'
import { areaOf, outlineOf } from './outlines'
import { CASE_TYPE, SURVIVOR } from './words'

type Reads = Pick<ActDeps, 'db' | 'vault'>
type AssignedCase = z.input<typeof assignedSchema>

/** The cases that a provider has said yes to. */
export const WORKED_ON: readonly Status[] = ['in_progress', 'completed']

/** Something that a provider has to answer: an offer, or a case that dispatch gave them. */
interface Pending {
  readonly outline: Outline
  readonly assigned_at: string
}

/** What waits for a provider's answer, offers before given cases; of neither is told what anybody wrote before they accept (S3). */
export async function findPending({ db }: Reads, reader: SignedIn): Promise<Pending[]> {
  const window = { limit: LIST_AT_MOST, offset: 0, column: 'created_at', order: 'desc' } as const
  const filter = { case_type: CASE_TYPE.code, statuses: ['assigned'] as const, assigned_only: true as const }
  const [offers, given] = await Promise.all([
    listOffered(db, reader.id),
    listIncidents(db, scopeOf(reader), filter, window),
  ])
  return [
    ...offers.filter(row => row.case_type === CASE_TYPE.code).map(offered),
    ...given.results.map(row => ({
      outline: outlineOf(row, row.assignee_type),
      assigned_at: (row.assigned_at ?? row.updated_at).toISOString(),
    })),
  ]
}

/** Of an offer the provider learns when they were asked, not when it was reported. */
function offered(row: Awaited<ReturnType<typeof listOffered>>[number]): Pending {
  const assigned_at = new Date(row.offered_at).toISOString()
  const outline: Outline = {
    id: row.incident_id,
    code: row.code,
    status: 'offering',
    urgency_word: wordOf(row),
    incident_type: null,
    service: row.service,
    area: areaOf(row.region),
    created_at: assigned_at,
    updated_at: assigned_at,
  }
  return { outline, assigned_at }
}

/** What waits for a provider's answer, as the app lists it. */
export async function readPending(deps: Reads, reader: SignedIn): Promise<AssignedCase[]> {
  return (await findPending(deps, reader)).map(({ outline, assigned_at }) => ({
    ...outlineView(outline, 'provider'),
    survivor_name: SURVIVOR,
    assignment_status: 'pending' as const,
    assigned_at,
  }))
}

/** The cases that a provider works on or has completed, newest first; logged, once an hour for each. */
export async function readAccepted(deps: Reads, reader: SignedIn, page: number): Promise<Found<AssignedCase>> {
  const filter = { case_type: CASE_TYPE.code, statuses: WORKED_ON, assigned_only: true as const }
  const window = { ...windowOf(page), column: 'created_at', order: 'desc' } as const
  const { count, results } = await listIncidents(deps.db, scopeOf(reader), filter, window)
  const assignedAt = new Map(results.map(row => [row.id, (row.assigned_at ?? row.updated_at).toISOString()]))
  const views = await readInFull(deps, reader, [...assignedAt.keys()])
  return {
    count,
    results: views.map(view => ({
      ...incidentView(view, 'provider'),
      survivor_name: SURVIVOR,
      assignment_status: 'accepted' as const,
      assigned_at: assignedAt.get(view.id) ?? view.updated_at,
    })),
  }
}
