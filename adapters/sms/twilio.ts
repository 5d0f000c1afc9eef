import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Receipt, ReceiptState } from '../../domain/notices'
import type { SendResult, SmsPort } from '../ports'
import { callVendor, failedCall, type VendorAnswer } from '../vendor-call'
import { isE164, NUMBER_INVALID } from './phone-number'

const VENDOR = 'twilio'

export interface TwilioOptions {
  readonly accountSid: string
  readonly authToken: string
  /** A number or a name, or the SID of a messaging service. */
  readonly from: string
  /** Where delivery reports are to be sent; Twilio refuses what it cannot reach. */
  readonly statusCallback: string | undefined
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly withinMs?: number
}

// With a second vendor behind it still less than the 20 s that a caller gives one hand-over.
const WITHIN_MS = 8_000

/** Invalid, not a mobile, opted out by STOP: another vendor must not be tried either. */
const NUMBER_REFUSED = [21211, 21217, 21610, 21614]

/** The statuses after which nothing else comes, and one more where the channel knows of reading. */
const STATES: ReadonlyMap<string, ReceiptState> = new Map([
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['undelivered', 'failed'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
])

/** SMS by Twilio. It knows no idempotency: a try that is repeated after a time-out can arrive twice. */
export function createTwilio(options: TwilioOptions): SmsPort {
  const { accountSid, authToken, from, statusCallback, baseUrl, withinMs = WITHIN_MS } = options
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
  const url = `${baseUrl}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`
  const sender: Record<string, string> = /^MG[0-9a-f]{32}$/i.test(from) ? { MessagingServiceSid: from } : { From: from }
  return {
    async send({ to, text }) {
      if (!isE164(to)) return NUMBER_INVALID
      const callback = statusCallback === undefined ? {} : { StatusCallback: statusCallback }
      const form = new URLSearchParams({ To: to, Body: text, ...sender, ...callback })
      const answer = await callVendor(url, { headers: { authorization }, body: form, withinMs })
      if ('silence' in answer) return failedCall('TWILIO', answer)
      return resultOf(answer)
    },
  }
}

function resultOf(answer: VendorAnswer): SendResult {
  const { sid, code } = (answer.body ?? {}) as { sid?: unknown; code?: unknown }
  if (answer.status < 300 && typeof sid === 'string') return { state: 'handed_over', vendor: VENDOR, vendor_id: sid }
  if (typeof code !== 'number') return failedCall('TWILIO', answer)
  return { state: 'failed', code: `TWILIO_${code}`, permanent: NUMBER_REFUSED.includes(code) }
}

/** What a status callback carries; Twilio adds parameters without saying so, and signs them all. */
export interface TwilioCallback {
  /** The address as Twilio called it. */
  readonly url: string
  readonly form: Readonly<Record<string, string>>
  readonly signature: string | undefined
}

/** What a status callback says, undefined when it says nothing final, or `forged` when Twilio has not signed it. */
export function readTwilioCallback(
  { url, form, signature }: TwilioCallback,
  authToken: string | undefined,
): Receipt | undefined | 'forged' {
  if (authToken === undefined || signature === undefined || !isSignature(signature, { url, form, authToken }))
    return 'forged'
  const { MessageSid: vendor_id, MessageStatus = '', ErrorCode } = form
  const state = STATES.get(MessageStatus)
  if (!vendor_id || !state) return undefined
  return { vendor: VENDOR, vendor_id, state, ...(state === 'failed' && { code: codeOf(ErrorCode, MessageStatus) }) }
}

/** The signature of a callback, as Twilio makes it: over the address and all parameters in the order of their names. */
export function twilioSignature({
  url,
  form,
  authToken,
}: Pick<TwilioCallback, 'url' | 'form'> & { readonly authToken: string }): string {
  const signed = Object.keys(form)
    .sort()
    .reduce((text, name) => text + name + (form[name] ?? ''), url)
  return createHmac('sha1', authToken).update(signed, 'utf8').digest('base64')
}

function isSignature(given: string, signed: Parameters<typeof twilioSignature>[0]): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(twilioSignature(signed))]
  return a.length === b.length && timingSafeEqual(a, b)
}

const codeOf = (errorCode: string | undefined, status: string): string =>
  `TWILIO_${/^\d{1,6}$/.test(errorCode ?? '') ? errorCode : status.toUpperCase()}`
