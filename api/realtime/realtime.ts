import type { ActDeps } from '../../acts/deps'
import { readMissed, trimFeed, type FeedRow } from '../../db/feed.repository'
import { startListening, type Listening } from '../../db/listen'
import { logFollowing } from '../../db/socket-news.repository'
import { showSign, signOf, SIGNS_CHANNEL, type SignKind } from '../../db/signs'
import { Refusal } from '../../domain/refusals'
import { judge, mayEnd, type Claim } from './access'
import { Hub, Subscription, type Outlet } from './hub'
import { newsFor, type Outcome } from './news'
import { repeatedly, type Round } from './repeatedly'
import { FeedTail } from './tail'

export interface RealtimeOptions {
  readonly acts: Pick<ActDeps, 'db' | 'vault' | 'logger'>
  /** Where it listens, by connections of its own. */
  readonly databaseUrl: string
}

// Access that was lost ends within 2 s, also when nothing is told of it.
const JUDGED_EVERY_MS = 1_000
const TRIMMED_EVERY_MS = 60_000
const TRIMMED_AT_ONCE = 5_000
const TRIMS_AT_MOST = 40
/** Rows of a replay that are made and sent at a time: what was sent has left before the next are made. */
const REPLAYED_AT_ONCE = 200

/**
 * What happens, told to whoever listens in this process: who they are and in which words they are told is not known here. Each
 * replica has its own, reads the feed once for all its listeners, and judges for each row anew who may know of it.
 */
export class Realtime {
  readonly #hub = new Hub()
  readonly #tail: FeedTail
  readonly #ears: Listening[] = []
  readonly #rounds: Round[] = []

