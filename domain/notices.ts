import type { Channel } from './policy'

/**
 * The closed catalogue of notices (S1). A text has no variables: the phone may be in the wrong hands, so a notice says
 * only that there is something to read after signing in. `about` is the state a notice speaks of: it is withdrawn when
 * that state is over. `channels` come beside the inbox that everybody has; the dispatch ladder brings its own. `order`:
 * a `ladder` tries the next channel when the one before brings no receipt, or a bad one; `together` uses all of them at once.
 * `priority`: what is `urgent` is never held back by quiet hours of staff or by the throttle; what is `low` may be gathered.
 */
export const NOTICES = {
  'offer.made': {
    text: 'You have a new request. Sign in to answer.',
    about: 'offer',
    channels: ['push', 'sms', 'email'],
    order: 'ladder',
    priority: 'urgent',
  },
  'offer.withdrawn': {
    text: 'A request is no longer open.',
    about: 'history',
    channels: [],
    order: 'together',
    priority: 'low',
  },
  'assignment.made': {
    text: 'You have a new task. Sign in to see it.',
    about: 'assignment',
    channels: ['push', 'sms', 'email'],
    order: 'ladder',
    priority: 'urgent',
  },
  'assignment.ended': {
    text: 'A task was taken off your list.',
    about: 'history',
    channels: ['push', 'sms'],
    order: 'ladder',
    priority: 'urgent',
  },
  'assignment.nudge': {
    text: 'A task is waiting for you to start.',
    about: 'assignment',
    channels: ['push', 'sms'],
    order: 'ladder',
    priority: 'urgent',
  },
  'incident.received': {
    text: 'There is news. Sign in to read it.',
    about: 'history',
    channels: ['push', 'sms', 'email'],
    order: 'ladder',
    priority: 'normal',
  },
  'incident.updated': {
    text: 'There is news. Sign in to read it.',
    about: 'history',
    channels: ['push', 'sms', 'email'],
    order: 'ladder',
    priority: 'normal',
  },
  'message.received': {
    text: 'There is news. Sign in to read it.',
    about: 'history',
    channels: ['push', 'email'],
    order: 'ladder',
    priority: 'normal',
  },
  'dispatch.review': {
    text: 'A report waits for review.',
    about: 'escalation',
    channels: ['push'],
    order: 'ladder',
    priority: 'normal',
  },
  'dispatch.escalated': {
    text: 'A report needs a dispatcher. Sign in.',
    about: 'escalation',
    channels: ['push'],
    order: 'together',
    priority: 'urgent',
  },
  'dispatch.provider_unresponsive': {
    text: 'A provider no longer answers.',
    about: 'history',
    channels: ['email'],
    order: 'ladder',
    priority: 'low',
  },
  'dispatch.drill': {
    text: 'This is a drill. Sign in to say that you got it.',
    about: 'history',
    channels: ['push', 'sms', 'email'],
    order: 'together',
    priority: 'urgent',
  },
  'admin.webhook_disabled': {
    text: 'A connection to another system was switched off. Sign in to see it.',
    about: 'history',
    channels: ['email'],
    order: 'ladder',
    priority: 'low',
  },
  'account.test': {
    text: 'This is a test. You asked for it.',
    about: 'history',
    channels: ['push', 'sms', 'email'],
    order: 'together',
    priority: 'urgent',
  },
  'account.password_reset': {
    text: 'Here is the link that was asked for. It works once, within 30 minutes. If you did not ask, do nothing.',
    about: 'history',
    channels: ['email'],
    order: 'together',
    priority: 'urgent',
  },
  'account.verified': {
    text: 'Your account was checked. Sign in.',
    about: 'history',
    channels: ['push', 'email'],
    order: 'ladder',
    priority: 'low',
  },
} as const satisfies Record<string, Notice>

interface Notice {
  readonly text: string
  readonly about: NoticeSubject
  readonly channels: readonly Channel[]
  readonly order: NoticeOrder
  readonly priority: NoticePriority
}

export type NoticeCode = keyof typeof NOTICES

/** The codes of a catalogue whose texts have a variable: of such a text the compiler knows a pattern, not the words. */
export type WithVariable<Catalogue extends Readonly<Record<string, { readonly text: string }>>> = {
  [Code in keyof Catalogue]: Record<never, never> extends Record<Catalogue[Code]['text'], 1> ? Code : never
}[keyof Catalogue]
type None<Codes extends never> = Codes
/** Compiles only while no text of the catalogue has a variable (S1). */
export type NoVariables = None<WithVariable<typeof NOTICES>>
export type NoticeSubject = 'offer' | 'assignment' | 'escalation' | 'history'
export type NoticeOrder = 'ladder' | 'together'
export type NoticePriority = 'urgent' | 'normal' | 'low'

/** The subject line of every e-mail and the title of every push: it says nothing. */
export const NOTICE_SUBJECT = 'A message for you'

export const NOTICE_STATES = ['queued', 'handed_over', 'delivered', 'read', 'failed', 'unknown', 'withdrawn'] as const
export type NoticeState = (typeof NOTICE_STATES)[number]

/** What a vendor's receipt, or the app's, can say of a message. */
export const RECEIPT_STATES = ['delivered', 'read', 'failed'] as const
export type ReceiptState = (typeof RECEIPT_STATES)[number]

/** What became of a message after its hand-over, as its vendor tells it: any number of times, in any order, before we have noted the id. */
export interface Receipt {
  readonly vendor: string
  readonly vendor_id: string
  readonly state: ReceiptState
  /** The vendor's code, never its words. */
  readonly code?: string
}
