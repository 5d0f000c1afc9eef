import type { FieldFault } from './refusals'

export const OFFER_MODES = ['sequential', 'broadcast'] as const
export const LADDER_AUDIENCES = ['dispatchers_on_duty', 'all_dispatchers_and_admins'] as const
export const CHANNELS = ['push', 'sms', 'email'] as const
export type Channel = (typeof CHANNELS)[number]
export type LadderAudience = (typeof LADDER_AUDIENCES)[number]

export interface LadderStep {
  /** Seconds after the escalation began. */
  readonly after_seconds: number
  readonly who: LadderAudience
  readonly channels: readonly Channel[]
}

/** The rules of a case type in one version. Stamped on an incident when it is reported; never edited. All times in seconds. */
export interface Policy {
  readonly case_type: string
  readonly offer: {
    readonly mode: (typeof OFFER_MODES)[number]
    /** How many providers are asked at once in mode `broadcast`. */
    readonly broadcast_size: number
    /** How long one offer may be answered. */
    readonly window_seconds: number
    /** How many times a search asks (a broadcast counts once) before it escalates. */
    readonly max_offers: number
    /** How long a search goes on before it escalates; it starts at the report. */
    readonly search_seconds: number
    /** How long a provider who said `busy` or `other` gets no offer at all. */
    readonly cooldown_seconds: number
    /** Unanswered offers in a row that make a provider `unresponsive`. */
    readonly silences_to_unresponsive: number
    readonly provider_types: readonly string[]
  }
  readonly review: { readonly window_seconds: number }
  readonly start: { readonly nudge_seconds: number; readonly escalate_seconds: number }
  readonly dispatch_ladder: readonly LadderStep[]
  readonly ladder_repeat_seconds: number
  readonly owner_idle_seconds: number
  readonly recheck_seconds: number
  readonly auto_close_seconds: number
}

/** A policy as stored: with its id and version number. */
export interface PolicyVersion {
  readonly id: string
  readonly case_type: string
  readonly version: number
  readonly active: boolean
  readonly rules: Policy
}

/** Less than this share of the window left of a search makes no new offer: 30 s of the 120 s that `gbv` gives. */
const SHORTEST_WINDOW_SHARE = 4
/** The shortest window worth offering, in milliseconds. */
export const shortestWindowMs = (policy: Policy): number => (policy.offer.window_seconds * 1000) / SHORTEST_WINDOW_SHARE

const MAX_SECONDS = 365 * 24 * 3600

/**
 * Every fault that makes these rules unfit to run, all at once. The shapes were checked before; here it is refused that an
 * incident could be left without a timer or an owner.
 */
export function policyFaults(policy: Policy): FieldFault[] {
  const faults: FieldFault[] = []
  const fault = (path: string, message: string): void => {
    faults.push({ path: `body.${path}`, code: 'rule', message })
  }
  for (const [path, value] of durations(policy)) {
    if (!Number.isInteger(value) || value < 1 || value > MAX_SECONDS)
      fault(path, 'must be a whole number of seconds from 1 to 31536000')
  }
  const { offer, start, dispatch_ladder: ladder } = policy
  if (offer.provider_types.length === 0) fault('offer.provider_types', 'names nobody who could be offered a case')
  if (offer.search_seconds < offer.window_seconds) fault('offer.search_seconds', 'is shorter than one offer window')
  if (start.escalate_seconds <= start.nudge_seconds) fault('start.escalate_seconds', 'must come after the nudge')
  if (ladder.length === 0) fault('dispatch_ladder', 'has no step: nobody would be woken')
  ladder.forEach((step, index) => {
    if (!Number.isInteger(step.after_seconds) || step.after_seconds < 0)
      fault(`dispatch_ladder.${index}.after_seconds`, 'must be a whole number of seconds, 0 or more')
    if (step.channels.length === 0) fault(`dispatch_ladder.${index}.channels`, 'wakes by no channel')
    const before = ladder[index - 1]
    if (before && step.after_seconds <= before.after_seconds)
      fault(`dispatch_ladder.${index}.after_seconds`, 'must be later than the step before')
  })
  if (ladder.length > 0 && !ladder.some(step => step.who === 'all_dispatchers_and_admins'))
    fault(
      'dispatch_ladder',
      'never reaches all dispatchers and admins: a night without anybody on duty would wake nobody',
    )
  return faults
}

function durations(policy: Policy): [string, number][] {
  return [
    ['offer.window_seconds', policy.offer.window_seconds],
    ['offer.search_seconds', policy.offer.search_seconds],
    ['offer.cooldown_seconds', policy.offer.cooldown_seconds],
    ['review.window_seconds', policy.review.window_seconds],
    ['start.nudge_seconds', policy.start.nudge_seconds],
    ['start.escalate_seconds', policy.start.escalate_seconds],
    ['ladder_repeat_seconds', policy.ladder_repeat_seconds],
    ['owner_idle_seconds', policy.owner_idle_seconds],
    ['recheck_seconds', policy.recheck_seconds],
    ['auto_close_seconds', policy.auto_close_seconds],
  ]
}
