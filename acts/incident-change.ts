import { createHash } from 'node:crypto'
import type {
  AssignmentToWrite,
  ChangeToWrite,
  EventToWrite,
  FeedLine,
  NoticeToWrite,
  OfferToClose,
  OfferToWrite,
  SealedNote,
} from '../db/change.writer'
import type { Transaction } from '../db/database'
import { columnsOf, type IncidentRow, type OfferFacts } from '../db/incident-rows'
import type { ProviderFacts } from '../db/providers.repository'
import type { CaseType } from '../domain/case-type'
import { chainText, type ChainedEvent, type EventData, type EventType } from '../domain/events'
import { concernsEscalation } from '../domain/feed'
import type { IncidentState } from '../domain/incident-state'
import { nextStep } from '../domain/next-step'
import { NOTICES, type NoticeCode, type NoticeSubject } from '../domain/notices'
import type { Channel, Policy } from '../domain/policy'
import type { Position } from '../domain/places'
import type { Candidate } from '../domain/ranking'
import { isReasonCode } from '../domain/reason-codes'
import type { SignalName } from '../domain/signal-names'
import type { Status } from '../domain/statuses'
import { newId } from '../platform/ids'
import { personOf, type By } from './deps'

/** What was read under the locks, and by what rules it is judged. */
export interface Grounds {
  readonly trx: Transaction
  readonly at: number
  readonly by: By
  readonly row: IncidentRow
  readonly state: IncidentState
  readonly offers: readonly OfferFacts[]
  readonly providers: readonly ProviderFacts[]
  /** Whom the incident could be offered to, when this act may lead to an offer. */
  readonly candidates: readonly Candidate[]
  readonly place: Position | null
  /** Counts the runs of this transaction from 0: a repeated one has more providers locked. */
  readonly run: number
  /** Dispatchers on duty, by id, where they were read already. */
  readonly onDuty?: readonly string[]
  /** Set while the incident comes to be: what its row holds beside the state, and its wrapped key. */
  readonly created: ChangeToWrite['created']
  readonly caseType: CaseType
  readonly policy: Policy
  readonly configuredChannels: ReadonlySet<Channel>
}

type UnchainedEvent = Omit<ChainedEvent, 'seq' | 'rev' | 'incident_id' | 'at'>

/**
 * The working copy of one act: acts and engine steps change it in memory, and it is written once, at the end of the
 * transaction, with its events and notices. Only what was locked can be changed.
 */
export class IncidentChange {
  state: IncidentState
  /** The signal by which the workflow hears of this; null when the workflow itself caused it. */
  signal: SignalName | null = null
  /** Is the workflow about to look by itself? Then it is told only when it has not after a while. */
  looksItself = false
  readonly providers: ReadonlyMap<string, ProviderFacts>
  readonly #touched = new Set<string>()
  readonly #events: UnchainedEvent[] = []
  readonly #reasons = new Map<number, string>()
  readonly #offers: OfferToWrite[] = []
  readonly #closedOffers: OfferToClose[] = []
  readonly #notices: NoticeToWrite[] = []
  readonly #withdrawn = new Set<NoticeCode>()
  readonly #asked = new Set<string>()
  #columns: Partial<IncidentRow> = {}
  #rested = false
  #endedAssignment: string | null = null
  #assignment: AssignmentToWrite | null = null

  constructor(readonly grounds: Grounds) {
    this.state = grounds.state
    this.providers = new Map(grounds.providers.map(provider => [provider.provider_id, { ...provider }]))
  }

  get at(): number {
    return this.grounds.at
  }
  get policy(): Policy {
    return this.grounds.policy
  }
  get caseType(): CaseType {
    return this.grounds.caseType
  }
  /** Has anything happened? Without it nothing is written. */
  get isEmpty(): boolean {
    return this.#events.length === 0 && !this.#rested
  }
  /** Is there an event, so that the revision goes up and the workflow must hear of it? */
  get isNews(): boolean {
    return this.#events.length > 0
  }
  /** Did somebody give a reason in words, so that the incident's key is needed? */
  get hasWords(): boolean {
    return this.#reasons.size > 0
  }
  get notices(): readonly NoticeToWrite[] {
    return this.#notices
  }

