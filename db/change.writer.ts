import type { Knex } from 'knex'
import type { SignalName } from '../domain/signal-names'
import type { NoticeCode } from '../domain/notices'
import type { Channel } from '../domain/policy'
import type { ConsideredCandidate } from '../domain/ranking'
import type { ChainedEvent } from '../domain/events'
import type { Transaction } from './database'
import { markEffect } from './idempotency.repository'
import type { IncidentRow } from './incident-rows'
import type { ProviderFacts } from './providers.repository'

/** An event with its place in the chain. */
export interface EventToWrite extends ChainedEvent {
  readonly id: string
  readonly prev_hash: string
  readonly hash: string
  readonly request_id: string | null
}

export interface OfferToWrite {
  readonly id: string
  readonly provider_id: string
  readonly round: number
  readonly attempt: number
  readonly expires_at: number
  readonly candidates: readonly ConsideredCandidate[]
}

export interface OfferToClose {
  readonly id: string
  readonly state: 'accepted' | 'rejected' | 'expired' | 'withdrawn'
  readonly reason: string | null
}

export interface NoticeToWrite {
  readonly id: string
  readonly recipient_id: string
  readonly code: NoticeCode
  readonly offer_id: string | null
  /** What it should be sent by, beside the inbox. */
  readonly channels: readonly Channel[]
  /** Is any of the channels configured here, so that there is something to send? */
  readonly send: boolean
}

/** Everything that one act writes, in the order in which it is written. */
export interface ChangeToWrite {
  readonly incidentId: string
  readonly at: number
  readonly incident: Partial<IncidentRow>
  /** For an incident that comes to be with this change: the rest of its row, and its wrapped key. */
  readonly created: { readonly row: Partial<IncidentRow>; readonly wrappedKey: string } | null
  readonly offers: readonly OfferToWrite[]
  readonly closedOffers: readonly OfferToClose[]
  readonly endedAssignment: string | null
  readonly assignment: AssignmentToWrite | null
  readonly providers: readonly ProviderFacts[]
  readonly events: readonly EventToWrite[]
  readonly notes: readonly SealedNote[]
  readonly signal: SignalName | null
  readonly withdrawnNotices: readonly NoticeCode[]
  readonly notices: readonly NoticeToWrite[]
  readonly requestId: string | null
}

/** Words somebody gave as the reason of an event, sealed with the incident's key. */
export interface SealedNote {
  readonly event_id: string
  readonly note: string
}

export interface AssignmentToWrite {
  readonly id: string
  readonly provider_id: string
  readonly offer_id: string | null
  readonly assigned_by: string | null
  readonly forced: boolean
}

/** How long the API may take to tell the workflow before the relay does. */
const TELL_GRACE = "interval '1 second'"

const dateOf = (time: number | null): Date | null => (time === null ? null : new Date(time))

/** Writes an act's whole change. Row locks are held by the caller's transaction. */
export async function writeChange(trx: Transaction, change: ChangeToWrite): Promise<void> {
  // The incident's row and its events are one statement: neither can ever stand without the other.
  const incident = change.created ? insertIncident(trx, change) : updateIncident(trx, change)
  if (change.events.length === 0) await incident
  else await trx('events').with('incident', incident).insert(eventRows(trx, change))
  if (change.created)
    await trx('incident_keys').insert({ incident_id: change.incidentId, wrapped: change.created.wrappedKey })
  if (change.notes.length > 0) await trx('event_notes').insert([...change.notes])
  await closeOffers(trx, change)
  await writeAssignments(trx, change)
  if (change.offers.length > 0) await trx('offers').insert(change.offers.map(offer => offerRow(change, offer)))
  if (change.providers.length > 0) await updateProviders(trx, change.providers)
  if (change.withdrawnNotices.length > 0 || change.closedOffers.length > 0) await withdrawNotices(trx, change)
  if (change.notices.length > 0) await trx('notices').insert(change.notices.map(notice => noticeRow(change, notice)))
  await markEffect(trx, change.requestId ?? undefined, change.incidentId)
}

const insertIncident = (trx: Transaction, change: ChangeToWrite): Knex.QueryBuilder =>
  trx('incidents').insert({ ...change.created?.row, ...change.incident, id: change.incidentId })

const updateIncident = (trx: Transaction, change: ChangeToWrite): Knex.QueryBuilder =>
  trx('incidents').where({ id: change.incidentId }).update(change.incident)

function eventRows(trx: Transaction, { events, signal }: ChangeToWrite): Record<string, unknown>[] {
  const last = events.length - 1
  return events.map((event, index) => ({
    ...event,
    at: new Date(event.at),
    data: JSON.stringify(event.data),
    // One signal a change is enough: it carries the snapshot of its end.
    signal: index === last ? signal : null,
    signal_after: index === last && signal !== null ? trx.raw(`clock_timestamp() + ${TELL_GRACE}`) : null,
  }))
}

async function closeOffers(trx: Transaction, { closedOffers, at }: ChangeToWrite): Promise<void> {
  for (const { id, state, reason } of closedOffers)
    await trx('offers')
      .where({ id, state: 'open' })
      .update({ state, reason, answered_at: new Date(at) })
}

async function writeAssignments(trx: Transaction, change: ChangeToWrite): Promise<void> {
  const at = new Date(change.at)
  if (change.endedAssignment !== null)
    await trx('assignments')
      .where({ incident_id: change.incidentId })
      .whereNull('ended_at')
      .update({ ended_at: at, end_reason: change.endedAssignment })
  if (change.assignment)
    await trx('assignments').insert({ ...change.assignment, incident_id: change.incidentId, assigned_at: at })
}

const offerRow = (change: ChangeToWrite, offer: OfferToWrite): Record<string, unknown> => ({
  ...offer,
  incident_id: change.incidentId,
  state: 'open',
  offered_at: new Date(change.at),
  expires_at: new Date(offer.expires_at),
  candidates: JSON.stringify(offer.candidates),
})

async function updateProviders(trx: Transaction, providers: readonly ProviderFacts[]): Promise<void> {
  for (const provider of providers)
    await trx('provider_profiles')
      .where({ user_id: provider.provider_id })
      .update({
        load: provider.load,
        forced_load: provider.forced_load,
        silences: provider.silences,
        availability: provider.availability,
        cooling_until: dateOf(provider.cooling_until),
        last_assigned_at: dateOf(provider.last_assigned_at),
        ...(provider.woken ? { woke_at: trx.raw('clock_timestamp()') } : {}),
      })
}

/** Of several offers one may end while others stay open: its notice is found by the offer, not by its code. */
async function withdrawNotices(trx: Transaction, change: ChangeToWrite): Promise<void> {
  const offerIds = change.closedOffers.map(offer => offer.id)
  await trx('notices')
    .where({ incident_id: change.incidentId })
    .whereNull('withdrawn_at')
    .where(notice => notice.whereIn('code', [...change.withdrawnNotices]).orWhereIn('offer_id', offerIds))
    .update({ withdrawn_at: new Date(change.at), send_after: null })
}

const noticeRow = (change: ChangeToWrite, { send, ...notice }: NoticeToWrite): Record<string, unknown> => ({
  ...notice,
  channels: [...notice.channels],
  incident_id: change.incidentId,
  rev: change.incident.rev ?? null,
  created_at: new Date(change.at),
  send_after: send ? new Date(change.at) : null,
})
