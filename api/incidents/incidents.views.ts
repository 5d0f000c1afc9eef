import type { z } from 'zod'
import type { IncidentListRow, SealedTitle } from '../../db/incident-lists.repository'
import type { IncidentSeen, OfferSeen } from '../../db/incident-views.repository'
import type { EventModel, OfferModel } from '../../db/models'
import { openName } from '../../db/person-names'
import type { OfferedRow } from '../../db/provider-profiles.repository'
import { openJson, openText, type Vault } from '../../db/vault'
import type { Role } from '../../domain/actors'
import { caseTypeOf } from '../../domain/case-types'
import type { ContactSafety } from '../../domain/contact-safety'
import { EVENTS } from '../../domain/events'
import { mayKnowSubject, mustNotKnowOfBar } from '../../domain/incident-access'
import { wordOf, type EscalationReason } from '../../domain/statuses'
import type { DataKey } from '../../platform/envelope'
import type {
  incidentRowSchema,
  incidentSchema,
  offerSchema,
  previewSchema,
  timelineEntrySchema,
} from './incidents.schemas'

type OfferView = { id: string; expires_at: string; seconds_left: number }

const iso = (date: Date | null): string | null => date?.toISOString() ?? null

/** The name of an incident's coarse area. */
export const areaName = (caseType: string, region: string | null): string | null =>
  caseTypeOf(caseType).areas.find(area => area.code === region)?.name ?? null

/** An offer with the time left by the database's clock. */
export const offerView = (offer: { id: string; expires_at: number }, at: number): OfferView => ({
  id: offer.id,
  expires_at: new Date(offer.expires_at).toISOString(),
  seconds_left: Math.max(0, Math.floor((offer.expires_at - at) / 1000)),
})

const firstOffer = ([offer]: readonly OfferSeen[], at: number): OfferView | null =>
  offer ? offerView(offer, at) : null

const keyOf = (vault: Vault, id: string, wrapped: string | null): DataKey | null =>
  wrapped === null ? null : vault.keyOf(id, wrapped)

type Subject = { name?: string; phone?: string; note?: string }
type Place = { lat?: number; lng?: number; text?: string }

/** Who reads: what is shown differs by what they are to the incident. */
export interface Reader {
  readonly id: string
  readonly role: Role
}

/** Everything, for those who may see it; what was sealed by a destroyed key is null. */
export function fullView(vault: Vault, seen: IncidentSeen, reader: Reader): z.input<typeof incidentSchema> {
  const key = keyOf(vault, seen.id, seen.wrapped)
  const text = (column: 'title' | 'description') => key && openText(key, 'incidents', seen.id, column, seen[column])
  const place = opened<Place>(key, seen, 'place')
  const area = areaName(seen.case_type, seen.region)
  return {
    ...shared(seen, reader),
    title: text('title'),
    description: text('description'),
    occurred_at: iso(seen.occurred_at),
    occurred_precision: seen.occurred_precision,
    location:
      place || area ? { lat: place?.lat ?? null, lng: place?.lng ?? null, text: place?.text ?? null, area } : null,
    details: opened<Record<string, unknown>>(key, seen, 'details'),
    contact_safety: opened<Record<string, unknown>>(key, seen, 'contact_safety'),
    on_behalf: seen.on_behalf,
    ...subjectView(key, seen),
    reporter: seen.reporter && { id: seen.reporter.id, name: openName(vault, seen.reporter) },
    assigned_to: seen.assignee && {
      id: seen.assignee.id,
      name: openName(vault, seen.assignee),
      provider_type: seen.assignee.provider_type,
    },
    offer: firstOffer(seen.offers, seen.at),
    // Voice is a part of its own: an incident without it says so in the same form.
    voice_recording_id: null,
    message_count: seen.message_count,
  }
}

/** Nothing was asked until somebody says that it was. */
function subjectView(key: DataKey | null, seen: IncidentSeen) {
  if (!seen.on_behalf) return { subject_consent: null, subject: null }
  const subject_consent = seen.subject?.consent ?? 'not_asked'
  const sealed = mayKnowSubject(seen, subject_consent) ? (seen.subject?.subject ?? null) : null
  const subject = key && openJson<Subject>(key, 'incident_subjects', seen.id, 'subject', sealed)
  return {
    subject_consent,
    subject: subject && { name: subject.name ?? null, phone: subject.phone ?? null, note: subject.note ?? null },
  }
}

function opened<T>(
  key: DataKey | null,
  row: { readonly id: string } & Partial<Record<'place' | 'details' | 'contact_safety', string | null>>,
  column: 'place' | 'details' | 'contact_safety',
): T | null {
  return key && openJson<T>(key, 'incidents', row.id, column, row[column] ?? null)
}

/** Why dispatch is called, as far as this reader may know. */
function escalationShown(row: IncidentSeen | IncidentListRow, reader: Reader): EscalationReason | null {
  const isHidden = mustNotKnowOfBar(reader.role, { is_reporter: row.reporter_id === reader.id })
  return isHidden && row.escalation_reason === 'assignee_barred' ? null : row.escalation_reason
}

