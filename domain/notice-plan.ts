import type { Role } from './actors'
import type { ContactSafety } from './contact-safety'
import { nextAllowed, nextLocal } from './local-time'
import { NOTICES, type NoticeCode, type NoticeOrder, type NoticePriority, type NoticeState } from './notices'
import type { Channel } from './policy'
import { EVERY_CHANNEL, type Preferences } from './preferences'

const SECOND = 1_000
const MINUTE = 60 * SECOND

/**
 * How long a ladder waits for a receipt, and for a vendor that does not take the message, before it tries the next channel. Push: with
 * the sending itself an SMS leaves well within 60 s of it. SMS: delivery reports come within seconds, or after a network's own tries.
 * E-mail has no receipts; it is as patient as SMS.
 */
export const PATIENCE_MS: Readonly<Record<Channel, number>> = { push: 30 * SECOND, sms: MINUTE, email: MINUTE }
/** Where no other channel is left a vendor is tried for so long: after that newer notices have left, and the inbox holds this one. */
export const GIVE_UP_MS = 15 * MINUTE
/** A try that nobody has heard of for so long is over: its process is gone. Longer than any vendor may take to answer. */
export const TRY_MS = 40 * SECOND
/** More that is not urgent than this in ten minutes is a flood: whoever turns a phone off over it misses the urgent one, too. */
export const CALM = { sends: 6, withinMs: 10 * MINUTE } as const
/** When a digest leaves, by the recipient's clock: awake, and the day still ahead. */
export const DIGEST_AT = '08:00'

const BACK_OFF_SECONDS = [2, 4, 8, 16, 30] as const
/** How long a vendor that did not take a message is left alone after so many tries. */
export const backOffMs = (tries: number): number =>
  (BACK_OFF_SECONDS[Math.min(tries, BACK_OFF_SECONDS.length) - 1] ?? 0) * SECOND

/** From what is least known of a message to what is most: a receipt only ever moves it to the right, in whatever order they come. */
export const STATES_BY_RANK: readonly NoticeState[] = [
  'withdrawn',
  'queued',
  'handed_over',
  'unknown',
  'failed',
  'delivered',
  'read',
]

export const orderOf = (code: NoticeCode): NoticeOrder => NOTICES[code].order
export const priorityOf = (code: NoticeCode): NoticePriority => NOTICES[code].priority

/** Sent because whoever signs in has just asked for it, to an address they gave. */
const ASKED_FOR: readonly NoticeCode[] = ['account.password_reset']

/** What became so far of a notice by one channel. Times in milliseconds. */
export interface AttemptFacts {
  readonly channel: Channel
  readonly state: NoticeState
  /** When it came to its state; while `queued`, when it was tried first. */
  readonly at: number
  readonly handed_over_at: number | null
  /** Until then nobody tries: a try is under way, or one has just failed. */
  readonly leased_until: number | null
}

/** All that decides how a notice goes on, as of one moment. Times in milliseconds. */
export interface NoticeFacts {
  readonly code: NoticeCode
  /** What it may be sent by, in this order. */
  readonly channels: readonly Channel[]
  readonly created_at: number
  /** Has its matter ended, was it read, or is there nothing left to send? */
  readonly isSettled: boolean
  /** After this moment it says nothing true any more; null when it always does. */
  readonly expires_at: number | null
  readonly recipient: {
    readonly role: Role
    readonly isActive: boolean
    readonly preferences: Preferences | undefined
    /** The channels by which they have an address. */
    readonly addresses: ReadonlySet<Channel>
  }
  /** What the recipient said of being reached about the incident that they reported. */
  readonly contactSafety: Pick<ContactSafety, 'channel' | 'hours'> | null
  readonly attempts: readonly AttemptFacts[]
  /** When the last messages that were not urgent left for this recipient, the newest first; `CALM.sends` of them are enough. */
  readonly recentSends: readonly number[]
  readonly now: number
  /** The zone of the case type, for those who named none. */
  readonly timeZone: string
  /** The channels with a vendor behind them. */
  readonly configured: ReadonlySet<Channel>
}

/** Why nothing is sent at this moment, or any more: codes that a log and a workflow's details may show. */
export type NoticeWhy =
  | 'settled'
  | 'expired'
  | 'not_active'
  | 'no_consent'
  | 'arrived'
  | 'handed_over'
  | 'no_channel_left'
  | 'never_allowed'
  | 'receipt_awaited'
  | 'try_under_way'
  | 'hours_awaited'
  | 'digest_awaited'
  | 'calm_awaited'

