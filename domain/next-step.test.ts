import fc from 'fast-check'
import { gbv } from './case-types/gbv'
import type { IncidentState } from './incident-state'
import { nextStep, stepSummary, type Step } from './next-step'
import { snapshotOf } from './snapshot'
import { ESCALATION_REASONS, STATUSES } from './statuses'

const policy = gbv.policy
const T0 = Date.UTC(2026, 0, 5, 9)
const seconds = (count: number): number => count * 1000
const minutes = (count: number): number => seconds(count * 60)

const base: IncidentState = {
  id: '0199-a',
  case_type: 'gbv',
  policy_id: 'p',
  urgency: 'urgent',
  status: 'offering',
  rev: 1,
  round: 1,
  reporter_id: 'amina',
  assignee_id: null,
  owner_id: null,
  owner_active_at: null,
  held: false,
  reported_at: T0,
  review_from: null,
  search: { started_at: T0, asked: 0, refused: false, look_again_at: null },
  escalation: null,
  open_offers: [],
  assigned_at: null,
  nudged_at: null,
  completed_at: null,
  ended_at: null,
  outcome: null,
}
const offer = { id: 'o1', provider_id: 'ann', expires_at: T0 + minutes(2) }
const called = { reason: 'all_refused' as const, started_at: T0, step: 1, climb_at: T0 + minutes(2) }
const searching = { started_at: T0, asked: 3, refused: true, look_again_at: T0 + minutes(1) }

const table: [string, Partial<IncidentState>, number, Step | null][] = [
  ['offering with nobody asked: ask now', {}, 0, { kind: 'makeOffer', due_at: T0 }],
  ['an open offer: wait for its end', { open_offers: [offer] }, 5, { kind: 'expireOffers', due_at: T0 + minutes(2) }],
  [
    'of two open offers the earlier end counts',
    { open_offers: [offer, { ...offer, id: 'o2', expires_at: T0 + seconds(90) }] },
    0,
    { kind: 'expireOffers', due_at: T0 + seconds(90) },
  ],
  [
    'three offers spent: call dispatch',
    { search: { ...searching, look_again_at: null } },
    10,
    { kind: 'escalate', due_at: T0 + seconds(10), reason: 'all_refused' },
  ],
  [
    '271 s of 300 are over: no offer of less than 30 s',
    {},
    271,
    { kind: 'escalate', due_at: T0 + seconds(271), reason: 'search_time_spent' },
  ],
  ['270 s are over: one last offer of 30 s', {}, 270, { kind: 'makeOffer', due_at: T0 + seconds(270) }],
  [
    'held: nobody is asked, the owner is watched',
    { held: true, owner_id: 'dora', owner_active_at: T0 },
    0,
    { kind: 'releaseIdleOwner', due_at: T0 + minutes(15) },
  ],
  [
    'escalated: the ladder climbs',
    { status: 'escalated', search: { ...searching, look_again_at: T0 + minutes(3) }, escalation: called },
    0,
    { kind: 'climbLadder', due_at: T0 + minutes(2) },
  ],
  [
    'escalated: the engine looks again',
    { status: 'escalated', search: searching, escalation: called },
    0,
    { kind: 'lookAgain', due_at: T0 + minutes(1) },
  ],
  [
    'escalated and owned: the ladder rests, the search goes on',
    {
      status: 'escalated',
      search: searching,
      escalation: { ...called, climb_at: null },
      owner_id: 'dora',
      owner_active_at: T0,
    },
    0,
    { kind: 'lookAgain', due_at: T0 + minutes(1) },
  ],
  [
    'escalated after a review: no search, only the ladder',
    { status: 'escalated', search: null, escalation: called },
    0,
    { kind: 'climbLadder', due_at: T0 + minutes(2) },
  ],
  [
    'escalated with an open offer: its end comes first',
    {
      status: 'escalated',
      search: searching,
      escalation: called,
      open_offers: [{ ...offer, expires_at: T0 + seconds(30) }],
    },
    0,
    { kind: 'expireOffers', due_at: T0 + seconds(30) },
  ],
  [
    'waiting for review: 30 minutes',
    { status: 'pending_dispatcher_review', search: null, review_from: T0 },
    0,
    { kind: 'escalate', due_at: T0 + minutes(30), reason: 'review_overdue' },
  ],
  [
    'in review and owned: only the owner is watched',
    {
      status: 'pending_dispatcher_review',
      search: null,
      review_from: T0,
      owner_id: 'dora',
      owner_active_at: T0 + minutes(5),
    },
    5,
    { kind: 'releaseIdleOwner', due_at: T0 + minutes(20) },
  ],
  [
    'assigned: a reminder after 30 minutes',
    { status: 'assigned', search: null, assignee_id: 'ann', assigned_at: T0 },
    0,
    { kind: 'nudgeAssignee', due_at: T0 + minutes(30) },
  ],
  [
    'reminded: dispatch is told 15 minutes later',
    { status: 'assigned', search: null, assignee_id: 'ann', assigned_at: T0, nudged_at: T0 + minutes(30) },
    1800,
    { kind: 'tellNotStarted', due_at: T0 + minutes(45) },
  ],
  [
    'dispatch was told: the ladder',
    {
      status: 'assigned',
      search: null,
      assignee_id: 'ann',
      assigned_at: T0,
      nudged_at: T0,
      escalation: { ...called, reason: 'not_started' },
    },
    0,
    { kind: 'climbLadder', due_at: T0 + minutes(2) },
  ],
  [
    'in progress: a named person has it, nothing is timed',
    { status: 'in_progress', search: null, assignee_id: 'ann', assigned_at: T0 },
    0,
    null,
  ],
  [
    'completed: closes after 72 hours',
    { status: 'completed', search: null, assignee_id: 'ann', completed_at: T0 },
    0,
    { kind: 'closeIncident', due_at: T0 + minutes(72 * 60) },
  ],
  [
    'completed but not helped: dispatch, no closing',
    { status: 'completed', search: null, completed_at: T0, escalation: { ...called, reason: 'not_helped' } },
    0,
    { kind: 'climbLadder', due_at: T0 + minutes(2) },
  ],
  ['closed: nothing', { status: 'closed', search: null }, 0, null],
  ['cancelled: nothing, whatever is left over', { status: 'cancelled', escalation: called }, 0, null],
]

