import type { z } from 'zod'
import type { ActDeps } from '../../../acts/deps'
import { listIncidents, type IncidentFilter } from '../../../db/incident-lists.repository'
import { Refusal } from '../../../domain/refusals'
import type { Status } from '../../../domain/statuses'
import { readIncident, readInFull, scopeOf, type IncidentView } from '../../incidents/incidents.reads'
import { readStats } from '../../incidents/incident-stats.reads'
import type { SignedIn } from '../../route'
import type { incidentSchema, incidentsQuery, statsSchema } from './incidents.schemas'
import { incidentView, outlineView } from './incidents.views'
import { windowOf, type Found } from './lists'
import { outlineOf } from './outlines'
import { findPending, WORKED_ON } from './providers.reads'
import { audienceOf, CASE_TYPE, incidentTypeOf, statusesOf, statusWord, typeWord, type Audience } from './words'

type Reads = Pick<ActDeps, 'db' | 'vault'>
type AppIncident = z.input<typeof incidentSchema>
const NOTHING = { count: 0, results: [] }

/** What the app's start loads, whoever signs in: one's own reports, a provider's cases, and for dispatch the newest of all. */
export async function readIncidentList(
  deps: Reads,
  reader: SignedIn,
  { status, type, sort, page }: z.output<typeof incidentsQuery>,
): Promise<Found<AppIncident>> {
  const audience = audienceOf(reader.role)
  const asked = filterOf(audience, { status, type })
  if (!asked) return NOTHING
  const isProvider = reader.role === 'provider'
  const statuses = isProvider ? WORKED_ON.filter(each => asked.statuses?.includes(each) ?? true) : asked.statuses
  const filter = { ...asked, statuses, ...(isProvider && { assigned_only: true as const }) }
  const found = await listIncidents(deps.db, scopeOf(reader), filter, { ...windowOf(page), ...orderOf(sort) })
  const isStaff = reader.role === 'dispatcher' || reader.role === 'admin'
  if (isStaff) return { ...found, results: found.results.map(row => outlineView(outlineOf(row), audience)) }
  const views = await readInFull(
    deps,
    reader,
    found.results.map(({ id }) => id),
  )
  return { ...found, results: views.map(view => incidentView(view, audience)) }
}

/** The filter that the app's words mean; undefined when one of them means nothing, and so nothing is found. */
export function filterOf(
  audience: Audience,
  { status, type }: { readonly status?: string | undefined; readonly type?: string | undefined },
): IncidentFilter | undefined {
  const statuses = status ? statusesOf(audience, status) : undefined
  if (statuses?.length === 0) return undefined
  if (type && incidentTypeOf(type) !== type) return undefined
  return {
    case_type: CASE_TYPE.code,
    ...(statuses && { statuses }),
    ...(type && { incident_type: type }),
  }
}

const BY_UPDATE = ['updated_at', 'last_updated']

/** Newest first, unless the app asks otherwise in a word that it knows. */
export function orderOf(sort: string | undefined) {
  const column = BY_UPDATE.includes((sort ?? '').replace(/^-/, '')) ? ('updated_at' as const) : ('created_at' as const)
  const isTurned = sort !== undefined && sort !== '' && !sort.startsWith('-')
  return { column, order: isTurned ? ('asc' as const) : ('desc' as const) }
}

/** One incident, logged; a provider with an open offer gets the outline. Throws `INCIDENT_NOT_FOUND` and `ACCESS_ENDED`. */
export async function readOne(deps: Reads, reader: SignedIn, incidentId: string): Promise<AppIncident> {
  const { view, version } = await readIncident(deps, reader, incidentId)
  if (version !== null) return incidentView(view as IncidentView, audienceOf(reader.role))
  const offer = (await findPending(deps, reader)).find(({ outline }) => outline.id === incidentId)
  if (!offer) throw new Refusal('ACCESS_ENDED')
  return outlineView(offer.outline, 'provider')
}

/** Figures of the incidents that the reader may list, in the app's words. */
export async function readFigures(deps: Reads, reader: SignedIn): Promise<z.input<typeof statsSchema>> {
  const { total, by_status, by_type, recent } = await readStats(deps, reader)
  const audience = audienceOf(reader.role)
  const countOf = (word: string): number =>
    (Object.entries(by_status) as [Status, number][])
      .filter(([status]) => shownAs(statusWord(audience, status)) === word)
      .reduce((sum, [, count]) => sum + count, 0)
  return {
    total_incidents: total,
    by_status: {
      new: countOf('new'),
      assigned: countOf('assigned'),
      in_progress: countOf('in_progress'),
      completed: countOf('completed'),
      closed: countOf('closed'),
    },
    by_type: by_type.map(({ type, count }) => ({ type: typeWord(type), count })),
    recent_incidents: recent.length,
  }
}

/** These figures have no word of their own for a review. */
const shownAs = (word: string): string => (word === 'pending_dispatcher_review' ? 'new' : word)