export type NoticeStep =
  | { readonly kind: 'send'; readonly channels: readonly Channel[] }
  | { readonly kind: 'wait'; readonly until: number; readonly why: NoticeWhy }
  | { readonly kind: 'done'; readonly why: NoticeWhy }

/** An attempt that is over because of what did not happen. */
export interface AttemptOver {
  readonly channel: Channel
  readonly state: 'withdrawn' | 'unknown' | 'failed'
  readonly failure?: 'NO_ADDRESS'
}

export interface NoticePlan {
  /** What the record is to say of earlier attempts, before anything is sent. */
  readonly over: readonly AttemptOver[]
  readonly next: NoticeStep
}

/**
 * The one rule of sending: what is next for a notice. A ladder moves on because a receipt is missing or bad, never because a message
 * was handed over; whatever ends the matter ends the sending. Nothing goes by a channel that the recipient did not allow (S2).
 */
export function planOf(facts: NoticeFacts): NoticePlan {
  const ended = whyEnded(facts)
  if (ended) return { over: stopQueued(facts, () => true), next: { kind: 'done', why: ended } }
  const allowed = allowedChannels(facts)
  const unwanted = stopQueued(facts, channel => !allowed.includes(channel))
  if (allowed.length === 0) return { over: unwanted, next: { kind: 'done', why: whyNone(facts) } }
  const { over, next } = orderOf(facts.code) === 'ladder' ? ladder(facts, allowed) : together(facts, allowed)
  return { over: [...unwanted, ...over], next: next.kind === 'send' ? heldBack(facts, next) : next }
}

function whyEnded({ code, isSettled, expires_at, now, recipient, attempts }: NoticeFacts): NoticeWhy | undefined {
  if (isSettled) return 'settled'
  if (expires_at !== null && now >= expires_at) return 'expired'
  if (!recipient.isActive) return 'not_active'
  const arrived: readonly NoticeState[] = orderOf(code) === 'ladder' ? ['delivered', 'read'] : ['read']
  return attempts.some(({ state }) => arrived.includes(state)) ? 'arrived' : undefined
}

const stopQueued = ({ attempts }: NoticeFacts, isOver: (channel: Channel) => boolean): AttemptOver[] =>
  attempts
    .filter(({ state, channel }) => state === 'queued' && isOver(channel))
    .map(({ channel }) => ({ channel, state: 'withdrawn' }))

/** A survivor's phone may be in the wrong hands: nothing leaves before they said how, and less where their case says less. */
function allowedChannels(facts: NoticeFacts): Channel[] {
  const { code, channels, configured, recipient, contactSafety } = facts
  const reachable = channels.filter(channel => configured.has(channel))
  if (ASKED_FOR.includes(code)) return reachable
  if (recipient.role !== 'survivor')
    return reachable.filter(channel => (recipient.preferences ?? EVERY_CHANNEL)[channel])
  const { preferences } = recipient
  if (!preferences) return []
  const only = CHANNEL_OF_WISH[contactSafety?.channel ?? 'any']
  return reachable.filter(channel => preferences[channel] && (only === 'any' || channel === only))
}

const CHANNEL_OF_WISH = { any: 'any', app: 'push', sms: 'sms', email: 'email', call: null, none: null } as const

const whyNone = ({ code, recipient }: NoticeFacts): NoticeWhy =>
  recipient.role === 'survivor' && !recipient.preferences && !ASKED_FOR.includes(code)
    ? 'no_consent'
    : 'no_channel_left'

interface Moves {
  readonly over: AttemptOver[]
  readonly next: NoticeStep
}

/** One channel after the other, never back: what was tried further down has been reached for a reason. */
function ladder({ channels, attempts, recipient, now }: NoticeFacts, allowed: readonly Channel[]): Moves {
  const over: AttemptOver[] = []
  const furthest = Math.max(0, ...attempts.map(({ channel }) => channels.indexOf(channel)))
  const rest = allowed.filter(channel => channels.indexOf(channel) >= furthest)
  for (const [index, channel] of rest.entries()) {
    const attempt = attempts.find(each => each.channel === channel)
    const isLast = rest.slice(index + 1).every(later => !recipient.addresses.has(later))
    if (!attempt && recipient.addresses.has(channel)) return { over, next: { kind: 'send', channels: [channel] } }
    if (!attempt) over.push(NO_ADDRESS(channel))
    else if (attempt.state === 'handed_over') {
      const until = (attempt.handed_over_at ?? attempt.at) + PATIENCE_MS[channel]
      if (isLast) return { over, next: { kind: 'done', why: 'handed_over' } }
      if (now < until) return { over, next: { kind: 'wait', until, why: 'receipt_awaited' } }
      over.push({ channel, state: 'unknown' })
    } else if (attempt.state === 'queued') {
      const next = afterFailedTry(attempt, isLast ? GIVE_UP_MS : PATIENCE_MS[channel], now)
      if (next) return { over, next }
      over.push({ channel, state: 'failed' })
    }
  }
  return { over, next: { kind: 'done', why: 'no_channel_left' } }
}

