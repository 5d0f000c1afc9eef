import { WebSocket } from 'ws'
import { openKesiSocket, type KesiSocket } from '../../api/client/kesi-socket'
import { percentile, type Figure } from '../figures'
import { hearBareNews } from '../floor/notify'
import { closedLoop, openLoop, waitFor, type Load } from '../load'
import { addPeople, addProviders, type SignedInPerson } from '../people'
import { Product } from '../product'
import { offeredTo } from '../record'
import { Replica } from '../replica'
import type { Row } from '../row'
import type { Stack } from '../stack'

const MESSAGES_PER_SECOND = 50
/** Of one person: fewer than a replica lets anybody have. */
const CONVERSATIONS_EACH = 5
const WITHIN_SECONDS = 120

/** Messages to open sockets over two replicas, what a socket costs, and a replica that is killed with half of them. */
export const sockets: Row = {
  name: 'sockets',
  about: `Conversations of two, the reporter's socket on one replica and the responder's on another; ${MESSAGES_PER_SECOND} messages a second by HTTP, from the call's beginning until each of the two sockets has heard it. Then the second replica is killed and its clients come back to the first. Floor: one row committed, said by NOTIFY and heard by another connection.`,
  async measure(stack, sizes, say) {
    const { databaseUrl: url, databasePool: pool } = stack.config
    const rate = { perSecond: MESSAGES_PER_SECOND, seconds: sizes.readSeconds }
    const floor = await hearBareNews({ url, pool }, rate)
    const product = await Product.start(stack)
    const second = await Replica.start(stack)
    try {
      const room = new Room(stack, product, second)
      await room.fill(Math.ceil(sizes.sockets / 2))
      const memory = await room.open()
      say(`${room.size} sockets are open`)
      await room.talk({ ...rate, seconds: 2 })
      const talk = await room.talk(rate)
      const [back] = await Promise.all([room.loseReplica(), room.talk(rate)])
      await room.settle()
      const { lost, doubled } = room.account()
      room.close()
      return [...figuresOf(talk, floor), ...memory, ...figuresOfReturn(back, { lost, doubled })]
    } finally {
      await second.kill()
      product.close()
    }
  },
}

interface Conversation {
  readonly id: string
  readonly reporter: SignedInPerson
  readonly provider: SignedInPerson
}

/** One client's socket, and everything that it heard. */
interface Listener {
  readonly conversation: string
  readonly socket: KesiSocket
  readonly isOnSecond: boolean
  /** How often each message was heard, by the client id that it was sent under. */
  readonly heard: Map<string, number>
  readyAt: number
}

/** Everybody who talks and listens. */
class Room {
  #conversations: Conversation[] = []
  readonly #listeners: Listener[] = []
  /** When each message was sent, and in which conversation. */
  readonly #sent = new Map<string, { readonly at: number; readonly conversation: string }>()
  #latencies: number[] = []
  #isSecondLost = false

  constructor(
    private readonly stack: Stack,
    private readonly product: Product,
    private readonly second: Replica,
  ) {}

  get size(): number {
    return this.#listeners.length
  }

  /** So many incidents, reported and accepted. */
  async fill(count: number): Promise<void> {
    const people = Math.ceil(count / CONVERSATIONS_EACH)
    const providers = await addProviders(this.stack, { count: people, capacity: CONVERSATIONS_EACH })
    const reporters = await addPeople(this.stack, 'survivor', people)
    const { caller } = this.product
    await closedLoop({ count, atOnce: 5 }, async index => {
      const reporter = reporters[index % people]
      if (!reporter) return
      const { token } = reporter
      const body = { urgency: 'urgent', title: 'Bench' }
      const made = await caller.call({ method: 'POST', path: '/api/incidents/', token, body }, 201)
      const incident = String(made.body['id'])
      const provider = providers.get(await offeredTo(this.stack, incident))
      if (!provider) throw new Error('somebody else was asked')
      await this.product.accept(incident, provider)
      const path = `/api/messages/conversations/?incident=${incident}`
      const { body: found } = await caller.call({ method: 'GET', path, token }, 200)
      const [conversation] = found['results'] as { id: string }[]
      if (conversation) this.#conversations.push({ id: conversation.id, reporter, provider })
    })
  }

  /** Opens two sockets of each conversation; what they cost the second replica. */
  async open(): Promise<Figure[]> {
    const before = this.second.memory()
    for (const { id, reporter, provider } of this.#conversations) {
      this.#listen(id, reporter, { isOnSecond: false })
      this.#listen(id, provider, { isOnSecond: true })
    }
    await waitFor('all sockets are open', { withinSeconds: WITHIN_SECONDS }, async () =>
      this.#listeners.every(each => each.readyAt > 0),
    )
    const after = this.second.memory()
    if (before === undefined || after === undefined) return []
    const each = (after - before) / this.#conversations.length
    return [{ name: 'kilobytes of memory for each socket', unit: 'count', ours: each }]
  }

