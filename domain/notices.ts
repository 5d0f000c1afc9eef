import type { Channel } from './policy'

/**
 * The closed catalogue of notices (S1). A text has no variables: the phone may be in the wrong hands, so a notice says
 * only that there is something to read after signing in. `about` is the state a notice speaks of: it is withdrawn when
 * that state is over. `channels` are tried in this order, beside the inbox that everybody has; the dispatch ladder brings
 * its own.
 */
export const NOTICES = {
  'offer.made': { text: 'You have a new request. Sign in to answer.', about: 'offer', channels: ['push'] },
  'offer.withdrawn': { text: 'A request is no longer open.', about: 'history', channels: [] },
  'assignment.made': { text: 'You have a new task. Sign in to see it.', about: 'assignment', channels: ['push'] },
  'assignment.ended': { text: 'A task was taken off your list.', about: 'history', channels: ['push'] },
  'assignment.nudge': { text: 'A task is waiting for you to start.', about: 'assignment', channels: ['push'] },
  'incident.received': { text: 'There is news. Sign in to read it.', about: 'history', channels: [] },
  'incident.updated': { text: 'There is news. Sign in to read it.', about: 'history', channels: [] },
  'message.received': { text: 'There is news. Sign in to read it.', about: 'history', channels: ['push'] },
  'dispatch.review': { text: 'A report waits for review.', about: 'escalation', channels: [] },
  'dispatch.escalated': { text: 'A report needs a dispatcher. Sign in.', about: 'escalation', channels: ['push'] },
  'dispatch.provider_unresponsive': { text: 'A provider no longer answers.', about: 'history', channels: [] },
  'account.password_reset': {
    text: 'Here is the link that was asked for. It works once, within 30 minutes. If you did not ask, do nothing.',
    about: 'history',
    channels: ['email'],
  },
  'account.verified': { text: 'Your account was checked. Sign in.', about: 'history', channels: [] },
} as const satisfies Record<string, { text: string; about: NoticeSubject; channels: readonly Channel[] }>

export type NoticeCode = keyof typeof NOTICES
export type NoticeSubject = 'offer' | 'assignment' | 'escalation' | 'history'

/** The subject line of every e-mail: it says nothing. */
export const NOTICE_SUBJECT = 'A message for you'

export const NOTICE_STATES = ['queued', 'handed_over', 'delivered', 'read', 'failed', 'unknown', 'withdrawn'] as const
export type NoticeState = (typeof NOTICE_STATES)[number]