/** All channels at once, each to its own end. */
function together({ attempts, recipient, now }: NoticeFacts, allowed: readonly Channel[]): Moves {
  const over: AttemptOver[] = []
  const due: Channel[] = []
  const waits: number[] = []
  for (const channel of allowed) {
    const attempt = attempts.find(each => each.channel === channel)
    if (attempt?.state === 'queued') {
      const next = afterFailedTry(attempt, GIVE_UP_MS, now)
      if (!next) over.push({ channel, state: 'failed' })
      else if (next.kind === 'wait') waits.push(next.until)
      else due.push(channel)
    } else if (!attempt) {
      if (recipient.addresses.has(channel)) due.push(channel)
      else over.push(NO_ADDRESS(channel))
    }
  }
  if (due.length > 0) return { over, next: { kind: 'send', channels: due } }
  if (waits.length > 0) return { over, next: { kind: 'wait', until: Math.min(...waits), why: 'try_under_way' } }
  const isOut = attempts.some(({ state }) => state === 'handed_over' || state === 'delivered')
  return { over, next: { kind: 'done', why: isOut ? 'handed_over' : 'no_channel_left' } }
}

const NO_ADDRESS = (channel: Channel): AttemptOver => ({ channel, state: 'failed', failure: 'NO_ADDRESS' })

/**
 * A try that is under way is waited for, and one that failed is repeated; undefined when its vendor has been tried for long enough.
 * The time that a notice was held back, or nobody was there to try, does not count: only until the last try was over.
 */
function afterFailedTry(attempt: AttemptFacts, patienceMs: number, now: number) {
  const { channel, at, leased_until } = attempt
  const until = leased_until ?? at
  if (now < until) return { kind: 'wait', until, why: 'try_under_way' } as const
  return until - at < patienceMs ? ({ kind: 'send', channels: [channel] } as const) : undefined
}

/** What could leave now, but may have to wait: for the digest, for an hour that is safe or wanted, for calm. */
function heldBack(facts: NoticeFacts, step: NoticeStep): NoticeStep {
  const { code, now, created_at, recipient, contactSafety, recentSends } = facts
  if (ASKED_FOR.includes(code)) return step
  const { quiet, time_zone, digest } = recipient.preferences ?? EVERY_CHANNEL
  const timeZone = time_zone ?? facts.timeZone
  const isUrgent = priorityOf(code) === 'urgent'
  if (digest && priorityOf(code) === 'low') {
    const until = nextLocal(created_at, timeZone, DIGEST_AT)
    if (now < until) return { kind: 'wait', until, why: 'digest_awaited' }
  }
  const isSurvivor = recipient.role === 'survivor'
  const allowedAt = nextAllowed(now, timeZone, {
    inside: (isSurvivor && contactSafety?.hours) || null,
    outside: isSurvivor || !isUrgent ? quiet : null,
  })
  if (allowedAt === undefined) return { kind: 'done', why: 'never_allowed' }
  if (allowedAt > now) return { kind: 'wait', until: allowedAt, why: 'hours_awaited' }
  const earliest = recentSends[CALM.sends - 1]
  if (isUrgent || earliest === undefined || earliest + CALM.withinMs <= now) return step
  return { kind: 'wait', until: earliest + CALM.withinMs, why: 'calm_awaited' }
}

/** The moment for which a notice waits in order to leave with others of its kind; undefined for one that goes alone. */
export function gatheredAt({ code, recipient, created_at, timeZone }: NoticeFacts): number | undefined {
  const { digest, time_zone } = recipient.preferences ?? EVERY_CHANNEL
  if (!digest || priorityOf(code) !== 'low') return undefined
  return nextLocal(created_at, time_zone ?? timeZone, DIGEST_AT)
}
