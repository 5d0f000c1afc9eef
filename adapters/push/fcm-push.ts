import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { ClientRequest } from 'node:http'
import { Agent, type AgentOptions, type RequestOptions } from 'node:https'
import { addAbortSignal, type Duplex } from 'node:stream'
import type { Credential } from 'firebase-admin/app'
import type { Message, Messaging } from 'firebase-admin/messaging'
import type { FirebaseAccount } from '../../platform/config-values'
import type { OutgoingPush, PushPort, SendResult } from '../ports'
import { ANDROID_CHANNEL, topicOf, ttlOf } from './push-words'

export interface FcmPush extends PushPort {
  close(): Promise<void>
}

export interface FcmOptions {
  readonly account: FirebaseAccount
  /** In place of the account's own: who gives the access tokens. */
  readonly credential?: Credential
  /** In place of Google's: where the connections go, and whom they trust. */
  readonly connection?: Pick<AgentOptions, 'host' | 'port' | 'ca'>
  readonly withinMs?: number
}

// Less than the 20 s that a caller gives one hand-over.
const WITHIN_MS = 10_000
const MOST_CONNECTIONS = 50

/** These say that the app is gone from the device, or that its token never was one. */
const DEAD = ['messaging/registration-token-not-registered', 'messaging/invalid-registration-token']
/**
 * No later try goes better. A token of another project stays: after a change of credentials by mistake every token would look like
 * one.
 */
const PERMANENT = [
  'messaging/invalid-argument',
  'messaging/invalid-payload',
  'messaging/invalid-recipient',
  'messaging/mismatched-credential',
  'messaging/payload-size-limit-exceeded',
]

/** Push to Android, iOS and browsers of one Firebase project, token by token over connections that stay open. */
export function createFcmPush({ account, credential, connection = {}, withinMs = WITHIN_MS }: FcmOptions): FcmPush {
  const agent = new DeadlineAgent({ keepAlive: true, maxSockets: MOST_CONNECTIONS }, connection)
  let opened: Promise<{ messaging: Messaging; end(): Promise<void> }> | undefined
  // The SDK takes 180 ms and 16 MB; processes that only ask what is configured go without.
  const open = async () => {
    const [{ cert, deleteApp, initializeApp }, { getMessaging }] = await Promise.all([
      import('firebase-admin/app'),
      import('firebase-admin/messaging'),
    ])
    const { projectId } = account
    const own = credential ?? cert({ ...account })
    const app = initializeApp({ projectId, credential: own, httpAgent: agent }, randomUUID())
    return { messaging: getMessaging(app), end: () => deleteApp(app) }
  }
  return {
    async send(push) {
      try {
        const { messaging } = await (opened ??= open())
        const vendor_id = await withDeadline(withinMs, () => messaging.send(messageOf(push)))
        return { state: 'handed_over', vendor: 'fcm', vendor_id }
      } catch (error) {
        return failureOf(error)
      }
    },
    async close() {
      await opened?.then(({ end }) => end()).catch(() => undefined)
      agent.destroy()
    },
  }
}

function messageOf(push: OutgoingPush): Message {
  const isHigh = push.priority === 'high'
  const [ttl, topic] = [ttlOf(push), topicOf(push)]
  return {
    token: push.token,
    notification: { title: push.title, body: push.text },
    data: { notice_id: push.noticeId },
    android: {
      priority: push.priority,
      ttl: ttl * 1000,
      collapseKey: topic,
      notification: { channelId: ANDROID_CHANNEL, tag: topic },
    },
    apns: {
      headers: {
        'apns-priority': isHigh ? '10' : '5',
        'apns-expiration': String(Math.floor(Date.now() / 1000) + ttl),
        'apns-collapse-id': topic,
      },
      payload: { aps: isHigh ? { sound: 'default' } : {} },
    },
    webpush: { headers: { TTL: String(ttl), Urgency: push.priority, Topic: topic } },
  }
}

function failureOf(error: unknown): SendResult {
  if (error instanceof Late) return { state: 'failed', code: 'FCM_TIMEOUT', permanent: false }
  const code = String((error as { code?: unknown } | null)?.code)
  if (DEAD.includes(code)) return { state: 'failed', code: 'FCM_TOKEN_DEAD', permanent: true, tokenIsDead: true }
  // The SDK's own closed list, never what the server wrote.
  const word = /^(?:messaging|app)\/([a-z-]{1,60})$/.exec(code)?.[1]?.replaceAll('-', '_').toUpperCase() ?? 'UNKNOWN'
  return { state: 'failed', code: `FCM_${word}`, permanent: PERMANENT.includes(code) }
}

class Late extends Error {
  override readonly name = 'Late'
}

const deadlines = new AsyncLocalStorage<AbortSignal>()

/**
 * The SDK waits 15 s for an answer and tries up to four times more, as long after as the server asks: a push would leave long after
 * its notice was settled. So a request that belongs to a call whose time is over is cut, and a later one does not leave.
 */
class DeadlineAgent extends Agent {
  constructor(
    options: AgentOptions,
    private readonly connection: Pick<AgentOptions, 'host' | 'port' | 'ca'>,
  ) {
    super(options)
  }

  // Node calls it for each request, also for one that gets a connection that is open already.
  addRequest(request: ClientRequest, ...rest: unknown[]): void {
    const deadline = deadlines.getStore()
    if (deadline) addAbortSignal(deadline, request)
    const inherited = Agent.prototype as unknown as { addRequest(...given: unknown[]): void }
    inherited.addRequest.call(this, request, ...rest)
  }

  override createConnection(
    options: RequestOptions,
    connected?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return super.createConnection({ ...options, ...this.connection }, connected)
  }
}

async function withDeadline<T>(withinMs: number, work: () => Promise<T>): Promise<T> {
  const over = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      over.abort()
      reject(new Late())
    }, withinMs)
  })
  try {
    return await Promise.race([deadlines.run(over.signal, work), late])
  } finally {
    clearTimeout(timer)
  }
}
