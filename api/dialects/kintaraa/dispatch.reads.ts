import type { z } from 'zod'
import type { ActDeps } from '../../../acts/deps'
import { countImmediate } from '../../../db/dispatch.repository'
import { listIncidents, type IncidentFilter, type IncidentListRow } from '../../../db/incident-lists.repository'
import { readAcceptanceRates } from '../../../db/provider-metrics.repository'
import { findPersons } from '../../../db/accounts.repository'
import { Refusal } from '../../../domain/refusals'
import type { Status } from '../../../domain/statuses'
import { readDashboard, readRecommendations } from '../../dispatch/dispatch.reads'
import { readIncident, scopeOf, type IncidentView } from '../../incidents/incidents.reads'
import { readProviders, readProvidersById } from '../../providers/providers.reads'
import type { RequestFacts, SignedIn } from '../../route'
import type { boardSchema, casesQuery } from './dispatch.schemas'
import { filterOf, orderOf } from './incidents.reads'
import type { caseSchema } from './incidents.schemas'
import { incidentView, outlineView } from './incidents.views'
import { windowOf, type Found } from './lists'
import { outlineOf } from './outlines'
import type { networkSchema } from './providers.schemas'
import { CASE_TYPE, serviceName, serviceOf, serviceWord, statusWord, type AppStatus } from './words'

type Reads = Pick<ActDeps, 'db' | 'vault' | 'policies'>
type Names = Pick<ActDeps, 'db' | 'vault'>
type AppProvider = z.input<typeof networkSchema>
type AppCase = z.input<typeof caseSchema>
type ProviderView = Awaited<ReturnType<typeof readProvidersById>>[number]

/** The figures of the dispatch board. */
export async function readBoard(
  deps: Reads,
  reader: SignedIn,
  request: RequestFacts,
): Promise<z.input<typeof boardSchema>> {
  const page = { page: 1, page_size: 1 }
  const [{ statistics }, immediate] = await Promise.all([
    readDashboard(deps, reader, { case_type: CASE_TYPE.code }, page, request),
    countImmediate(deps.db),
  ])
  const { providers, by_status, by_urgency } = statistics
  const countOf = (word: AppStatus): number =>
    (Object.entries(by_status) as [Status, number][])
      .filter(([status]) => statusWord('dispatcher', status) === word)
      .reduce((sum, [, count]) => sum + count, 0)
  return {
    total_cases: statistics.total,
    active_cases: statistics.open,
    pending_dispatcher_review: countOf('pending_dispatcher_review'),
    unassigned_urgent_cases: statistics.unassigned_urgent,
    total_providers: providers.total,
    available_providers: providers.available,
    providers_at_capacity: providers.at_capacity,
    average_response_time_minutes: Math.round((statistics.average_response_seconds ?? 0) / 6) / 10,
    cases_completed_today: statistics.completed_today,
    cases_created_today: statistics.created_today,
    cases_by_status: {
      new: countOf('new'),
      pending_dispatcher_review: countOf('pending_dispatcher_review'),
      assigned: countOf('assigned'),
      in_progress: countOf('in_progress'),
      completed: countOf('completed'),
      closed: countOf('closed'),
    },
    cases_by_urgency: {
      routine: by_urgency.routine,
      urgent: Math.max(0, by_urgency.urgent - immediate),
      immediate: Math.min(immediate, by_urgency.urgent),
    },
  }
}

/** The newest cases, each by its code: what was told is read one by one, and logged (S4, S5). */
export async function readCases(
  deps: Names,
  reader: SignedIn,
  { page, sort, ...words }: z.output<typeof casesQuery>,
): Promise<Found<AppCase>> {
  const filter = caseFilterOf(words)
  if (!filter) return { count: 0, results: [] }
  const { count, results } = await listIncidents(deps.db, scopeOf(reader), filter, {
    ...windowOf(page),
    ...orderOf(sort),
  })
  const responders = await findPersons(
    deps.db,
    deps.vault,
    results.flatMap(row => row.assignee_id ?? []),
  )
  return {
    count,
    results: results.map(row => ({
      ...outlineView(outlineOf(row), 'dispatcher'),
      ...assignedOf(row, responders.get(row.assignee_id ?? '')?.name ?? ''),
    })),
  }
}

/** The tile of urgent cases sends its word as a status. */
const URGENT = 'urgent'