describe('nextStep', () => {
  it.each(table)('%s', (_, change, after, expected) => {
    expect(nextStep({ ...base, ...change }, policy, T0 + seconds(after))).toEqual(expected)
  })

  it('covers every status', () => {
    const covered = new Set(table.map(([, change]) => change.status ?? 'offering'))
    expect([...covered].sort()).toEqual(STATUSES.filter(status => status !== 'reported').sort())
  })
})

const state = fc.record({
  status: fc.constantFrom(...STATUSES.filter(status => status !== 'reported')),
  held: fc.boolean(),
  owned: fc.boolean(),
  asked: fc.integer({ min: 0, max: 4 }),
  offers: fc.integer({ min: 0, max: 3 }),
  escalation: fc.option(fc.constantFrom(...ESCALATION_REASONS)),
  nudged: fc.boolean(),
  after: fc.integer({ min: 0, max: 400_000 }),
})

describe('from any state that acts can reach', () => {
  it('something is timed, or a named person has it (I1)', () => {
    fc.assert(
      fc.property(state, drawn => {
        const reachable = reach(drawn)
        const next = nextStep(reachable, policy, T0 + seconds(drawn.after))
        const open = reachable.status !== 'closed' && reachable.status !== 'cancelled'
        const named = reachable.owner_id !== null || reachable.assignee_id !== null
        expect(!open || next !== null || named).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('a snapshot never asks for a negative sleep and says in words what it waits for', () => {
    fc.assert(
      fc.property(state, drawn => {
        const snapshot = snapshotOf(reach(drawn), policy, 'KE-30', T0 + seconds(drawn.after))
        expect(snapshot.next?.in_ms ?? 0).toBeGreaterThanOrEqual(0)
        expect(snapshot.summary.length).toBeGreaterThan(3)
      }),
    )
  })
})

/** A state as the acts leave it: whoever holds also owns, an escalated incident has a ladder, work has an assignee. */
function reach(drawn: {
  status: IncidentState['status']
  held: boolean
  owned: boolean
  asked: number
  offers: number
  escalation: (typeof ESCALATION_REASONS)[number] | null
  nudged: boolean
}): IncidentState {
  const { status } = drawn
  const searches = status === 'offering' || status === 'escalated'
  const owned = drawn.owned || drawn.held
  const reason = status === 'escalated' ? (drawn.escalation ?? 'all_refused') : drawn.escalation
  const laddered = reason !== null && ['escalated', 'assigned', 'completed'].includes(status)
  const atWork = status === 'assigned' || status === 'in_progress'
  return {
    ...base,
    status,
    held: drawn.held,
    owner_id: owned ? 'dora' : null,
    owner_active_at: owned ? T0 : null,
    search: searches ? { ...searching, asked: drawn.asked } : null,
    open_offers:
      searches && !drawn.held ? Array.from({ length: drawn.offers }, (_, i) => ({ ...offer, id: `o${i}` })) : [],
    escalation: laddered ? { ...called, reason, climb_at: owned ? null : called.climb_at } : null,
    review_from: status === 'pending_dispatcher_review' ? T0 : null,
    assignee_id: atWork ? 'ann' : null,
    assigned_at: atWork ? T0 : null,
    nudged_at: atWork && drawn.nudged ? T0 : null,
    completed_at: status === 'completed' ? T0 : null,
  }
}

describe('stepSummary', () => {
  it.each([
    [{ open_offers: [offer], search: { ...searching, asked: 2 } }, 'offer 2 of 3, until 09:02:00Z'],
    [{ status: 'escalated' as const, escalation: called, search: null }, 'waiting for dispatch, step 2 at 09:02:00Z'],
    [{ status: 'in_progress' as const, assignee_id: 'ann', search: null }, 'with the responder (in_progress)'],
  ])('reads as a story: %#', (change, expected) => {
    const current = { ...base, ...change }
    expect(stepSummary(nextStep(current, policy, T0), current, policy)).toBe(expected)
  })
})
