import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import {
  listIncidents,
  listTitles,
  type IncidentFilter,
  type IncidentSearch,
  type IncidentWindow,
  type Scope,
} from '../../db/incident-lists.repository'
import { findChainEnd, listEvents, listOffers } from '../../db/incident-story.repository'
import {
  findIncidentSeen,
  findIncidentsSeen,
  type IncidentSeen,
  type Reading,
} from '../../db/incident-views.repository'
import type { EventModel } from '../../db/models'
import { caseTypeOf } from '../../domain/case-types'
import { CHAIN_START, chainText } from '../../domain/events'
import { standingsOf, viewOf, type View } from '../../domain/incident-access'
import { searchTerms, titleMatches } from '../../domain/incident-search'
import { allowedActs } from '../../domain/lifecycle'
import { Refusal } from '../../domain/refusals'
import type { SignedIn } from '../route'
import {
  TITLES_SEARCHED,
  type actionsSchema,
  type incidentRowSchema,
  type incidentSchema,
  type offerSchema,
  type previewSchema,
  type timelineEntrySchema,
} from './incidents.schemas'
import { entryView, fullView, isShown, madeOfferView, previewView, rowView, titleOf } from './incidents.views'

export { COUNT_AT_MOST } from '../../db/incident-lists.repository'

type Reads = Pick<ActDeps, 'db' | 'vault'>
export type IncidentView = z.input<typeof incidentSchema>
export type PreviewView = z.input<typeof previewSchema>

/** The incident with what the reader is to it. Throws `INCIDENT_NOT_FOUND` for strangers and `ACCESS_ENDED` for former responders. */
async function see(
  { db }: Reads,
  reader: SignedIn,
  incidentId: string,
  how: Pick<Reading, 'what' | 'flush'>,
): Promise<{ seen: IncidentSeen; view: Exclude<View, 'none' | 'ended'> }> {
  const seen = await findIncidentSeen(db, { incidentId, reader, ...how })
  const view = seen ? viewOf(reader.role, seen) : 'none'
  if (!seen || view === 'none') throw new Refusal('INCIDENT_NOT_FOUND')
  if (view === 'ended') throw new Refusal('ACCESS_ENDED')
  return { seen, view }
}

/** What the reader may see of an incident, logged: all of it, or the preview of an offer (S3, S5). */
export async function readIncident(
  deps: Reads,
  reader: SignedIn,
  incidentId: string,
): Promise<{ view: IncidentView | PreviewView; version: number | null }> {
  const { seen, view } = await see(deps, reader, incidentId, { what: 'incident.read', flush: 'before_answer' })
  if (view === 'preview') return { view: previewView(deps.vault, seen, reader.id), version: null }
  return { view: fullView(deps.vault, seen, reader), version: seen.version }
}

/** The whole incident after somebody's act, which gave or left them the right to see it; logged. */
export async function readAfterAct(deps: Reads, reader: SignedIn, incidentId: string): Promise<IncidentView> {
  const { seen, view } = await see(deps, reader, incidentId, { what: 'incident.read', flush: 'soon' })
  if (view !== 'full') throw new Refusal('ACCESS_ENDED')
  return fullView(deps.vault, seen, reader)
}

/** Which incidents somebody's lists are made from. */
export function scopeOf({ id, role }: SignedIn): Scope {
  if (role === 'dispatcher' || role === 'admin') return { kind: 'staff', personId: id }
  return { kind: role === 'provider' ? 'provider' : 'reporter', personId: id }
}

/** What somebody's list is narrowed to; `search` is what they typed. */
export type ListFilter = Omit<IncidentFilter, 'search'> & { readonly search?: string | undefined }

/** A page of the incidents that the reader may list; the count says no more beyond `COUNT_AT_MOST`. */
export async function readIncidents(
  deps: Reads,
  reader: SignedIn,
  { search, ...filter }: ListFilter,
  window: IncidentWindow,
): Promise<{ count: number; results: z.input<typeof incidentRowSchema>[] }> {
  const scope = scopeOf(reader)
  const found = search === undefined ? undefined : await searchFor(deps, scope, search)
  const { count, results } = await listIncidents(deps.db, scope, { ...filter, search: found }, window)
  return { count, results: results.map(row => rowView(deps.vault, row, reader)) }
}

/** Titles are looked at for those alone who may read all of each incident that their list has. */
async function searchFor({ db, vault }: Reads, scope: Scope, text: string): Promise<IncidentSearch> {
  const titles = scope.kind === 'staff' ? [] : await listTitles(db, scope, TITLES_SEARCHED)
  const ids = titles.filter(each => titleMatches(titleOf(vault, each), text)).map(each => each.id)
  return { ...searchTerms(text), ids }
}

