import type { EventType } from './events'

/** What a socket is told of the record. Everything else on a socket (typing, sign-in) stands in no table. */
export const FEED_TYPES = [
  'incident.updated',
  'offer.made',
  'offer.closed',
  'escalation.changed',
  'message.created',
  'message.read',
  'notice.changed',
] as const
export type FeedType = (typeof FEED_TYPES)[number]

/** Does this event change something about the call for a dispatcher, beside the incident? */
export const concernsEscalation = (type: EventType): boolean =>
  type === 'incident.escalated' || type.startsWith('dispatch.')