function caseFilterOf({
  status,
  urgency,
  type,
  assigned,
}: Omit<z.output<typeof casesQuery>, 'page' | 'sort'>): IncidentFilter | undefined {
  const isUrgentTile = status === URGENT
  const asked = filterOf('dispatcher', { status: isUrgentTile ? undefined : status, type })
  const byUrgency = urgency ? URGENCY_FILTERS[urgency] : {}
  if (!asked || !byUrgency || (assigned && assigned !== 'true' && assigned !== 'false')) return undefined
  return {
    ...asked,
    ...byUrgency,
    ...(isUrgentTile && { urgency: 'urgent' as const }),
    ...(assigned && { assigned: assigned === 'true' ? ('yes' as const) : ('no' as const) }),
  }
}

const URGENCY_FILTERS: Readonly<Record<string, IncidentFilter>> = Object.assign(
  Object.create(null) as Record<string, IncidentFilter>,
  {
    routine: { urgency: 'routine' },
    urgent: { urgency: 'urgent', immediate: 'no' },
    immediate: { urgency: 'urgent', immediate: 'yes' },
  } satisfies Record<string, IncidentFilter>,
)

function assignedOf(
  row: Pick<IncidentListRow, 'assignee_id' | 'assignee_type' | 'assigned_at'>,
  name: string,
): Pick<AppCase, 'survivor' | 'assigned_provider' | 'assigned_providers'> {
  const { assignee_id: id, assignee_type: type, assigned_at: at } = row
  if (id === null || at === null) return { survivor: null, assigned_provider: null, assigned_providers: [] }
  const assigned = {
    provider_id: id,
    provider_name: name,
    provider_type: serviceWord(type ?? ''),
    assigned_at: at.toISOString(),
  }
  return { survivor: null, assigned_provider: { id }, assigned_providers: [assigned] }
}

/** One case with what was told, logged. Throws `INCIDENT_NOT_FOUND`. */
export async function readCase(deps: Names, reader: SignedIn, incidentId: string): Promise<AppCase> {
  const { view, version } = await readIncident(deps, reader, incidentId)
  if (version === null) throw new Refusal('INCIDENT_NOT_FOUND')
  const incident = view as IncidentView
  const { assigned_to } = incident
  const row = {
    assignee_id: assigned_to?.id ?? null,
    assignee_type: assigned_to?.provider_type ?? null,
    assigned_at: assigned_to && new Date(incident.updated_at),
  }
  return { ...incidentView(incident, 'dispatcher'), ...assignedOf(row, assigned_to?.name ?? '') }
}

/** A page of the verified providers, or of those with a free slot; a type that is not known finds nobody. */
export async function readNetwork(
  deps: Names,
  { provider_type, free, page }: { provider_type?: string | undefined; free: boolean; page: number },
): Promise<Found<AppProvider>> {
  const service = provider_type ? serviceOf(provider_type) : undefined
  if (provider_type && service === undefined) return { count: 0, results: [] }
  const filter = { verification: 'verified', provider_type: service, free: free || undefined } as const
  const { count, results } = await readProviders(deps, filter, windowOf(page))
  return { count, results: await networkOf(deps, results) }
}

/** Whom a case could be given to, the best first; logged. Throws `INCIDENT_NOT_FOUND`. */
export async function readRecommended(deps: Reads, reader: SignedIn, incident: string): Promise<AppProvider[]> {
  const ranked = await readRecommendations(deps, reader, { incident })
  const ids = ranked.filter(({ eligible }) => eligible).map(({ provider }) => provider)
  return networkOf(deps, await readProvidersById(deps, ids))
}

async function networkOf({ db }: Names, providers: readonly ProviderView[]): Promise<AppProvider[]> {
  const rates = new Map(
    (
      await readAcceptanceRates(
        db,
        providers.map(({ id }) => id),
      )
    ).map(each => [each.provider_id, each.rate]),
  )
  return providers.map(provider => {
    const isFree = provider.availability === 'available' && provider.load < provider.capacity
    const name = provider.name ?? ''
    return {
      id: provider.id,
      email: '' as const,
      first_name: name,
      last_name: '',
      full_name: name,
      provider_type: serviceWord(provider.provider_type),
      provider_type_display: serviceName(provider.provider_type),
      is_available: isFree,
      profile: {
        current_case_load: provider.load,
        max_case_load: provider.capacity,
        is_currently_available: isFree,
        acceptance_rate: rates.get(provider.id) ?? 1,
      },
    }
  })
}
