import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type AgentOptions } from 'node:https'
import { Webhook } from 'standardwebhooks'
import type { AttemptResult } from '../../domain/webhooks'
import { publicOnlyAgent, publicOnlyHttpAgent } from './public-address'

/** One delivery as it leaves. */
export interface OutgoingWebhook {
  /** Always the same for every attempt, so that the receiver can drop the second. */
  readonly deliveryId: string
  readonly url: string
  readonly body: string
  /** All of them sign: the newest and, for some hours, the one before it. */
  readonly secrets: readonly string[]
}

/** The way to the receivers. It does not throw for what a receiver does: that is in the result. */
export interface WebhookSender {
  send(webhook: OutgoingWebhook): Promise<AttemptResult>
  close(): void
}

export interface WebhookSenderOptions {
  readonly allowHttp: boolean
  readonly allowPrivate: boolean
  /** From the first look-up to the last byte of the answer; 15 s unless said otherwise. */
  readonly withinMs?: number
  /** Authorities that are trusted in place of the public ones. */
  readonly ca?: string
}

/** What Standard Webhooks advises: between 15 and 30 s. */
const WITHIN_MS = 15_000
/** The answer is not used. So much of it is taken in, that the connection can be used again; a longer one ends it. */
const ANSWER_BYTES = 65_536
const SOCKETS_PER_RECEIVER = 10

/**
 * Sends webhooks by POST, signed as Standard Webhooks has it, to public addresses alone. A status from 200 to 299 is a success; a
 * redirect is not followed and is none.
 */
export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { allowHttp, allowPrivate, withinMs = WITHIN_MS, ca } = options
  const shared: AgentOptions & { allowPrivate: boolean } = {
    allowPrivate,
    keepAlive: true,
    maxSockets: SOCKETS_PER_RECEIVER,
  }
  const agents = { https: publicOnlyAgent({ ...shared, ...(ca && { ca }) }), http: publicOnlyHttpAgent(shared) }
  return {
    async send(webhook) {
      const url = new URL(webhook.url)
      if (url.protocol !== 'https:' && !allowHttp) return { status: null, failure: 'NOT_HTTPS' }
      const ending = AbortSignal.timeout(withinMs)
      try {
        const common = { method: 'POST', headers: headersOf(webhook), signal: ending }
        const sent =
          url.protocol === 'https:'
            ? httpsRequest(url, { ...common, agent: agents.https })
            : httpRequest(url, { ...common, agent: agents.http })
        const status = await new Promise<number>((resolve, reject) => {
          sent.on('error', reject).on('response', response => resolve(statusOf(response)))
          sent.end(webhook.body)
        })
        return resultOf(status)
      } catch (error) {
        return { status: null, failure: ending.aborted ? 'TIMED_OUT' : codeOf(error) }
      }
    },
    close() {
      agents.https.destroy()
      agents.http.destroy()
    },
  }
}

function headersOf({ deliveryId, body, secrets }: OutgoingWebhook): Readonly<Record<string, string>> {
  const now = new Date()
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'Kesi-Webhooks',
    'webhook-id': deliveryId,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': secrets.map(secret => new Webhook(secret).sign(deliveryId, now, body)).join(' '),
  }
}

/** The status is the answer; what follows is read and dropped, and may break off as it likes. */
function statusOf(response: IncomingMessage): number {
  let read = 0
  response.on('error', () => undefined)
  response.on('data', (chunk: Buffer) => {
    read += chunk.length
    if (read > ANSWER_BYTES) response.destroy()
  })
  return response.statusCode ?? 0
}

function resultOf(status: number): AttemptResult {
  if (status >= 200 && status < 300) return { status, failure: null }
  return { status, failure: status >= 300 && status < 400 ? 'REDIRECTED' : 'REFUSED' }
}

/** The code of what went wrong on the way, such as ENOTFOUND or CERT_HAS_EXPIRED; never its words, which hold the address. */
function codeOf(error: unknown): string {
  const code: unknown = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,59}$/.test(code) ? code : 'UNREACHABLE'
}
