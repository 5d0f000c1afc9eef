import type { Readable, Writable } from 'node:stream'
import type { Channel } from '../domain/policy'

export type { Channel }

/** What every message says about itself: which notice it carries, by id and code. Both may stand in a log. */
export interface OutgoingNotice {
  /** Always the same for every try, so that a vendor can drop the second. */
  readonly noticeId: string
  readonly noticeCode: string
}

export interface OutgoingEmail extends OutgoingNotice {
  /** One address. */
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface OutgoingPush extends OutgoingNotice {
  readonly deviceType: 'ios' | 'android' | 'web'
  /** Which device, in its vendor's words: a token, or a browser's subscription as JSON. */
  readonly token: string
  readonly title: string
  readonly text: string
  readonly priority: 'high' | 'normal'
  /** A vendor that could not deliver it within so many seconds gives it up. */
  readonly ttlSeconds: number
  /** Of two that wait for the same device under one key, the newer takes the place of the older. */
  readonly collapseKey: string
}

export interface OutgoingSms extends OutgoingNotice {
  /** One phone number. */
  readonly to: string
  readonly text: string
}

/**
 * What became of a hand-over. `handed_over`: this vendor has taken it, under its own id if it gave one. `failed`: with a code, never
 * with the vendor's words; `permanent` when no later try can succeed, `tokenIsDead` when nothing will ever reach that device again.
 */
export type SendResult =
  | { readonly state: 'handed_over'; readonly vendor: string; readonly vendor_id: string | null }
  | { readonly state: 'failed'; readonly code: string; readonly permanent: boolean; readonly tokenIsDead?: true }

/** The ways to a vendor. None of them throws for what a vendor answers: that is in the result. */
export interface EmailPort {
  send(email: OutgoingEmail): Promise<SendResult>
}

export interface PushPort {
  send(push: OutgoingPush): Promise<SendResult>
}

export interface SmsPort {
  send(sms: OutgoingSms): Promise<SendResult>
}

/** Where uploaded files lie, under ids as names. What they hold is sealed before it comes here. */
export interface FileStore {
  /** Keeps what `write` puts into the sink, whole or not at all; throws what `write` throws. */
  put(name: string, write: (sink: Writable) => Promise<void>): Promise<void>
  /** Throws when there is no such file. */
  get(name: string): Promise<Readable>
  /** Does nothing when there is no such file. */
  remove(name: string): Promise<void>
  /** Removes what was begun and never finished, because its process died. */
  clearUnfinished(olderThanMs: number): Promise<void>
}