function shared(row: IncidentSeen | IncidentListRow, reader: Reader) {
  return {
    id: row.id,
    code: row.code,
    case_type: row.case_type,
    urgency: row.urgency,
    urgency_word: wordOf(row),
    status: row.status,
    rev: row.rev,
    version: row.version,
    incident_type: row.incident_type,
    owner: row.owner_id === null ? null : { id: row.owner_id },
    held: row.held,
    escalation_reason: escalationShown(row, reader),
    outcome: row.outcome,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

/** What a provider sees before accepting: service, urgency, area, language, wish and flags (S3), and nothing else. */
export function previewView(vault: Vault, seen: IncidentSeen, readerId: string): z.input<typeof previewSchema> {
  const key = keyOf(vault, seen.id, seen.wrapped)
  const mine = seen.offers.filter(offer => offer.provider_id === readerId)
  return {
    id: seen.id,
    code: seen.code,
    urgency: seen.urgency,
    service: seen.reader_service,
    area: areaName(seen.case_type, seen.region),
    language: seen.reporter?.language ?? null,
    ...wishes(opened<ContactSafety>(key, seen, 'contact_safety')),
    offer: firstOffer(mine, seen.at),
  }
}

/** An offer in a provider's own list, with the same preview. */
export function offeredView(vault: Vault, row: OfferedRow) {
  const key = keyOf(vault, row.incident_id, row.wrapped)
  const sealed = { id: row.incident_id, contact_safety: row.contact_safety }
  const offer = offerView(row, row.at)
  const incident: z.input<typeof previewSchema> = {
    id: row.incident_id,
    code: row.code,
    urgency: row.urgency,
    service: row.service,
    area: areaName(row.case_type, row.region),
    language: row.language,
    ...wishes(opened<ContactSafety>(key, sealed, 'contact_safety')),
    offer,
  }
  return { ...offer, incident }
}

const wishes = (contact: ContactSafety | null) => ({
  wished_gender: contact?.wished_gender ?? null,
  safety_flags: [...(contact?.safety_flags ?? [])],
})

/**
 * A row of a list. The title opens for its reporter alone: in everybody else's list the code stands for it (S4), and so in dispatch's,
 * whoever took the report in.
 */
export function rowView(vault: Vault, row: IncidentListRow, reader: Reader): z.input<typeof incidentRowSchema> {
  const isTheirs = row.reporter_id === reader.id && reader.role !== 'dispatcher' && reader.role !== 'admin'
  const key = isTheirs ? keyOf(vault, row.id, row.wrapped) : null
  return {
    ...shared(row, reader),
    title: key && openText(key, 'incidents', row.id, 'title', row.title),
    area: areaName(row.case_type, row.region),
    assigned_to: row.assignee_id === null ? null : { id: row.assignee_id, provider_type: row.assignee_type },
    offer:
      row.offer_id === null || row.offer_expires_at === null
        ? null
        : offerView({ id: row.offer_id, expires_at: row.offer_expires_at.getTime() }, row.at.getTime()),
  }
}

/** A title from a list of them. */
export const titleOf = (vault: Vault, { id, title, wrapped }: SealedTitle): string =>
  openText(vault.keyOf(id, wrapped), 'incidents', id, 'title', title) ?? ''

/** May this reader know of the event at all? */
export const isShown = (event: EventModel, reader: Reader, seen: Pick<IncidentSeen, 'is_reporter'>): boolean =>
  event.data['reason'] !== 'assignee_barred' || !mustNotKnowOfBar(reader.role, seen)

/**
 * An event as a line of the story. Who acted is shown to dispatch and to themselves; the words of a reason to the same, for a
 * refusal's words may be about the person who reported.
 */
export function entryView(
  vault: Vault,
  { id: incidentId, wrapped }: { id: string; wrapped: string | null },
  event: EventModel,
  reader: Reader,
): z.input<typeof timelineEntrySchema> {
  const isStaff = reader.role === 'dispatcher' || reader.role === 'admin'
  const mayKnow = isStaff || event.actor_id === reader.id
  const key = mayKnow && event.note ? keyOf(vault, incidentId, wrapped) : null
  const { reason } = event.data
  return {
    id: event.id,
    type: event.type,
    from: event.from_status,
    to: event.to_status,
    actor_role: event.actor_role,
    actor_id: mayKnow ? event.actor_id : null,
    at: event.at.toISOString(),
    text: EVENTS[event.type],
    reason: mayKnow && typeof reason === 'string' ? reason : null,
    note: key && openText(key, 'event_notes', event.id, 'note', event.note?.note ?? null),
    request_id: isStaff ? event.request_id : null,
  }
}

/** An offer as dispatch sees it: whom, when, what came of it, and why they. */
export function madeOfferView(vault: Vault, offer: OfferModel): z.input<typeof offerSchema> {
  const { provider } = offer
  return {
    id: offer.id,
    provider: offer.provider_id,
    provider_name: provider ? openName(vault, { ...provider, wrapped: provider.key?.wrapped ?? null }) : null,
    round: offer.round,
    state: offer.state,
    offered_at: offer.offered_at.toISOString(),
    expires_at: offer.expires_at.toISOString(),
    answered_at: iso(offer.answered_at),
    reason: offer.reason,
    candidates: offer.candidates.map(({ provider: id, chosen, rank, reasons }) => ({
      provider: id,
      chosen,
      rank,
      reasons: [...reasons],
    })),
  }
}
