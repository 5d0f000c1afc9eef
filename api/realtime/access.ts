import { findParts } from '../../db/conversations.repository'
import type { Database } from '../../db/database'
import { findRelations } from '../../db/incident-views.repository'
import { requireReading, type OpenAccess } from '../../domain/conversations'
import type { ChannelKind, FeedChannel } from '../../domain/feed-channels'
import { viewOf, type Relation } from '../../domain/incident-access'
import { permits, type Permission } from '../../domain/permissions'
import { Refusal } from '../../domain/refusals'
import type { SignedIn } from '../route'

/** Who may open the door of a channel; what they find behind it is judged below. */
export const CHANNEL_PERMISSIONS: Readonly<Record<ChannelKind, Permission>> = {
  case: 'incident:read',
  dispatch: 'dispatch:read',
  me: 'notice:own',
  conversation: 'message:use',
}

/** Somebody at a channel. */
export interface Claim {
  readonly reader: SignedIn
  readonly channel: FeedChannel
}

/** What somebody may know on a channel. */
export type Access =
  | { readonly kind: 'case'; readonly view: 'full' | 'preview'; readonly relation: Relation }
  | {
      readonly kind: 'conversation'
      readonly incidentId: string
      readonly open: OpenAccess
      readonly isReporter: boolean
    }
  | { readonly kind: 'dispatch' }
  | { readonly kind: 'me' }

/**
 * What each of them may know now, in the order asked, or why nothing: by the rules of the routes, with one statement for all
 * incidents and one for all conversations.
 */
export async function judge(db: Database, claims: readonly Claim[]): Promise<(Access | Refusal)[]> {
  const judged = new Map<Claim, Access | Refusal>()
  const permitted = claims.filter(claim => {
    if (permits(claim.reader.role, CHANNEL_PERMISSIONS[claim.channel.kind])) return true
    judged.set(claim, new Refusal('FORBIDDEN'))
    return false
  })
  const of = (kind: ChannelKind): Claim[] => permitted.filter(({ channel }) => channel.kind === kind)
  for (const claim of of('dispatch')) judged.set(claim, { kind: 'dispatch' })
  for (const claim of of('me')) judged.set(claim, { kind: 'me' })
  await Promise.all([judgeCases(db, of('case'), judged), judgeConversations(db, of('conversation'), judged)])
  return claims.map(claim => judged.get(claim) ?? new Refusal('FORBIDDEN'))
}

type Judged = Map<Claim, Access | Refusal>

const subjectOf = ({ channel }: Claim): string => channel.subject ?? ''

async function judgeCases(db: Database, claims: readonly Claim[], judged: Judged): Promise<void> {
  if (claims.length === 0) return
  const asked = claims.map(claim => ({ incidentId: subjectOf(claim), reader: claim.reader }))
  const relations = await findRelations(db, asked)
  for (const [index, claim] of claims.entries()) judged.set(claim, caseAccess(claim, relations[index]))
}

function caseAccess({ reader }: Claim, relation: Relation | undefined): Access | Refusal {
  const view = relation ? viewOf(reader.role, relation) : 'none'
  if (!relation || view === 'none') return new Refusal('INCIDENT_NOT_FOUND')
  if (view === 'ended') return new Refusal('ACCESS_ENDED')
  return { kind: 'case', view, relation }
}

async function judgeConversations(db: Database, claims: readonly Claim[], judged: Judged): Promise<void> {
  if (claims.length === 0) return
  const asked = claims.map(claim => ({ conversationId: subjectOf(claim), readerId: claim.reader.id }))
  const parts = await findParts(db, asked)
  for (const [index, claim] of claims.entries()) {
    const part = parts[index]
    try {
      const open = requireReading(claim.reader.role, part, 'CONVERSATION_NOT_FOUND')
      const { incident_id: incidentId = '', is_reporter: isReporter = false } = part ?? {}
      judged.set(claim, { kind: 'conversation', incidentId, open, isReporter })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      judged.set(claim, error)
    }
  }
}

/**
 * Can this access end while nothing is told of the incident: an offer whose time is over, a hand-over whose news are held back? The
 * reporter's and dispatch's end only with the incident.
 */
export function mayEnd({ reader, channel }: Claim, access: Access): boolean {
  if (channel.kind === 'dispatch' || channel.kind === 'me') return false
  if (permits(reader.role, CHANNEL_PERMISSIONS.dispatch)) return false
  if (access.kind === 'case') return !access.relation.is_reporter
  return access.kind === 'conversation' && !access.isReporter
}
