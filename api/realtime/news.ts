import type { z } from 'zod'
import type { ActDeps } from '../../acts/deps'
import type { FeedRow } from '../../db/feed.repository'
import {
  readIncidentNews,
  readMessagesFor,
  readNoticeNews,
  readOffered,
  readPositions,
  type IncidentNews,
  type MessageFor,
  type NoticeNews,
} from '../../db/socket-news.repository'
import { Refusal } from '../../domain/refusals'
import { messageView } from '../messages/messages.views'
import type { messageSchema } from '../messages/messages.schemas'
import { judge, type Access } from './access'
import { caseNews, dispatchNews, myNews, type IncidentData, type NoticeData, type OfferData } from './incident-news'
import type { Concern, Subscription } from './hub'

interface Told<Type extends string, Data> {
  readonly type: Type
  /** Grows on each channel. */
  readonly id: number
  /** ISO 8601. */
  readonly at: string
  readonly data: Data
}

/** What somebody is told, in the product's own words. */
export type News =
  | Told<'incident.updated' | 'escalation.changed', IncidentData>
  | Told<'offer.made' | 'offer.closed', OfferData>
  | Told<'notice.changed', NoticeData>
  | Told<'message.created', z.input<typeof messageSchema>>
  | Told<'message.read', { readonly reader: string | null; readonly message: string | null }>

/** What became of one subscription's rows. */
export interface Outcome {
  readonly subscription: Subscription
  readonly access: Access | Refusal
  /** In the order of the rows; what the reader may not know is not among them. */
  readonly news: readonly News[]
}

/** What the record says of what the rows speak of. */
interface Facts {
  readonly messages: ReadonlyMap<string, MessageFor>
  readonly positions: ReadonlyMap<string, number>
  readonly notices: ReadonlyMap<string, NoticeNews>
  readonly incidents: ReadonlyMap<string, IncidentNews>
  readonly offered: ReadonlyMap<string, string>
}

type Reads = Pick<ActDeps, 'db' | 'vault'>

/**
 * Judges everybody concerned anew and makes their news: however many they are, one statement for each kind of thing that is judged
 * and one for each that is read.
 */
export async function newsFor(reads: Reads, concerns: readonly Concern[]): Promise<Outcome[]> {
  const judged = await judge(
    reads.db,
    concerns.map(({ subscription }) => subscription),
  )
  const allowed = concerns.flatMap((concern, index) => {
    const access = judged[index]
    return access && !(access instanceof Refusal) ? [{ ...concern, access }] : []
  })
  const facts = await readFacts(reads, allowed)
  const shared = new Map<FeedRow, News>()
  const news = new Map(
    allowed.map(each => [
      each.subscription,
      each.rows.flatMap(row => newsOf(reads, row, { ...each, facts, shared }) ?? []),
    ]),
  )
  return concerns.map(({ subscription }, index) => ({
    subscription,
    access: judged[index] ?? new Refusal('FORBIDDEN'),
    news: news.get(subscription) ?? [],
  }))
}

type Allowed = Concern & { readonly access: Access }

async function readFacts({ db }: Reads, allowed: readonly Allowed[]): Promise<Facts> {
  const messages: { messageId: string; readerId: string }[] = []
  const positions = new Set<string>()
  const notices = new Set<string>()
  const incidents = new Set<string>()
  const offers = new Set<string>()
  for (const { subscription, access, rows } of allowed)
    for (const { type, ref, incident_id } of rows) {
      if (access.kind === 'dispatch' && incident_id) incidents.add(incident_id)
      if (!ref) continue
      if (type === 'message.created') messages.push({ messageId: ref, readerId: subscription.reader.id })
      if (type === 'message.read') positions.add(ref)
      if (type === 'notice.changed') notices.add(ref)
      if (access.kind === 'me' && type.startsWith('offer.')) offers.add(ref)
    }
  const [forReaders, seqs, noticed, boards, offered] = await Promise.all([
    messages.length > 0 ? readMessagesFor(db, messages) : [],
    positions.size > 0 ? readPositions(db, [...positions]) : new Map<string, number>(),
    notices.size > 0 ? readNoticeNews(db, [...notices]) : new Map<string, NoticeNews>(),
    incidents.size > 0 ? readIncidentNews(db, [...incidents]) : new Map<string, IncidentNews>(),
    offers.size > 0 ? readOffered(db, [...offers]) : new Map<string, string>(),
  ])
  const byReader = new Map(forReaders.map(row => [`${row.id} ${row.reader_id}`, row]))
  return { messages: byReader, positions: seqs, notices: noticed, incidents: boards, offered }
}

type Telling = Allowed & { readonly facts: Facts; readonly shared: Map<FeedRow, News> }

/** What one reader is told of one row; undefined when it is not for them. */
function newsOf(reads: Reads, row: FeedRow, { subscription, access, facts, shared }: Telling): News | undefined {
  const { reader } = subscription
  switch (access.kind) {
    case 'case':
      return caseNews(row, reader, access)
    case 'dispatch': {
      // The same for all of dispatch, so that it is written out once for a hundred boards.
      const known = shared.get(row) ?? dispatchNews(row, facts.incidents.get(row.incident_id ?? ''))
      if (known) shared.set(row, known)
      return known
    }
    case 'me':
      return myNews(row, reader, facts)
    case 'conversation':
      return messageNews(reads, row, { readerId: reader.id, after: access.open.after, facts })
  }
}

function messageNews(
  { vault }: Reads,
  row: FeedRow,
  { readerId, after, facts }: { readonly readerId: string; readonly after: number; readonly facts: Facts },
): News | undefined {
  const { id, ref, at } = row
  if (row.type === 'message.created') {
    const message = facts.messages.get(`${ref} ${readerId}`)
    if (!message || message.seq <= after) return undefined
    return { type: row.type, id, at, data: messageView(vault, message) }
  }
  const position = facts.positions.get(ref ?? '')
  if (row.type !== 'message.read' || position === undefined || position <= after) return undefined
  return { type: row.type, id, at, data: { reader: row.actor_id, message: ref } }
}
