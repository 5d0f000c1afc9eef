import type { FeedRow } from '../../db/feed.repository'
import type { IncidentNews, NoticeNews } from '../../db/socket-news.repository'
import { concernsEscalation } from '../../domain/feed'
import type { EventType } from '../../domain/events'
import { mustNotKnowOfBar } from '../../domain/incident-access'
import type { NoticeCode } from '../../domain/notices'
import { permits } from '../../domain/permissions'
import type { Urgency } from '../../domain/statuses'
import type { SignedIn } from '../route'
import type { Access } from './access'
import type { News } from './news'

/** What a board shows beside; null for an incident that was taken off the lists. */
interface BoardData {
  readonly code?: string | null
  readonly urgency?: Urgency | null
  readonly case_type?: string | null
}

export interface IncidentData extends BoardData {
  readonly incident: string | null
  /** Null where the reader may not know what it was. */
  readonly event: string | null
  /** Null for somebody who was offered the incident and sees the preview alone. */
  readonly status: string | null
  readonly rev: number | null
}

export interface OfferData extends BoardData {
  readonly offer: string | null
  readonly incident: string | null
  /** Of a closed one: accepted, rejected, expired or withdrawn. */
  readonly state: string | null
  /** For dispatch. */
  readonly provider?: string | null
}

export interface NoticeData {
  readonly notice: string
  readonly kind: NoticeCode
  readonly read: boolean
  /** It speaks of a state that is over: the inbox shows it no longer. */
  readonly withdrawn: boolean
}

type CaseAccess = Extract<Access, { kind: 'case' }>

/** What somebody on an incident's own channel is told of a row; offers and escalations for dispatch alone. */
export function caseNews(row: FeedRow, reader: SignedIn, { view, relation }: CaseAccess): News | undefined {
  const { id, at, incident_id: incident, status, rev } = row
  if (row.type === 'incident.updated') {
    if (view === 'preview') return { type: row.type, id, at, data: { incident, event: null, status: null, rev: null } }
    const hidden = concernsEscalation(row.event as EventType) && mustNotKnowOfBar(reader.role, relation)
    return { type: row.type, id, at, data: { incident, event: hidden ? null : row.event, status, rev } }
  }
  if (row.type === 'escalation.changed')
    return permits(reader.role, 'dispatch:read') ? incidentNews(row, row.type, {}) : undefined
  return permits(reader.role, 'incident:offers') ? offerNews(row, { provider: row.user_id }) : undefined
}

/** What dispatch is told of a row; of an incident that was deleted only that it was. */
export function dispatchNews(row: FeedRow, incident: IncidentNews | undefined): News | undefined {
  if (!incident) return undefined
  const { code, urgency, case_type } = incident
  const board = incident.is_deleted ? { code: null, urgency: null, case_type: null } : { code, urgency, case_type }
  if (incident.is_deleted && row.event !== 'incident.deleted') return undefined
  if (row.type === 'incident.updated' || row.type === 'escalation.changed') return incidentNews(row, row.type, board)
  return offerNews(row, { ...board, provider: row.user_id })
}

/** What somebody's own socket is told: of offers to them, and of their inbox. */
export function myNews(
  row: FeedRow,
  reader: SignedIn,
  facts: { readonly offered: ReadonlyMap<string, string>; readonly notices: ReadonlyMap<string, NoticeNews> },
): News | undefined {
  const { id, at, ref } = row
  if (row.type === 'notice.changed') {
    const notice = facts.notices.get(ref ?? '')
    if (notice?.recipient_id !== reader.id) return undefined
    const { code: kind, is_read: read, is_withdrawn: withdrawn } = notice
    return { type: row.type, id, at, data: { notice: notice.id, kind, read, withdrawn } }
  }
  return facts.offered.get(ref ?? '') === reader.id ? offerNews(row, {}) : undefined
}

const incidentNews = (
  { id, at, incident_id: incident, event, status, rev }: FeedRow,
  type: 'incident.updated' | 'escalation.changed',
  board: BoardData,
): News => ({ type, id, at, data: { incident, event, status, rev, ...board } })

function offerNews(row: FeedRow, more: BoardData & { readonly provider?: string | null }): News | undefined {
  const { type, id, at, incident_id: incident, ref: offer, event: state } = row
  if (type !== 'offer.made' && type !== 'offer.closed') return undefined
  return { type, id, at, data: { offer, incident, state, ...more } }
}
