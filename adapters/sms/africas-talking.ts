import { timingSafeEqual } from 'node:crypto'
import type { Receipt, ReceiptState } from '../../domain/notices'
import type { SendResult, SmsPort } from '../ports'
import { callVendor, failedCall } from '../vendor-call'
import { isE164, NUMBER_INVALID } from './phone-number'

const VENDOR = 'africas-talking'

export interface AfricasTalkingOptions {
  readonly username: string
  readonly apiKey: string
  readonly sender: string | undefined
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly withinMs?: number
}

// With a second vendor behind it still less than the 20 s that a caller gives one hand-over.
const WITHIN_MS = 8_000

const TAKEN = [100, 101, 102]
/** Invalid, not supported, opted out, do not disturb: another vendor must not be tried either. */
const NUMBER_REFUSED = [403, 404, 406, 409]

/** The statuses after which nothing else comes. */
const STATES: ReadonlyMap<string, ReceiptState> = new Map([
  ['Success', 'delivered'],
  ['Failed', 'failed'],
  ['Rejected', 'failed'],
  ['Expired', 'failed'],
  ['AbsentSubscriber', 'failed'],
])

/** SMS by Africa's Talking. It knows no idempotency: a try that is repeated after a time-out can arrive twice. */
export function createAfricasTalking(options: AfricasTalkingOptions): SmsPort {
  const { username, apiKey, sender, baseUrl, withinMs = WITHIN_MS } = options
  return {
    async send({ to, text }) {
      if (!isE164(to)) return NUMBER_INVALID
      const form = new URLSearchParams({ username, to, message: text, ...(sender !== undefined && { from: sender }) })
      const answer = await callVendor(`${baseUrl}/version1/messaging`, { headers: { apiKey }, body: form, withinMs })
      const recipient = 'silence' in answer || answer.status >= 300 ? undefined : recipientOf(answer.body)
      return recipient ? resultOf(recipient) : failedCall('AFRICAS_TALKING', answer)
    },
  }
}

interface Recipient {
  readonly statusCode: number
  readonly messageId?: unknown
}

function recipientOf(body: unknown): Recipient | undefined {
  const { SMSMessageData } = (body ?? {}) as { SMSMessageData?: { Recipients?: unknown } }
  const [first] = (Array.isArray(SMSMessageData?.Recipients) ? SMSMessageData.Recipients : []) as Recipient[]
  return typeof first?.statusCode === 'number' ? first : undefined
}

function resultOf({ statusCode, messageId }: Recipient): SendResult {
  if (TAKEN.includes(statusCode))
    return { state: 'handed_over', vendor: VENDOR, vendor_id: typeof messageId === 'string' ? messageId : null }
  const code = `AFRICAS_TALKING_${statusCode}`
  return { state: 'failed', code, permanent: NUMBER_REFUSED.includes(statusCode) }
}

/**
 * What a delivery report says, undefined when it says nothing final, or `forged` unless it came to the address with the secret: this
 * vendor signs nothing.
 */
export function readAfricasTalkingReport(
  given: { readonly secret: string; readonly form: Readonly<Record<string, string>> },
  secret: string | undefined,
): Receipt | undefined | 'forged' {
  if (secret === undefined || !isSame(given.secret, secret)) return 'forged'
  const { id: vendor_id, status = '', failureReason = status } = given.form
  const state = STATES.get(status)
  if (!vendor_id || !state) return undefined
  return { vendor: VENDOR, vendor_id, state, ...(state === 'failed' && { code: codeOf(failureReason) }) }
}

/** One word of theirs in capitals; anything that is not a word stays out of the record. */
function codeOf(reason: string): string {
  if (!/^[A-Za-z]{1,40}$/.test(reason)) return 'AFRICAS_TALKING_FAILED'
  return `AFRICAS_TALKING_${reason.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`
}

function isSame(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)]
  return a.length === b.length && timingSafeEqual(a, b)
}
