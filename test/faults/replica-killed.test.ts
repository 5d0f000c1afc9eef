import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import { openKesiSocket, type KesiSocket } from '../../api/client/kesi-socket'
import type { Frame } from '../../api/realtime/frames'
import { FEED_CHANNELS, type FeedChannel } from '../../domain/feed-channels'
import { callApi, type Reply, type Someone } from '../harness/api'
import { eventually } from '../harness/eventually'
import { TestProduct, type TestReplica } from '../harness/product'
import { accept, each, expectSound, openInstallation, report, spread, tell, times, type People } from './scenes'

/** The long run has 500. */
const SOCKETS = Number(process.env['KESI_TEST_SOCKETS'] ?? 60)
const SHARES = { conversations: 0.4, dispatch: 0.1 }
/** One person has at most 20 sockets. */
const SOCKETS_OF_ONE = 10
const TALKERS = 4
const PAUSE_MS = 50
/** Of so many things that happen one is a report, of which dispatch is told. */
const REPORT_EVERY = 10
const BACK_WITHIN_MS = 60_000

/** A client that listens to a channel for the whole test, on whichever replica it finds. */
interface Listener {
  readonly channel: FeedChannel
  readonly socket: KesiSocket
  /** Everything that came. */
  readonly frames: Frame[]
  /** When it was ready, each time. */
  readonly readyAt: number[]
  /** Why it was not tried again. */
  readonly ends: number[]
}

interface Conversation {
  readonly id: string
  readonly reporter: Someone
  readonly provider: Someone
}

let product: TestProduct
let people: People
/** All sockets are on the first of them at the beginning. */
let replicas: readonly [TestReplica, TestReplica]
let conversations: readonly Conversation[]
let listeners: readonly Listener[]

beforeAll(async () => {
  product = await TestProduct.start()
  people = await openInstallation(product, {})
  const first: TestReplica = { url: product.url, process: product.api, start: () => product.startApi() }
  replicas = [first, await product.addReplica()]
  const count = Math.round(SOCKETS * SHARES.conversations)
  const reporters = await each(times(Math.ceil(count / SOCKETS_OF_ONE)), () => product.someone('survivor'))
  conversations = await each(times(count), index =>
    beginConversation(reporters[index % reporters.length] ?? people.survivor),
  )
  const boards = Math.round(SOCKETS * SHARES.dispatch)
  const dispatchers = await each(times(Math.ceil(boards / SOCKETS_OF_ONE)), () => product.someone('dispatcher'))
  const providers = [...people.providers.values()]
  const own = SOCKETS - 2 * count - boards
  listeners = [
    ...conversations.flatMap(({ id, reporter, provider }) =>
      [reporter, provider].map(by => listen(by, `/ws/messages/${id}/`, { kind: 'conversation', subject: id })),
    ),
    ...times(boards).map(index =>
      listen(dispatchers[index % dispatchers.length] as Someone, '/ws/dispatch/', { kind: 'dispatch', subject: null }),
    ),
    ...times(own).map(index => {
      const by = providers[index % providers.length] as Someone
      return listen(by, '/ws/me/', { kind: 'me', subject: by.id })
    }),
  ]
}, 240_000)
afterAll(async () => {
  for (const { socket } of listeners ?? []) socket.close()
  await product?.stop()
}, 30_000)

test(`with a replica killed -9 under ${SOCKETS} sockets, and the other after it, all come back and nothing is lost or told twice`, async () => {
  await allReady(1)
  const talk = new Talk()
  await talk.sayMore(conversations.length)
  const backAfter: number[] = []
  for (const [index, replica] of replicas.entries()) {
    const killedAt = performance.now()
    await replica.process.end('SIGKILL')
    backAfter.push(...(await allReady(index + 2)).map(at => at - killedAt))
    await talk.sayMore(conversations.length)
    await replica.start()
  }
  await talk.end()

  const heardAll = async (): Promise<boolean> => (await differences()).length === 0
  await eventually(heardAll, { withinMs: 20_000, everyMs: 100 }).catch(() => undefined)
  const events = listeners.map(({ frames }) => frames.filter(isEvent))
  tell(
    `faults (replica killed -9 under ${SOCKETS} sockets, then the other): ready again ${spread(backAfter)} after the kill; ` +
      `${talk.messages.size} messages and ${talk.reports} reports meanwhile, ${events.flat().length} frames heard`,
  )
  expect(await differences()).toEqual([])
  const gapsAndEnds = listeners.flatMap(({ frames, ends }) => [
    ...frames.filter(({ type }) => type === 'replay.gap'),
    ...ends,
  ])
  expect(gapsAndEnds).toEqual([])
  const heard = new Set(events.flat().flatMap(frame => (frame.type === 'message.created' ? [frame.data.id] : [])))
  expect([...talk.messages].filter(id => !heard.has(id))).toEqual([])
  await expectSound(product)
}, 300_000)

