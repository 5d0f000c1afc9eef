import { request, type Agent } from 'node:https'
import { generateRequestDetails, type RequestDetails } from 'web-push'
import { z } from 'zod'
import type { OutgoingPush, PushPort, SendResult } from '../ports'
import { topicOf, ttlOf } from './push-words'

export interface WebPush extends PushPort {
  close(): void
}

export interface WebPushOptions {
  readonly publicKey: string
  readonly privateKey: string
  /** `mailto:` or `https:`, for the operators of push services. */
  readonly subject: string
  /** Decides which addresses may be reached: a subscription names any that its owner likes. */
  readonly agent: Agent
  readonly withinMs?: number
}

// Less than the 20 s that a caller gives one hand-over.
const WITHIN_MS = 10_000

const bytes = (length: number) =>
  z.string().refine(text => text.length < 200 && Buffer.from(text, 'base64url').length === length)
/** What a browser calls a push subscription; it may say more. */
const subscriptionSchema = z.object({
  endpoint: z.url({ protocol: /^https$/ }).max(2_048),
  keys: z.object({ p256dh: bytes(65), auth: bytes(16) }),
})

/** Push to browsers without Firebase, in the name of one pair of VAPID keys. */
export function createWebPush({ agent, withinMs = WITHIN_MS, ...vapidDetails }: WebPushOptions): WebPush {
  return {
    async send(push) {
      const details = requestFor(push, vapidDetails)
      if (!details) return { state: 'failed', code: 'SUBSCRIPTION_INVALID', permanent: true, tokenIsDead: true }
      try {
        return resultOf(await post(details, agent, withinMs))
      } catch (error) {
        return failureOf(error)
      }
    },
    close: () => agent.destroy(),
  }
}

/** The encrypted request, or undefined when the token is no subscription or its key lies on no curve. */
function requestFor(
  push: OutgoingPush,
  vapidDetails: Pick<WebPushOptions, 'publicKey' | 'privateKey' | 'subject'>,
): RequestDetails | undefined {
  try {
    const subscription = subscriptionSchema.parse(JSON.parse(push.token))
    const payload = JSON.stringify({ notice_id: push.noticeId, title: push.title, body: push.text })
    return generateRequestDetails(subscription, payload, {
      vapidDetails,
      TTL: ttlOf(push),
      urgency: push.priority,
      topic: topicOf(push),
    })
  } catch {
    return undefined
  }
}

/** The status of the answer. web-push's own sending would read an answer of any length, for as long as it drips. */
function post({ endpoint, headers, body }: RequestDetails, agent: Agent, withinMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(endpoint, { method: 'POST', headers, agent, signal: AbortSignal.timeout(withinMs) })
    sent.on('error', reject)
    sent.on('response', response => {
      // What follows is thrown away; an abort by the clock may end it.
      response.on('error', () => undefined)
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.end(body)
  })
}

function resultOf(status: number): SendResult {
  if (status >= 200 && status < 300) return { state: 'handed_over', vendor: 'web-push', vendor_id: null }
  if (status === 404 || status === 410)
    return { state: 'failed', code: 'WEB_PUSH_GONE', permanent: true, tokenIsDead: true }
  const mayPass = status < 400 || status === 408 || status === 429 || status >= 500
  return { state: 'failed', code: `WEB_PUSH_${status}`, permanent: !mayPass }
}

function failureOf(error: unknown): SendResult {
  const { name, code } = error as { name?: unknown; code?: unknown }
  if (code === 'ADDRESS_REFUSED') return { state: 'failed', code: 'ADDRESS_REFUSED', permanent: true }
  const isLate = name === 'TimeoutError' || name === 'AbortError'
  return { state: 'failed', code: isLate ? 'WEB_PUSH_TIMEOUT' : 'WEB_PUSH_UNREACHABLE', permanent: false }
}
