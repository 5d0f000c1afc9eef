import type { Role } from './actors'
import { conversationAccess, hearersOf, requireReading, type Part } from './conversations'
import type { Status } from './statuses'

const nobody: Part = { is_reporter: false, is_assignee: false, was_assigned: false, hidden: 0, status: 'assigned' }
const reporter: Part = { ...nobody, is_reporter: true }
const assignee: Part = { ...nobody, is_assignee: true, was_assigned: true, hidden: 7 }
const former: Part = { ...nobody, was_assigned: true }

const open = (after: number, mayWrite: boolean, isLogged: boolean) => ({ kind: 'open', after, mayWrite, isLogged })
const ended = { kind: 'ended' }
const none = { kind: 'none' }

describe('who reads and writes what', () => {
  const table: [who: string, role: Role, part: Part, status: Status, access: object][] = [
    ['the reporter before anybody is assigned', 'survivor', reporter, 'offering', open(0, true, false)],
    ['the reporter', 'survivor', reporter, 'in_progress', open(0, true, false)],
    ['the reporter after the end', 'survivor', reporter, 'closed', open(0, false, false)],
    ['the reporter after a cancellation', 'survivor', reporter, 'cancelled', open(0, false, false)],
    ['a provider who reported on behalf', 'provider', reporter, 'offering', open(0, true, false)],
    ['a dispatcher who took the report in', 'dispatcher', reporter, 'offering', open(0, true, false)],
    ['a dispatcher', 'dispatcher', nobody, 'reported', open(0, true, true)],
    ['an administrator', 'admin', nobody, 'completed', open(0, true, true)],
    ['a dispatcher after the end', 'dispatcher', nobody, 'closed', open(0, false, true)],
    ['the responder, from their assignment on', 'provider', assignee, 'assigned', open(7, true, false)],
    ['the responder of a completed incident', 'provider', assignee, 'completed', open(7, true, false)],
    ['the responder with whom it was shared', 'provider', { ...assignee, hidden: 0 }, 'assigned', open(0, true, false)],
    ['the responder after the end', 'provider', assignee, 'closed', ended],
    ['a former responder', 'provider', former, 'assigned', ended],
    ['a former responder after the end', 'provider', former, 'cancelled', ended],
    ['a provider who was never assigned', 'provider', nobody, 'offering', none],
    ['another survivor', 'survivor', nobody, 'assigned', none],
    ['a responder who is a survivor now', 'survivor', assignee, 'assigned', none],
  ]
  it.each(table)('%s', (_who, role, part, status, access) => {
    expect(conversationAccess(role, { ...part, status })).toEqual(access)
  })

  it('is said by the refusal', () => {
    expect(() => requireReading('provider', former, 'MESSAGE_NOT_FOUND')).toThrow(
      expect.objectContaining({ code: 'ACCESS_ENDED' }),
    )
    for (const part of [nobody, undefined])
      expect(() => requireReading('survivor', part, 'MESSAGE_NOT_FOUND')).toThrow(
        expect.objectContaining({ code: 'MESSAGE_NOT_FOUND' }),
      )
    expect(requireReading('provider', assignee, 'MESSAGE_NOT_FOUND').after).toBe(7)
  })
})

describe('who hears of a message', () => {
  const table: [sender: string, receiver: string | null, assignee: string | null, hearers: object | string][] = [
    ['reporter', null, null, 'dispatch'],
    ['reporter', null, 'provider', ['provider']],
    ['provider', null, 'provider', ['reporter']],
    ['dispatcher', null, 'provider', ['reporter', 'provider']],
    ['dispatcher', null, null, ['reporter']],
    ['reporter', 'dispatcher', 'provider', ['provider', 'dispatcher']],
    ['dispatcher', 'provider', 'provider', ['reporter', 'provider']],
  ]
  it.each(table)('from %s to %s while %s is assigned', (senderId, receiverId, assigneeId, hearers) => {
    expect(hearersOf({ senderId, receiverId, assigneeId, reporterId: 'reporter' })).toEqual(hearers)
  })

  it('is dispatch when there is no reporter either', () => {
    const message = { senderId: 'provider', receiverId: null, assigneeId: 'provider', reporterId: null }
    expect(hearersOf(message)).toBe('dispatch')
  })
})
