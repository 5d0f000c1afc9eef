import type { FeedRow } from '../../db/feed.repository'
import type { Sign } from '../../db/signs'
import type { FeedType } from '../../domain/feed'
import { FEED_CHANNELS, type ChannelKind, type FeedChannel } from '../../domain/feed-channels'
import { Refusal } from '../../domain/refusals'
import type { SignedIn } from '../route'
import type { Access, Claim } from './access'
import type { News } from './news'

/** Where a subscription's news go, in whatever words its client speaks. Nothing here may throw or wait. */
export interface Outlet {
  /** Is anybody there still? */
  readonly isOpen: boolean
  /** From here on: what comes after `id` is told. */
  ready(id: number): void
  /** Something may have been missed; what comes after `id` is told. */
  gap(id: number): void
  tell(news: News): void
  sign(sign: Sign): void
  /** Nothing more is told, for this reason. */
  end(refusal: Refusal): void
  /** Resolves when all that was told has left this process, or the client is gone. */
  flushed(): Promise<void>
}

/** So many news wait for somebody to whom older ones are still replayed; more, and they come back later. */
const HELD_AT_MOST = 5_000

/** Somebody who is told what happens on a channel. */
export class Subscription implements Claim {
  readonly reader: SignedIn
  readonly channel: FeedChannel
  #held: News[] | undefined = []
  #known = 0

  constructor(
    { reader, channel }: Claim,
    /** As it was judged last. */
    public access: Access,
    readonly outlet: Outlet,
  ) {
    this.reader = reader
    this.channel = channel
  }

  /** Tells the news, or keeps them for after the replay. */
  deliver(news: readonly News[]): void {
    if (this.#held) this.#hold(news)
    else for (const each of news) if (each.id > this.#known) this.outlet.tell(each)
  }

  /** Ends the replay: what came meanwhile is told, and from now on everything at once, but for what they know: ids up to this. */
  release(known: number): void {
    const held = this.#held ?? []
    this.#held = undefined
    this.#known = known
    this.deliver(held)
  }

  #hold(news: readonly News[]): void {
    this.#held?.push(...news)
    if ((this.#held?.length ?? 0) > HELD_AT_MOST) this.outlet.end(new Refusal('ENGINE_UNAVAILABLE'))
  }
}

/** The rows that concern somebody; none when only their access must be judged anew. */
export interface Concern {
  readonly subscription: Subscription
  readonly rows: FeedRow[]
}

const KINDS = Object.keys(FEED_CHANNELS) as ChannelKind[]
const KINDS_BY_TYPE = new Map<FeedType, ChannelKind[]>()
for (const kind of KINDS)
  for (const type of FEED_CHANNELS[kind].types) KINDS_BY_TYPE.set(type, [...(KINDS_BY_TYPE.get(type) ?? []), kind])

const keyOf = ({ kind, subject }: FeedChannel): string => `${kind}:${subject ?? ''}`

/** The channels that a row belongs to. */
function channelsOf(row: FeedRow): FeedChannel[] {
  return (KINDS_BY_TYPE.get(row.type) ?? []).flatMap((kind): FeedChannel[] => {
    const { subject } = FEED_CHANNELS[kind]
    if (subject === null) return [{ kind, subject }]
    return row[subject] === null ? [] : [{ kind, subject: row[subject] }]
  })
}

/** Who of this process listens to what. */
export class Hub {
  readonly #all = new Set<Subscription>()
  readonly #byChannel = new Map<string, Set<Subscription>>()
  /** Those in its conversation: what happens to an incident may end their access. */
  readonly #byIncident = new Map<string, Set<Subscription>>()

  get all(): ReadonlySet<Subscription> {
    return this.#all
  }

  add(subscription: Subscription): void {
    this.#all.add(subscription)
    addTo(this.#byChannel, keyOf(subscription.channel), subscription)
    const { access } = subscription
    if (access.kind === 'conversation') addTo(this.#byIncident, access.incidentId, subscription)
  }

  remove(subscription: Subscription): void {
    this.#all.delete(subscription)
    removeFrom(this.#byChannel, keyOf(subscription.channel), subscription)
    const { access } = subscription
    if (access.kind === 'conversation') removeFrom(this.#byIncident, access.incidentId, subscription)
  }

  listeners(channel: FeedChannel): ReadonlySet<Subscription> {
    return this.#byChannel.get(keyOf(channel)) ?? NOBODY
  }

  /** Whom the rows concern, with what of them, in its order. */
  concerned(rows: readonly FeedRow[]): Concern[] {
    const found = new Map<Subscription, FeedRow[]>()
    const note = (subscription: Subscription): FeedRow[] => {
      const mine = found.get(subscription) ?? []
      found.set(subscription, mine)
      return mine
    }
    for (const row of rows) {
      for (const channel of channelsOf(row))
        for (const subscription of this.listeners(channel)) note(subscription).push(row)
      if (row.type === 'incident.updated')
        for (const subscription of this.#byIncident.get(row.incident_id ?? '') ?? NOBODY) note(subscription)
    }
    return [...found].map(([subscription, mine]) => ({ subscription, rows: mine }))
  }
}

const NOBODY: ReadonlySet<Subscription> = new Set()

function addTo(map: Map<string, Set<Subscription>>, key: string, subscription: Subscription): void {
  const found = map.get(key)
  if (found) found.add(subscription)
  else map.set(key, new Set([subscription]))
}

function removeFrom(map: Map<string, Set<Subscription>>, key: string, subscription: Subscription): void {
  const found = map.get(key)
  found?.delete(subscription)
  if (found?.size === 0) map.delete(key)
}