  constructor(private readonly options: RealtimeOptions) {
    const { db, logger } = options.acts
    this.#tail = new FeedTail({
      db,
      onRows: rows => this.#tell(rows),
      onLost: position => this.#hub.all.forEach(({ outlet }) => outlet.gap(position)),
      onFailure: err => logger.warn({ err }, 'the feed could not be read'),
    })
  }

  /** Begins to read and to listen. */
  start(): void {
    const { databaseUrl, acts } = this.options
    const { db, logger } = acts
    const ear = { url: databaseUrl, name: 'kesi-sockets', logger }
    this.#tail.start()
    this.#ears.push(startListening(ear, () => this.#tail.nudge()))
    this.#ears.push(startListening({ ...ear, channel: SIGNS_CHANNEL }, payload => this.#hear(payload)))
    const onFailure = (err: unknown): void => logger.warn({ err }, 'a round over the sockets failed')
    this.#rounds.push(repeatedly(JUDGED_EVERY_MS, () => this.#judgeAll(), onFailure))
    this.#rounds.push(repeatedly(TRIMMED_EVERY_MS, () => trim(db), onFailure))
  }

  async close(): Promise<void> {
    await Promise.all(this.#rounds.map(round => round.stop()))
    await Promise.all(this.#ears.map(ear => ear.stop()))
    await this.#tail.stop()
  }

  /**
   * Lets somebody listen to a channel: from now on, or with `after` from that id on, of which nothing is lost and nothing told twice;
   * where that is no longer possible they are told of the gap. Throws why they may not.
   */
  async subscribe(
    claim: Claim,
    outlet: Outlet,
    { after }: { readonly after?: number | undefined },
  ): Promise<Subscription> {
    const { db } = this.options.acts
    const [access = new Refusal('FORBIDDEN')] = await judge(db, [claim])
    if (access instanceof Refusal) throw access
    if (access.kind === 'conversation' && access.open.isLogged)
      await logFollowing(db, { incidentId: access.incidentId, reader: claim.reader })
    // After it nothing lies behind the position that was not given out, also what another replica told already.
    await this.#tail.look()
    const upTo = this.#tail.position
    const subscription = new Subscription(claim, access, outlet)
    this.#hub.add(subscription)
    try {
      subscription.release(await this.#replay(subscription, { after, upTo }))
      // Whoever left meanwhile could not be taken out before they were in.
      if (!outlet.isOpen) this.#hub.remove(subscription)
      return subscription
    } catch (error) {
      this.#hub.remove(subscription)
      throw error
    }
  }

  /** Nothing more is told. */
  leave(subscription: Subscription): void {
    this.#hub.remove(subscription)
  }

  /**
   * Shows to the others of a conversation that somebody is typing, or there. Of whoever reported nothing is shown: somebody else may
   * hold the phone, and when they are there is theirs to know.
   */
  async show({ access, channel, reader }: Subscription, kind: SignKind): Promise<void> {
    if (access.kind !== 'conversation' || access.isReporter || !access.open.mayWrite || !channel.subject) return
    await showSign(this.options.acts.db, {
      kind,
      conversationId: channel.subject,
      userId: reader.id,
      role: reader.role,
    })
  }

  /** Tells what was missed; answers the id up to which they know everything. */
  async #replay(
    subscription: Subscription,
    { after, upTo }: { readonly after: number | undefined; readonly upTo: number },
  ): Promise<number> {
    const { outlet } = subscription
    const missed = after === undefined ? [] : await this.#missed(subscription, after, upTo)
    const from = missed && after !== undefined ? after : upTo
    outlet.ready(from)
    if (!missed) outlet.gap(upTo)
    for (const rows of chunks(missed ?? [], REPLAYED_AT_ONCE)) {
      if (!outlet.isOpen) break
      const [outcome] = await newsFor(this.options.acts, [{ subscription, rows }])
      if (outcome?.access instanceof Refusal) throw outcome.access
      outcome?.news.forEach(news => outlet.tell(news))
      await outlet.flushed()
    }
    return Math.max(from, upTo)
  }

  /** What came after this id; undefined when that cannot be said. Another replica may have been further: then it is nothing. */
  async #missed({ channel }: Subscription, after: number, upTo: number): Promise<readonly FeedRow[] | undefined> {
    if (!Number.isSafeInteger(after) || after >= this.#tail.ceiling) return undefined
    return after > upTo ? [] : readMissed(this.options.acts.db, channel, { after, upTo })
  }

  /** Tells everybody concerned of the next rows. */
  async #tell(rows: readonly FeedRow[]): Promise<void> {
    const concerns = this.#hub.concerned(rows)
    if (concerns.length === 0) return
    try {
      for (const outcome of await newsFor(this.options.acts, concerns)) this.#settle(outcome)
    } catch (err) {
      // They come back with the last id they saw, and are told then.
      this.options.acts.logger.warn({ err, sockets: concerns.length }, 'news could not be told')
      for (const { subscription } of concerns) this.#end(subscription, new Refusal('INTERNAL'))
    }
  }

  #settle({ subscription, access, news }: Outcome): void {
    if (access instanceof Refusal) return this.#end(subscription, access)
    subscription.access = access
    subscription.deliver(news)
  }

  #end(subscription: Subscription, refusal: Refusal): void {
    this.#hub.remove(subscription)
    subscription.outlet.end(refusal)
  }

  async #judgeAll(): Promise<void> {
    const doubtful = [...this.#hub.all].filter(each => mayEnd(each, each.access))
    if (doubtful.length === 0) return
    const judged = await judge(this.options.acts.db, doubtful)
    for (const [index, subscription] of doubtful.entries()) {
      const access = judged[index]
      if (access instanceof Refusal) this.#end(subscription, access)
      else if (access) subscription.access = access
    }
  }

  #hear(payload: string): void {
    const sign = signOf(payload)
    if (!sign) return
    for (const { reader, outlet } of this.#hub.listeners({ kind: 'conversation', subject: sign.conversationId }))
      if (reader.id !== sign.userId) outlet.sign(sign)
  }
}

function* chunks(rows: readonly FeedRow[], size: number): Generator<FeedRow[]> {
  for (let from = 0; from < rows.length; from += size) yield rows.slice(from, from + size)
}

/** Removes what is too old to be asked for again. */
async function trim(db: ActDeps['db']): Promise<void> {
  for (let run = 0; run < TRIMS_AT_MOST; run++) if ((await trimFeed(db, TRIMMED_AT_ONCE)) < TRIMMED_AT_ONCE / 2) return
}
