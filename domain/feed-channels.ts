import type { FeedType } from './feed'

const INCIDENT_TYPES: readonly FeedType[] = ['incident.updated', 'offer.made', 'offer.closed', 'escalation.changed']

/**
 * What each kind of channel carries: rows of these types, whose `subject` is the channel's own; null means all of them. What of it a
 * reader may know is judged for each row anew.
 */
export const FEED_CHANNELS = {
  case: { types: INCIDENT_TYPES, subject: 'incident_id' },
  dispatch: { types: INCIDENT_TYPES, subject: null },
  me: { types: ['offer.made', 'offer.closed', 'notice.changed'], subject: 'user_id' },
  conversation: { types: ['message.created', 'message.read'], subject: 'conversation_id' },
} as const satisfies Record<
  string,
  {
    readonly types: readonly FeedType[]
    readonly subject: 'incident_id' | 'user_id' | 'conversation_id' | null
  }
>

export type ChannelKind = keyof typeof FEED_CHANNELS

/** A channel: its kind, and the id of what it is about where it is about one thing. */
export interface FeedChannel {
  readonly kind: ChannelKind
  readonly subject: string | null
}