  patch(changes: Partial<IncidentState>): void {
    this.state = { ...this.state, ...changes }
  }

  /**
   * Has the state written although nothing happened: the engine looked, found nothing, and set its next look. The revision stays,
   * or a look every minute would make a dispatcher's screen out of date.
   */
  rest(): void {
    this.#rested = true
  }

  /** Columns beside the state: sealed texts, the edit's version. */
  patchColumns(columns: Partial<IncidentRow>): void {
    this.#columns = { ...this.#columns, ...columns }
  }

  /** Appends an event; with `to` the status changes in the same breath, so neither happens without the other. */
  append(type: EventType, data: EventData = {}, to?: Status): void {
    const { actor } = this.grounds.by
    const moves = to !== undefined && to !== this.state.status
    this.#events.push({
      type,
      from_status: moves ? this.state.status : null,
      to_status: moves ? to : null,
      actor_role: actor.kind === 'engine' ? 'engine' : actor.role,
      actor_id: personOf(this.grounds.by),
      data,
    })
    if (to !== undefined) this.patch({ status: to })
  }

  /**
   * Appends an event with the reason that a person gave: a code stands in the event, words are sealed beside it, for events hold
   * ids and codes only.
   */
  appendWithReason(type: EventType, reason: string | undefined, data: EventData = {}, to?: Status): void {
    const isCode = reason !== undefined && isReasonCode(reason)
    this.append(type, isCode ? { ...data, reason } : data, to)
    if (reason !== undefined && !isCode) this.#reasons.set(this.#events.length - 1, reason)
  }

  /** The locked provider, to be changed in place; throws when it was not locked, which is a defect of the act. */
  provider(id: string): ProviderFacts {
    const found = this.providers.get(id)
    if (!found) throw new Error('a provider is changed without its lock')
    this.#touched.add(id)
    return found
  }

  /** Takes one slot of a locked provider; `forced` beyond the capacity. */
  claimSlot(providerId: string, how: 'within_capacity' | 'forced'): void {
    const provider = this.provider(providerId)
    provider.load += 1
    if (how === 'forced') provider.forced_load = Math.max(provider.forced_load, provider.load - provider.capacity)
  }

  /** Gives one slot back; a provider with a free slot again wakes the incidents that wait for one. */
  freeSlot(providerId: string): void {
    const provider = this.provider(providerId)
    provider.load -= 1
    provider.forced_load = Math.max(0, Math.min(provider.forced_load, provider.load - provider.capacity))
    if (provider.availability === 'available' && provider.load < provider.capacity) provider.woken = true
  }

  /** Was this provider asked, or did they answer, in this very act? */
  wasAskedNow(providerId: string): boolean {
    return this.#asked.has(providerId)
  }

  /** Somebody who is not to be asked in this act, whatever the candidates say: they have just given the case back. */
  excludeNow(providerId: string): void {
    this.#asked.add(providerId)
  }

  openOffer(offer: OfferToWrite): void {
    this.claimSlot(offer.provider_id, 'within_capacity')
    this.#asked.add(offer.provider_id)
    this.#offers.push(offer)
    this.patch({
      open_offers: [
        ...this.state.open_offers,
        { id: offer.id, provider_id: offer.provider_id, expires_at: offer.expires_at },
      ],
    })
  }

  /** Ends an open offer. An accepted one keeps its slot; every other gives it back. */
  closeOffer(offerId: string, state: OfferToClose['state'], reason: string | null): void {
    const offer = this.state.open_offers.find(each => each.id === offerId)
    if (!offer) throw new Error('an offer is closed that is not open')
    this.#asked.add(offer.provider_id)
    this.#closedOffers.push({ id: offerId, state, reason })
    this.patch({ open_offers: this.state.open_offers.filter(each => each.id !== offerId) })
    if (state !== 'accepted') this.freeSlot(offer.provider_id)
  }

  assign(assignment: Omit<AssignmentToWrite, 'id'>): void {
    this.#assignment = { id: newId(), ...assignment }
  }

  /** Ends the present assignment with a reason; its provider's access to the incident ends with it. */
  endAssignment(reason: string): void {
    this.#endedAssignment = reason
  }

  notify(
    code: NoticeCode,
    recipients: readonly string[],
    more: { readonly offerId?: string; readonly channels?: readonly Channel[] } = {},
  ): void {
    const channels = more.channels ?? NOTICES[code].channels
    const send = channels.some(channel => this.grounds.configuredChannels.has(channel))
    for (const recipient_id of recipients)
      this.#notices.push({ id: newId(), recipient_id, code, offer_id: more.offerId ?? null, channels, send })
  }

  /** Stops every notice that speaks of a state that is over (I4), also those that wait to be sent. */
  withdrawNotices(...subjects: NoticeSubject[]): void {
    for (const [code, notice] of Object.entries(NOTICES))
      if (subjects.includes(notice.about)) this.#withdrawn.add(code as NoticeCode)
  }

  /** What is to be written: the state with the next revision, and the events chained to the last one. */
  toWrite(sealNote: (eventId: string, words: string) => string): ChangeToWrite {
    const { row, at, by } = this.grounds
    if (this.#events.length > 0) this.patch({ rev: this.state.rev + 1 })
    const next = nextStep(this.state, this.policy, at)
    const events = chain(row, this.state.rev, at, this.#events, by.requestId ?? null)
    const last = events.at(-1)
    const when = new Date(at)
    return {
      incidentId: row.id,
      at,
      incident: {
        ...columnsOf(this.state),
        ...this.#columns,
        next_deadline_at: next && new Date(next.due_at),
        next_step: next?.kind ?? null,
        last_seq: last?.seq ?? row.last_seq,
        last_hash: last?.hash ?? row.last_hash,
        last_event_at: last ? when : row.last_event_at,
        updated_at: last ? when : row.updated_at,
      },
      created: this.grounds.created,
      offers: this.#offers,
      closedOffers: this.#closedOffers,
      endedAssignment: this.#endedAssignment,
      assignment: this.#assignment,
      providers: [...this.#touched].map(id => this.provider(id)),
      events,
      notes: events.flatMap((event, index): SealedNote[] => {
        const words = this.#reasons.get(index)
        return words === undefined ? [] : [{ event_id: event.id, note: sealNote(event.id, words) }]
      }),
      signal: last ? this.signal : null,
      looksItself: this.looksItself,
      withdrawnNotices: [...this.#withdrawn],
      notices: this.#notices,
      feed: this.#feed(),
      requestId: by.requestId ?? null,
    }
  }

  /** What sockets are told of this act: that the incident changed, and whom an offer or a notice concerns. */
  #feed(): FeedLine[] {
    const last = this.#events.at(-1)
    if (!last) return []
    const line = (type: FeedLine['type'], more: Partial<FeedLine> = {}): FeedLine => ({
      ...{ type, user_id: null, ref: null, event: null },
      ...more,
    })
    const provider = new Map(this.grounds.state.open_offers.map(offer => [offer.id, offer.provider_id]))
    const escalation = this.#events.findLast(event => concernsEscalation(event.type))
    return [
      line('incident.updated', { event: last.type }),
      ...(escalation ? [line('escalation.changed', { event: escalation.type })] : []),
      ...this.#offers.map(({ id, provider_id }) => line('offer.made', { user_id: provider_id, ref: id })),
      ...this.#closedOffers.map(({ id, state }) =>
        line('offer.closed', { user_id: provider.get(id) ?? null, ref: id, event: state }),
      ),
      ...this.#notices.map(({ id, recipient_id, code }) =>
        line('notice.changed', { user_id: recipient_id, ref: id, event: code }),
      ),
    ]
  }
}

function chain(
  row: IncidentRow,
  rev: number,
  at: number,
  events: readonly UnchainedEvent[],
  requestId: string | null,
): EventToWrite[] {
  let previous = row.last_hash
  return events.map((event, index) => {
    const chained: ChainedEvent = { ...event, incident_id: row.id, seq: row.last_seq + 1 + index, rev, at }
    const hash = createHash('sha256').update(chainText(previous, chained)).digest('hex')
    const written = { ...chained, id: newId(), prev_hash: previous, hash, request_id: requestId }
    previous = hash
    return written
  })
}
