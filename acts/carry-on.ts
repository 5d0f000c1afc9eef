import { nextStep, type Step } from '../domain/next-step'
import type { IncidentChange } from './incident-change'
import { climbLadder } from './steps/climb-ladder'
import { closeIncident } from './steps/close-incident'
import { escalate } from './steps/escalate'
import { expireOffers } from './steps/expire-offers'
import { lookAgain, makeOffer } from './steps/make-offer'
import { nudgeAssignee, tellNotStarted } from './steps/remind-assignee'
import { releaseIdleOwner } from './steps/release-idle-owner'

/** More due steps than this in one act mean a rule that makes no progress: fail loudly rather than spin under a lock. */
const STEPS_AT_MOST = 40

/** Does everything for the incident that is due by now, within the act's transaction. */
export async function carryOn(change: IncidentChange): Promise<void> {
  for (let steps = 0; ; steps++) {
    const step = nextStep(change.state, change.policy, change.at)
    if (!step || step.due_at > change.at) return
    if (steps === STEPS_AT_MOST) throw new Error(`step ${step.kind} makes no progress`)
    await take(change, step)
  }
}

async function take(change: IncidentChange, step: Step): Promise<void> {
  switch (step.kind) {
    case 'expireOffers':
      return expireOffers(change)
    case 'makeOffer':
      return makeOffer(change)
    case 'lookAgain':
      return lookAgain(change)
    case 'escalate':
      return escalate(change, step.reason)
    case 'climbLadder':
      return climbLadder(change)
    case 'releaseIdleOwner':
      return releaseIdleOwner(change)
    case 'nudgeAssignee':
      return nudgeAssignee(change)
    case 'tellNotStarted':
      return tellNotStarted(change)
    case 'closeIncident':
      return closeIncident(change)
  }
}