  /** Messages at a steady rate, each timed until both sockets have heard it. */
  async talk(rate: { readonly perSecond: number; readonly seconds: number }): Promise<readonly number[]> {
    this.#latencies = []
    await openLoop(rate, async index => {
      const conversation = this.#conversations[(index * 7) % this.#conversations.length]
      if (!conversation) return
      const client_id = `${this.#sent.size}`
      this.#sent.set(client_id, { at: performance.now(), conversation: conversation.id })
      const body = { conversation_id: conversation.id, content: 'I am on my way.', client_id }
      const { token } = index % 2 === 0 ? conversation.reporter : conversation.provider
      await this.product.caller.call({ method: 'POST', path: '/api/messages/', token, body }, 201)
    })
    if (!this.#isSecondLost) await this.settle()
    return this.#latencies
  }

  /** Kills the second replica a while into the talk; in how many milliseconds each of its clients listens again. */
  async loseReplica(): Promise<readonly number[]> {
    await new Promise(resolve => setTimeout(resolve, 1_000))
    this.#isSecondLost = true
    const lost = this.#listeners.filter(each => each.isOnSecond)
    for (const each of lost) each.readyAt = 0
    const at = performance.now()
    await this.second.kill()
    await waitFor('all clients are back', { withinSeconds: WITHIN_SECONDS }, async () =>
      lost.every(each => each.readyAt > 0),
    )
    return lost.map(each => each.readyAt - at)
  }

  /** Resolves when everybody has heard everything. */
  async settle(): Promise<void> {
    await waitFor('everything was heard', { withinSeconds: WITHIN_SECONDS }, async () => this.account().lost === 0)
  }

  /** What somebody has not heard yet, and what they heard more than once. */
  account(): { lost: number; doubled: number } {
    const expected = new Map<string, number>()
    for (const { conversation } of this.#sent.values())
      expected.set(conversation, (expected.get(conversation) ?? 0) + 1)
    let [lost, doubled] = [0, 0]
    for (const { conversation, heard } of this.#listeners) {
      lost += (expected.get(conversation) ?? 0) - heard.size
      for (const times of heard.values()) doubled += times - 1
    }
    return { lost, doubled }
  }

  close(): void {
    for (const { socket } of this.#listeners) socket.close()
  }

  #listen(conversation: string, { token }: SignedInPerson, { isOnSecond }: Pick<Listener, 'isOnSecond'>): void {
    const url = (): string => (isOnSecond && !this.#isSecondLost ? this.second.url : this.stack.url)
    const heard = new Map<string, number>()
    const listener: Listener = {
      ...{ conversation, isOnSecond, heard, readyAt: 0 },
      socket: openKesiSocket({
        baseUrl: () => url().replace('http', 'ws'),
        path: `/ws/messages/${conversation}/`,
        ticket: () => this.#ticket(token),
        onFrame: frame => {
          if (frame.type === 'ready') listener.readyAt = performance.now()
          if (frame.type !== 'message.created' || frame.data.client_id === null) return
          const { client_id } = frame.data
          heard.set(client_id, (heard.get(client_id) ?? 0) + 1)
          this.#latencies.push(performance.now() - (this.#sent.get(client_id)?.at ?? 0))
        },
        onOver: code => {
          throw new Error(`a socket of the bench was closed with ${code}`)
        },
        WebSocket,
      }),
    }
    this.#listeners.push(listener)
  }

  async #ticket(token: string): Promise<string> {
    const call = { method: 'POST', path: '/api/auth/ws-ticket/', token } as const
    return String((await this.product.caller.call(call, 201)).body['ticket'])
  }
}

function figuresOf(latencies: readonly number[], floor: Load): Figure[] {
  return [50, 95, 99].map(share => ({
    name: `message to socket: p${share}`,
    unit: 'ms',
    ours: percentile(latencies, share),
    floor: percentile(floor.latencies, share),
    ...(share === 95 && { bars: [{ of: 'ours', atMost: 200 }] as const }),
  }))
}

const NONE = [{ of: 'ours', atMost: 0 }] as const

function figuresOfReturn(
  back: readonly number[],
  { lost, doubled }: { readonly lost: number; readonly doubled: number },
): Figure[] {
  return [
    { name: 'listening again after a kill: p50', unit: 'ms', ours: percentile(back, 50) },
    { name: 'listening again after a kill: the last', unit: 'ms', ours: percentile(back, 100) },
    { name: 'frames lost', unit: 'count', ours: lost, bars: NONE },
    { name: 'frames doubled', unit: 'count', ours: doubled, bars: NONE },
  ]
}
