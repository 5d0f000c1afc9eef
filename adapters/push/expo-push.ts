import type { Receipt } from '../../domain/notices'
import type { OutgoingPush, PushPort, SendResult } from '../ports'
import { callVendor, failedCall } from '../vendor-call'
import { ANDROID_CHANNEL, ttlOf } from './push-words'

export interface ExpoPush extends PushPort {
  /**
   * What Expo says has become of these hand-overs, at most 1,000 at once. Only failures: its `ok` means that Google or Apple took the
   * push, not that a phone got it. Throws when Expo does not answer.
   */
  readReceipts(ids: readonly string[]): Promise<ExpoReceipts>
}

export interface ExpoReceipts {
  readonly receipts: readonly Receipt[]
  /** Those of which Expo knows the end, good or bad; of the others it may know later. */
  readonly known: readonly string[]
}

export interface ExpoOptions {
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly accessToken: string | undefined
  readonly withinMs?: number
}

// Less than the 20 s that a caller gives one hand-over.
const WITHIN_MS = 10_000
const DEVICE_GONE = 'DeviceNotRegistered'

/** Push to apps that got their token from Expo. */
export function createExpoPush({ baseUrl, accessToken, withinMs = WITHIN_MS }: ExpoOptions): ExpoPush {
  const headers = {
    'content-type': 'application/json',
    ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
  }
  const call = (path: string, body: unknown) =>
    callVendor(`${baseUrl}/--/api/v2/push/${path}`, { headers, body: JSON.stringify(body), withinMs })
  return {
    async send(push) {
      const answer = await call('send', messageOf(push))
      const ticket = 'silence' in answer || answer.status !== 200 ? undefined : dataOf<Ticket>(answer.body)
      return ticket ? resultOf(ticket) : failedCall('EXPO', answer)
    },
    async readReceipts(ids) {
      const answer = await call('getReceipts', { ids })
      const found =
        'silence' in answer || answer.status !== 200 ? undefined : dataOf<Record<string, Ticket>>(answer.body)
      if (!found) throw new Error('Expo gave no receipts')
      const known = ids.filter(id => Object.hasOwn(found, id))
      const receipts = known.flatMap((id): Receipt[] => {
        const receipt = found[id]
        if (receipt?.status !== 'error') return []
        return [{ vendor: 'expo', vendor_id: id, state: 'failed', code: codeOf(receipt) }]
      })
      return { receipts, known }
    },
  }
}

const messageOf = (push: OutgoingPush) => ({
  to: push.token,
  title: push.title,
  body: push.text,
  data: { notice_id: push.noticeId },
  ttl: ttlOf(push),
  priority: push.priority,
  channelId: ANDROID_CHANNEL,
  ...(push.priority === 'high' && { sound: 'default' }),
})

/** A ticket, which answers a push, and a receipt, which says later what became of it, have one form. */
interface Ticket {
  readonly status?: unknown
  readonly id?: unknown
  readonly details?: { readonly error?: unknown }
}

function dataOf<T>(body: unknown): T | undefined {
  const data = (body as { data?: unknown } | null | undefined)?.data
  return typeof data === 'object' && data !== null ? (data as T) : undefined
}

function resultOf(ticket: Ticket): SendResult {
  if (ticket.status === 'ok')
    return { state: 'handed_over', vendor: 'expo', vendor_id: typeof ticket.id === 'string' ? ticket.id : null }
  const error = ticket.details?.error
  const code = codeOf(ticket)
  if (error === DEVICE_GONE) return { state: 'failed', code, permanent: true, tokenIsDead: true }
  return { state: 'failed', code, permanent: error === 'MessageTooBig' }
}

/** Expo's own word for an error, in capitals; its sentences repeat the token. */
function codeOf({ details }: Ticket): string {
  const error = details?.error
  if (typeof error !== 'string' || !/^[A-Za-z]{1,40}$/.test(error)) return 'EXPO_REFUSED'
  return `EXPO_${error.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`
}