async function beginConversation(reporter: Someone): Promise<Conversation> {
  const incident = await report(product, reporter)
  const provider = await accept(product, people, incident.id)
  const body = { incident: incident.id, content: 'Hello' }
  const { conversation_id: id } = await product.ask('POST', '/api/messages/', { token: reporter.access, body }, 201)
  return { id: String(id), reporter, provider }
}

/** Listens for as long as the test runs: when its replica is gone it asks the other, as a load balancer has it. */
function listen(by: Someone, path: string, channel: FeedChannel): Listener {
  const frames: Frame[] = []
  const readyAt: number[] = []
  const ends: number[] = []
  let turn = -1
  const replica = (): TestReplica => replicas[turn % replicas.length] as TestReplica
  const socket = openKesiSocket({
    path,
    WebSocket,
    baseUrl: () => replica().url.replace(/^http/, 'ws'),
    async ticket() {
      turn += 1
      const { status, body } = await callApi(`${replica().url}/api/auth/ws-ticket/`, 'POST', { token: by.access })
      if (status !== 201) throw new Error(`a ticket was refused: ${status}`)
      return String(body.ticket)
    },
    onFrame(frame) {
      frames.push(frame)
      if (frame.type === 'ready') readyAt.push(performance.now())
    },
    onOver: code => ends.push(code),
  })
  return { channel, socket, frames, readyAt, ends }
}

/** Waits until each is ready for the so many-th time; answers when they were. */
const allReady = (time: number): Promise<number[]> =>
  Promise.all(
    listeners.map(({ readyAt }) =>
      eventually(async () => readyAt[time - 1], { withinMs: BACK_WITHIN_MS, everyMs: 25 }),
    ),
  )

/** People who write to each other, and now and then report, without a pause while replicas come and go. */
class Talk {
  /** The messages that were answered, by id. */
  readonly messages = new Set<string>()
  reports = 0
  #isOver = false
  readonly #talkers = times(TALKERS).map(talker => this.#goOn(talker))

  /** Resolves when so many more messages have been answered. */
  async sayMore(count: number): Promise<void> {
    const wanted = this.messages.size + count
    await eventually(async () => this.messages.size >= wanted, { withinMs: 120_000, everyMs: 25 })
  }

  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#talkers)
  }

  async #goOn(talker: number): Promise<void> {
    for (let turn = talker; !this.#isOver; turn += TALKERS) {
      const { id, reporter, provider } = conversations[turn % conversations.length] as Conversation
      const by = Math.floor(turn / conversations.length) % 2 === 0 ? provider : reporter
      const message = await insist('/api/messages/', by, { conversation_id: id, content: 'On my way' })
      this.messages.add(String(message.id))
      if (turn % REPORT_EVERY === 0) {
        await insist('/api/incidents/', people.survivor, { urgency: 'urgent' })
        this.reports += 1
      }
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
    }
  }
}

/** As a client does that keeps its draft: the same request under the same key, at whichever replica answers. */
async function insist(path: string, { access: token }: Someone, body: object): Promise<Reply['body']> {
  const headers = { 'idempotency-key': randomUUID() }
  let turn = 0
  return eventually(
    async () => {
      const { url } = replicas[turn++ % replicas.length] as TestReplica
      const reply = await callApi(url + path, 'POST', { token, body, headers })
      return reply.status === 201 && reply.body
    },
    { withinMs: BACK_WITHIN_MS, everyMs: 25 },
  )
}

const isEvent = ({ type, id }: Frame): boolean => id !== null && type !== 'ready' && type !== 'replay.gap'

/** Who heard something else, or in another order, than the record says was told on their channel since they were first ready. */
async function differences(): Promise<{ channel: FeedChannel; wanted: number[]; heard: (number | null)[] }[]> {
  const compared = await each(listeners, async ({ channel, frames }) => {
    const { types, subject } = FEED_CHANNELS[channel.kind]
    const from = frames.find(({ type }) => type === 'ready')?.id ?? Infinity
    const rows = product.db('feed').where('id', '>', from).whereIn('type', types).orderBy('id')
    if (subject !== null) void rows.where({ [subject]: channel.subject })
    const wanted = (await rows.pluck<string[]>('id')).map(Number)
    return { channel, wanted, heard: frames.filter(isEvent).map(({ id }) => id) }
  })
  return compared.filter(({ wanted, heard }) => wanted.join() !== heard.join())
}
