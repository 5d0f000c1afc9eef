import type { LadderStep } from '../../domain/policy'
import type { IncidentChange } from '../incident-change'
import { audienceOf } from './audience'

/** Wakes the next step of the dispatch ladder; the last one repeats until somebody acknowledges. */
export async function climbLadder(change: IncidentChange): Promise<void> {
  const { escalation } = change.state
  const ladder = change.policy.dispatch_ladder
  const index = Math.min(escalation?.step ?? 0, ladder.length - 1)
  const step = ladder[index]
  if (!escalation || !step) throw new Error('there is no ladder to climb')
  const audience = await audienceOf(change, step.who)
  const isEmpty = audience.length === 0
  if (isEmpty) change.append('dispatch.step_skipped', { step: escalation.step + 1, who: step.who })
  else wake(change, step, escalation.step + 1, audience)
  // An empty step is passed at once, but the last one must wait: there is nobody after it.
  const pause = isEmpty && index < ladder.length - 1 ? 0 : pauseAfter(change, index)
  const climb_at = nextClimb({ dueAt: escalation.climb_at ?? change.at, at: change.at, pause })
  change.patch({ escalation: { ...escalation, step: escalation.step + 1, climb_at } })
}

/**
 * The next step is counted from when this one was due, so that being a little late does not add up over the ladder; after an outage that
 * outlasted the pause it is counted from now, or every missed step would wake people in the same second.
 */
function nextClimb({ dueAt, at, pause }: { dueAt: number; at: number; pause: number }): number {
  return dueAt + pause > at ? dueAt + pause : at + pause
}

function wake(change: IncidentChange, step: LadderStep, number: number, audience: readonly string[]): void {
  change.append('dispatch.woken', { step: number, who: step.who, people: audience.length })
  change.withdrawNotices('escalation')
  change.notify('dispatch.escalated', audience, { channels: step.channels })
}

function pauseAfter(change: IncidentChange, index: number): number {
  const [step, next] = change.policy.dispatch_ladder.slice(index, index + 2)
  const seconds = step && next ? next.after_seconds - step.after_seconds : change.policy.ladder_repeat_seconds
  return seconds * 1000
}
