import type { SendResult } from './ports'

/** What a vendor answered: its status and its JSON, or undefined where it sent none. */
export interface VendorAnswer {
  readonly status: number
  readonly body: unknown
}

/** A vendor that gave no answer: `TIMEOUT` may have taken the message all the same. */
export interface NoAnswer {
  readonly silence: 'TIMEOUT' | 'UNREACHABLE'
}

/** One POST to a vendor's API, over within `withinMs`; whatever it answers is an answer. Never throws. */
export async function callVendor(
  url: string,
  { headers, body, withinMs }: { headers: Record<string, string>; body: string | URLSearchParams; withinMs: number },
): Promise<VendorAnswer | NoAnswer> {
  try {
    const reply = await fetch(url, {
      method: 'POST',
      headers: { accept: 'application/json', ...headers },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(withinMs),
    })
    return { status: reply.status, body: jsonOf(await reply.text()) }
  } catch (error) {
    return { silence: (error as { name?: unknown }).name === 'TimeoutError' ? 'TIMEOUT' : 'UNREACHABLE' }
  }
}

/** The result of a call that brought no message under way; `prefix` names the vendor in the code. */
export function failedCall(prefix: string, answer: VendorAnswer | NoAnswer): SendResult {
  const code = 'silence' in answer ? answer.silence : answer.status < 300 ? 'REFUSED' : answer.status
  return { state: 'failed', code: `${prefix}_${code}`, permanent: false }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
