import type { ChannelKind, FeedChannel } from '../../domain/feed-channels'
import { Refusal } from '../../domain/refusals'
import { isUuid } from '../../platform/ids'
import type { ApiDeps } from '../deps'
import type { Limits } from '../limits/limits'
import type { SignedIn } from '../route'
import { CHANNEL_PERMISSIONS } from './access'
import { CLOSE } from './close-codes'
import { frame, readFrame, textOfNews, type ClientFrame, type Frame } from './frames'
import type { Protocol, SocketRequest } from './gateway'
import type { Outlet, Subscription } from './hub'
import type { LiveSocket, Visit } from './live-socket'
import type { FrameFault } from './read-frame'
import type { Realtime } from './realtime'
import { sendBySocket } from './send-by-socket'
import { readerOfTicket, readerOfToken, requireSession } from './sign-in'

export interface KesiProtocolOptions {
  readonly deps: ApiDeps
  readonly realtime: Realtime
  /** Without them messages are not counted. */
  readonly limits: Limits | undefined
  /** Pages of these and of the product's own origin may use tickets. */
  readonly corsOrigins: readonly string[]
}

const PATHS: readonly (readonly [RegExp, ChannelKind])[] = [
  [/^\/ws\/cases\/([^/]+)\/?$/, 'case'],
  [/^\/ws\/messages\/([^/]+)\/?$/, 'conversation'],
  [/^\/ws\/dispatch\/?$/, 'dispatch'],
  [/^\/ws\/me\/?$/, 'me'],
]
/** The id of nothing: an address with an id that is none leads nowhere, and whoever asks learns that after signing in. */
const NOTHING = '00000000-0000-0000-0000-000000000000'

const FAULTS: Readonly<Record<FrameFault, string>> = {
  FRAME_MALFORMED: 'This is no frame, or its fields are wrong',
  FRAME_UNKNOWN: 'There is no frame of this type',
  FRAME_NOT_HERE: 'This frame has no place on this channel',
}
const FAULTS_AT_MOST = 5
const TYPING_EVERY_MS = 3_000

/** The product's own sockets: `/ws/...`, signed in by a ticket or by the first frame, in the frames of `docs/realtime.md`. */
export function kesiProtocol(options: KesiProtocolOptions): Protocol {
  return {
    visit(request) {
      for (const [form, kind] of PATHS) {
        const found = form.exec(request.path)
        if (found) return new KesiVisit(options, kind, { id: found[1], ...ticketOf(request, options) })
      }
      return undefined
    },
  }
}

interface Asked {
  readonly id: string | undefined
  readonly ticket: string | undefined
  readonly after: number | undefined
}

/** An access token has no place in an address, which ends in logs and histories; neither has anything else but these two. */
function ticketOf({ query, origin }: SocketRequest, { deps, corsOrigins }: KesiProtocolOptions): Omit<Asked, 'id'> {
  const stray = [...query.keys()].find(key => key !== 'ticket' && key !== 'after')
  if (stray !== undefined)
    throw new Refusal('VALIDATION_FAILED', { detail: 'Only ticket and after are taken in the address of a socket' })
  const ticket = query.get('ticket') ?? undefined
  const after = query.get('after')
  const isForeign = origin !== undefined && ![new URL(deps.publicUrl).origin, ...corsOrigins].includes(origin)
  if (ticket !== undefined && isForeign) throw new Refusal('FORBIDDEN')
  return { ticket, after: after === null ? undefined : /^\d{1,16}$/.test(after) ? Number(after) : NaN }
}

class KesiVisit implements Visit {
  #subscription: Subscription | undefined
  #reader: SignedIn | undefined
  #faults = 0
  #typedAt = -Infinity

  constructor(
    private readonly options: KesiProtocolOptions,
    readonly name: ChannelKind,
    private readonly asked: Asked,
  ) {}

  async open(socket: LiveSocket): Promise<void> {
    const { ticket } = this.asked
    if (ticket === undefined) return
    const { accounts } = this.options.deps
    await this.#listen(socket, await readerOfTicket(accounts, ticket, CHANNEL_PERMISSIONS[this.name]))
  }

  async receive(socket: LiveSocket, text: string | undefined): Promise<void> {
    const read = readFrame(text)
    if (!this.#reader || !this.#subscription) return this.#signIn(socket, read)
    if (typeof read === 'string') return this.#object(socket, read)
    switch (read.type) {
      case 'auth':
        return this.#object(socket, 'FRAME_NOT_HERE')
      case 'typing':
        return this.#type(socket, this.#subscription)
      case 'message.send':
        return this.#send(socket, read, this.#reader)
    }
  }

  left(): void {
    if (this.#subscription) this.options.realtime.leave(this.#subscription)
  }

  async #signIn(socket: LiveSocket, read: ClientFrame | FrameFault): Promise<void> {
    if (typeof read === 'string' || read.type !== 'auth') throw new Refusal('TOKEN_MISSING')
    const { accounts } = this.options.deps
    await this.#listen(socket, await readerOfToken(accounts, read.token, CHANNEL_PERMISSIONS[this.name]))
  }

  async #listen(socket: LiveSocket, reader: SignedIn): Promise<void> {
    socket.signedIn(reader)
    const channel = channelOf(this.name, this.asked.id, reader)
    const { realtime } = this.options
    this.#reader = reader
    this.#subscription = await realtime.subscribe({ reader, channel }, outletOf(socket), this.asked)
  }

  #object(socket: LiveSocket, code: FrameFault): void {
    this.#faults += 1
    say(socket, frame('error', { code, detail: FAULTS[code] }))
    if (this.#faults >= FAULTS_AT_MOST) socket.close(CLOSE.misused, code)
  }

  async #type(socket: LiveSocket, subscription: Subscription): Promise<void> {
    if (this.name !== 'conversation') return this.#object(socket, 'FRAME_NOT_HERE')
    const now = performance.now()
    if (now - this.#typedAt < TYPING_EVERY_MS) return
    this.#typedAt = now
    await this.options.realtime.show(subscription, 'typing')
  }

  async #send(
    socket: LiveSocket,
    { client_id, data }: Extract<ClientFrame, { type: 'message.send' }>,
    reader: SignedIn,
  ): Promise<void> {
    if (this.name !== 'conversation') return this.#object(socket, 'FRAME_NOT_HERE')
    const { deps, limits } = this.options
    await requireSession(deps.accounts, reader)
    const draft = { ...data, client_id, conversation_id: this.asked.id }
    say(socket, await sendBySocket(deps.acts, { reader, clientId: client_id, draft, limits }))
  }
}

const channelOf = (kind: ChannelKind, id: string | undefined, reader: SignedIn): FeedChannel => {
  if (kind === 'dispatch') return { kind, subject: null }
  if (kind === 'me') return { kind, subject: reader.id }
  return { kind, subject: isUuid(id) ? id.toLowerCase() : NOTHING }
}

const say = (socket: LiveSocket, said: Frame): void => socket.send(JSON.stringify(said))

const outletOf = (socket: LiveSocket): Outlet => ({
  get isOpen() {
    return socket.isOpen
  },
  ready: id => say(socket, frame('ready', {}, id)),
  gap: id => say(socket, frame('replay.gap', {}, id)),
  tell: news => socket.send(textOfNews(news)),
  sign({ kind, userId, role }) {
    if (kind === 'typing') say(socket, frame('typing', { user: userId, role }))
  },
  end: refusal => socket.end(refusal),
  flushed: () => socket.flushed(),
})
