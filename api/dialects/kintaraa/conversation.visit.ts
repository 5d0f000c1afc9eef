import { sendMessage } from '../../../acts/messages/send-message'
import { markMessageRead } from '../../../acts/messages/read-messages'
import type { By } from '../../../acts/deps'
import { beginPosition, notePosition } from '../../../db/dialect-positions.repository'
import type { Sign, SignKind } from '../../../db/signs'
import { ROLE_NAMES } from '../../../domain/actors'
import { Refusal } from '../../../domain/refusals'
import { CLOSE } from '../../realtime/close-codes'
import type { FrameFault } from '../../realtime/read-frame'
import type { Outlet, Subscription } from '../../realtime/hub'
import type { LiveSocket, Visit } from '../../realtime/live-socket'
import { requireSession } from '../../realtime/sign-in'
import type { SignedIn } from '../../route'
import type { SocketParts } from '../mount-client'
import { conversationFrame, errorFrame, messageFrame, readAppFrame, type AppFrame, type SaidByApp } from './frames'
import { LIST_AT_MOST } from './lists'
import { readSince } from './messages.reads'
import { Paced } from './paced'

const FAULTS_AT_MOST = 5
const FAULTS: Readonly<Record<FrameFault, string>> = {
  FRAME_MALFORMED: 'This could not be read.',
  FRAME_UNKNOWN: 'There is nothing of this kind here.',
  FRAME_NOT_HERE: 'There is nothing of this kind here.',
}
const TYPING_EVERY_MS = 3_000
const COUNTED_AS = { sending: { path: '/api/messages/' }, reading: { path: '/api/messages/:id/read/' } } as const

/**
 * The app's chat screen. It draws its own messages when they come back to it, asks for no history after its connection broke, and
 * cannot say what it heard last: what it may have missed is sent to it, and it drops what it has.
 */
export class ConversationVisit implements Visit {
  readonly name = 'kintaraa.conversation'
  #subscription: Subscription | undefined
  #messages: Paced | undefined
  /** Was everything told that happened? */
  #isWhole = true
  #aliveAt: () => number | undefined = () => undefined
  #faults = 0
  #typedAt = -Infinity
  #isTyping = false

  constructor(
    private readonly parts: SocketParts,
    readonly reader: SignedIn,
    private readonly conversationId: string,
  ) {}

  async open(socket: LiveSocket): Promise<void> {
    socket.signedIn(this.reader)
    const { realtime, deps } = this.parts
    const { reader, conversationId } = this
    this.#aliveAt = () => socket.answeredAt
    const messages = new Paced(
      text => socket.send(text),
      () => socket.end(new Refusal('ENGINE_UNAVAILABLE')),
    )
    this.#messages = messages
    const channel = { kind: 'conversation', subject: conversationId } as const
    this.#subscription = await realtime.subscribe({ reader, channel }, this.#outlet(socket, messages), {})
    const after = await beginPosition(deps.acts.db, this.#position, LIST_AT_MOST)
    const missed = await readSince(deps.acts, reader, { conversationId, after })
    messages.begin(missed.map(message => JSON.stringify(messageFrame(message, reader))))
    await realtime.show(this.#subscription, 'online')
  }

  async receive(socket: LiveSocket, text: string | undefined): Promise<void> {
    const said = readAppFrame(text)
    if (typeof said === 'string') return this.#object(socket, said)
    switch (said.type) {
      case 'typing_start':
        return this.#type(true)
      case 'typing_stop':
        return this.#type(false)
      case 'send_message':
      case 'mark_read':
        return this.#act(socket, said)
    }
  }

  async left(): Promise<void> {
    this.#messages?.stop()
    const subscription = this.#subscription
    if (!subscription) return
    const { realtime, deps } = this.parts
    realtime.leave(subscription)
    await realtime.show(subscription, 'offline')
    const aliveAt = this.#aliveAt()
    if (aliveAt !== undefined && this.#isWhole)
      await notePosition(deps.acts.db, this.#position, (performance.now() - aliveAt) / 1_000)
  }

  get #position() {
    return { sessionId: this.reader.sid, conversationId: this.conversationId }
  }

  /** What the app cannot read ends the socket after a while; its own frames it gets right. */
  #object(socket: LiveSocket, code: FrameFault): void {
    this.#faults += 1
    tell(socket, { type: 'error', data: { code, message: FAULTS[code] } })
    if (this.#faults >= FAULTS_AT_MOST) socket.close(CLOSE.misused, code)
  }

  async #type(isTyping: boolean): Promise<void> {
    const now = performance.now()
    const isNews = isTyping ? now - this.#typedAt >= TYPING_EVERY_MS : this.#isTyping
    if (!isNews || !this.#subscription) return
    this.#isTyping = isTyping
    if (isTyping) this.#typedAt = now
    await this.parts.realtime.show(this.#subscription, isTyping ? 'typing' : 'typing_over')
  }

  /** The same acts as by HTTP, by the same rules and counted against the same limits. */
  async #act(socket: LiveSocket, said: Extract<SaidByApp, { type: 'send_message' | 'mark_read' }>): Promise<void> {
    const { deps, limits } = this.parts
    const { reader } = this
    await requireSession(deps.accounts, reader)
    const route = said.type === 'send_message' ? COUNTED_AS.sending : COUNTED_AS.reading
    const by: By = { actor: { kind: 'person', id: reader.id, role: reader.role } }
    try {
      await limits?.count({ route, method: 'post', actor: reader, staleSession: undefined, ip: '' })
      if (said.type === 'mark_read') return await markMessageRead(deps.acts, said.data.message_id, by)
      const target = { conversationId: this.conversationId }
      await sendMessage(deps.acts, { target, message_type: 'text', content: said.data.content }, by)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      tell(socket, errorFrame(error))
    }
  }

  #outlet(socket: LiveSocket, messages: Paced): Outlet {
    return {
      get isOpen() {
        return socket.isOpen
      },
      ready: () => undefined,
      gap: () => {
        this.#isWhole = false
        socket.close(CLOSE.comeLater, 'FEED_LOST')
      },
      tell: news => {
        const frame = conversationFrame(news, this.reader)
        if (frame?.type === 'message_received') messages.say(JSON.stringify(frame))
        else if (frame) tell(socket, frame)
      },
      sign: sign => tell(socket, signFrame(sign)),
      end: refusal => socket.end(refusal),
      flushed: () => socket.flushed(),
    }
  }
}

const tell = (socket: LiveSocket, frame: AppFrame): void => socket.send(JSON.stringify(frame))

const SHOWN: Readonly<Record<SignKind, (user_id: string, full_name: string) => AppFrame>> = {
  typing: (user_id, full_name) => ({ type: 'user_typing', data: { user_id, full_name, is_typing: true } }),
  typing_over: (user_id, full_name) => ({ type: 'user_typing', data: { user_id, full_name, is_typing: false } }),
  online: (user_id, full_name) => ({ type: 'user_online', data: { user_id, full_name } }),
  offline: user_id => ({ type: 'user_offline', data: { user_id, last_seen: new Date().toISOString() } }),
}

/** Somebody is named by what they are: a sign comes often, and no name is looked up for it. */
const signFrame = ({ kind, userId, role }: Sign): AppFrame => SHOWN[kind](userId, ROLE_NAMES[role])