/** All of these incidents that the reader may see in full, in the order of the ids; those that they only work on are logged. */
export async function readInFull(deps: Reads, reader: SignedIn, ids: readonly string[]): Promise<IncidentView[]> {
  const rows = await findIncidentsSeen(deps.db, reader, ids)
  const views = new Map(
    rows
      .filter(seen => viewOf(reader.role, seen) === 'full')
      .map(seen => [seen.id, fullView(deps.vault, seen, reader)]),
  )
  return ids.flatMap(id => views.get(id) ?? [])
}

/** The story of an incident, oldest first; logged. */
export async function readTimeline(
  deps: Reads,
  reader: SignedIn,
  incidentId: string,
): Promise<z.input<typeof timelineEntrySchema>[]> {
  const { seen } = await requireFull(deps, reader, incidentId, 'incident.timeline')
  const events = (await listEvents(deps.db, incidentId)).filter(event => isShown(event, reader, seen))
  return events.map(event => entryView(deps.vault, seen, event, reader))
}

/** Every offer of an incident, for dispatch; logged. */
export async function readOffers(
  deps: Reads,
  reader: SignedIn,
  incidentId: string,
): Promise<z.input<typeof offerSchema>[]> {
  await requireFull(deps, reader, incidentId, 'incident.offers')
  return (await listOffers(deps.db, incidentId)).map(offer => madeOfferView(deps.vault, offer))
}

/** What only those may read who see the whole incident: somebody with an open offer may not read on before they accept. Logged. */
export async function requireFull(
  deps: Reads,
  reader: SignedIn,
  incidentId: string,
  what: string,
): Promise<{ seen: IncidentSeen }> {
  const { seen, view } = await see(deps, reader, incidentId, { what, flush: 'before_answer' })
  if (view !== 'full') throw new Refusal('FORBIDDEN', { detail: 'Only after accepting' })
  return { seen }
}

/** What the reader may do now, by the case type's table, and which outcomes are theirs to state. */
export async function readActions(
  deps: Reads,
  reader: SignedIn,
  incidentId: string,
): Promise<z.input<typeof actionsSchema>> {
  const { seen } = await see(deps, reader, incidentId, { what: null, flush: 'before_answer' })
  const { lifecycle, outcomes, reopenDays } = caseTypeOf(seen.case_type)
  const actions = allowedActs(lifecycle, seen.status, standingsOf(reader.role, seen))
  const tooLate = seen.ended_at !== null && seen.at - seen.ended_at.getTime() > reopenDays * MS_PER_DAY
  const isUnstated = seen.outcome !== null && outcomes.unstated.includes(seen.outcome)
  const mayState = actions.includes('complete') || (isUnstated && actions.includes('state_outcome'))
  return {
    status: seen.status,
    rev: seen.rev,
    actions: actions.filter(act => (act !== 'reopen' || !tooLate) && (act !== 'state_outcome' || isUnstated)),
    outcomes: mayState ? [...(seen.is_reporter && !seen.is_assignee ? outcomes.reporter : outcomes.responder)] : [],
  }
}

const MS_PER_DAY = 86_400_000

/** Whether an incident's chain of events is whole: `broken_at` is the first sequence number that does not fit. */
export async function verifyTimeline(
  deps: Reads,
  reader: SignedIn,
  incidentId: string,
): Promise<{ valid: boolean; checked: number; broken_at?: number }> {
  await see(deps, reader, incidentId, { what: 'incident.verify', flush: 'before_answer' })
  // The end first: an event that comes in between then lies beyond it, instead of looking like one that was cut off.
  const end = await findChainEnd(deps.db, incidentId)
  const events = (await listEvents(deps.db, incidentId)).filter(event => event.seq <= (end?.last_seq ?? 0))
  const brokenAt = firstBreak(events, end?.last_seq ?? 0, end?.last_hash ?? CHAIN_START)
  return { valid: brokenAt === null, checked: events.length, ...(brokenAt === null ? {} : { broken_at: brokenAt }) }
}

function firstBreak(events: readonly EventModel[], lastSeq: number, lastHash: string): number | null {
  let previous = CHAIN_START
  for (const [index, event] of events.entries()) {
    if (event.seq !== index + 1 || event.prev_hash !== previous || event.hash !== hashOf(previous, event))
      return index + 1
    previous = event.hash
  }
  if (events.length < lastSeq) return events.length + 1
  return previous === lastHash ? null : lastSeq
}

const hashOf = (previous: string, event: EventModel): string =>
  createHash('sha256')
    .update(chainText(previous, { ...event, at: event.at.getTime() }))
    .digest('hex')
