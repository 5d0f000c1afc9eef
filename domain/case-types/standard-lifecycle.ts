import type { Transition } from '../lifecycle'
import type { Status } from '../statuses'

const ANY_OPEN: readonly Status[] = [
  'reported',
  'pending_dispatcher_review',
  'offering',
  'escalated',
  'assigned',
  'in_progress',
  'completed',
]
const BEFORE_COMPLETION: readonly Status[] = ANY_OPEN.filter(status => status !== 'completed')

/** The life that most case types share: offered, accepted, worked, completed, closed. */
export const STANDARD_LIFECYCLE: readonly Transition[] = [
  { from: ['reported', 'pending_dispatcher_review', 'offering', 'escalated'], act: 'offer', by: ['clock'], to: 'same' },
  { from: ['offering', 'escalated'], act: 'accept', by: ['offered'], to: 'assigned' },
  { from: ['offering', 'escalated'], act: 'reject', by: ['offered'], to: 'same' },
  { from: ['offering', 'escalated'], act: 'expire', by: ['clock'], to: 'same' },
  { from: ['reported', 'pending_dispatcher_review', 'offering'], act: 'escalate', by: ['clock'], to: 'escalated' },
  {
    from: ['pending_dispatcher_review', 'offering', 'escalated'],
    act: 'assign',
    by: ['dispatcher', 'admin'],
    to: 'assigned',
  },
  { from: ['assigned', 'in_progress'], act: 'reassign', by: ['dispatcher', 'admin'], to: 'assigned' },
  {
    from: ['pending_dispatcher_review', 'offering', 'escalated', 'assigned', 'in_progress'],
    act: 'research',
    by: ['dispatcher', 'admin'],
    to: 'offering',
  },
  { from: ['assigned', 'in_progress'], act: 'hand_back', by: ['assignee'], to: 'offering' },
  { from: ['assigned'], act: 'start', by: ['assignee'], to: 'in_progress' },
  { from: ['in_progress'], act: 'complete', by: ['assignee'], to: 'completed' },
  { from: ['assigned', 'in_progress'], act: 'complete', by: ['reporter', 'dispatcher', 'admin'], to: 'completed' },
  {
    from: ['completed'],
    act: 'state_outcome',
    by: ['assignee', 'reporter', 'dispatcher', 'admin'],
    to: 'same',
  },
  { from: ['completed'], act: 'close', by: ['clock', 'dispatcher', 'admin', 'reporter'], to: 'closed' },
  {
    from: ['completed', 'closed', 'cancelled'],
    act: 'reopen',
    by: ['reporter', 'dispatcher', 'admin'],
    to: 'search',
  },
  { from: BEFORE_COMPLETION, act: 'cancel', by: ['reporter', 'dispatcher', 'admin'], to: 'cancelled' },
  { from: ANY_OPEN, act: 'hold', by: ['dispatcher', 'admin'], to: 'same' },
  { from: ANY_OPEN, act: 'release', by: ['dispatcher', 'admin'], to: 'same' },
  { from: ANY_OPEN, act: 'own', by: ['dispatcher', 'admin'], to: 'same' },
  { from: ANY_OPEN, act: 'urgency', by: ['dispatcher', 'admin'], to: 'same' },
  { from: ANY_OPEN, act: 'acknowledge', by: ['dispatcher', 'admin'], to: 'same' },
  { from: ANY_OPEN, act: 'edit', by: ['reporter', 'assignee', 'dispatcher', 'admin'], to: 'same' },
]
