/**
 * The closed list of event types. An event is appended in the transaction that changed the row, carries ids and codes
 * only, and is at once audit trail, outbox and story. The sentence is what a timeline shows.
 */
export const EVENTS = {
  'incident.reported': 'Reported',
  'incident.edited': 'Details were edited',
  'incident.deleted': 'Taken off the lists',
  'incident.restored': 'Put back on the lists',
  'search.started': 'The search for a responder began',
  'review.started': 'Waits for a dispatcher to review it',
  'offer.made': 'Offered to a responder',
  'offer.accepted': 'A responder accepted',
  'offer.rejected': 'A responder refused',
  'offer.expired': 'A responder did not answer in time',
  'offer.withdrawn': 'An offer was withdrawn',
  'provider.unresponsive': 'A responder stayed silent too often and gets no more offers',
  'incident.escalated': 'The dispatch centre was called',
  'dispatch.woken': 'Dispatchers were woken',
  'dispatch.step_skipped': 'A step of the dispatch ladder had nobody in it',
  'dispatch.acknowledged': 'A dispatcher took notice and owns the case',
  'dispatch.owned': 'A dispatcher took ownership',
  'dispatch.owner_idle': 'The owner did nothing in time and lost the case',
  'dispatch.researched': 'Dispatch sent the case back to the search',
  'dispatch.held': 'Held by dispatch: the search pauses',
  'dispatch.released': 'Released by dispatch: the search goes on',
  'incident.assigned': 'Assigned by dispatch',
  'incident.reassigned': 'Reassigned by dispatch',
  'incident.urgency_changed': 'The urgency was changed',
  'incident.nudged': 'The responder was reminded to start',
  'incident.not_started': 'The work did not start in time; dispatch was told',
  'incident.started': 'The work began',
  'incident.handed_back': 'The responder handed the case back',
  'incident.completed': 'The work was completed',
  'incident.outcome_stated': 'The outcome was stated',
  'incident.closed': 'Closed',
  'incident.reopened': 'Reopened',
  'incident.cancelled': 'Cancelled',
} as const

export type EventType = keyof typeof EVENTS

/** What an event may say beside its type: ids and codes, never a word somebody wrote. */
export type EventData = Readonly<Record<string, string | number | boolean | null>>

/** The fields of an event that its hash covers, in the order in which they are hashed. */
export interface ChainedEvent {
  readonly incident_id: string
  readonly seq: number
  readonly rev: number
  readonly type: EventType
  readonly from_status: string | null
  readonly to_status: string | null
  readonly actor_role: string
  readonly actor_id: string | null
  /** Milliseconds since 1970. */
  readonly at: number
  readonly data: EventData
}

/**
 * The text whose SHA-256, together with the hash before it, makes an event's hash: `prev_hash` and the fields in fixed order,
 * data keys sorted, as JSON. Changing any byte of an event changes its hash and breaks the chain after it.
 */
export function chainText(prevHash: string, event: ChainedEvent): string {
  const data = Object.fromEntries(Object.entries(event.data).sort(([a], [b]) => (a < b ? -1 : 1)))
  return JSON.stringify([
    prevHash,
    event.incident_id,
    event.seq,
    event.rev,
    event.type,
    event.from_status,
    event.to_status,
    event.actor_role,
    event.actor_id,
    event.at,
    data,
  ])
}

/** The hash before the first event of every incident. */
export const CHAIN_START = '0'.repeat(64)
