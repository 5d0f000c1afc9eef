import { distanceBand, UNKNOWN_BAND, type Position } from './places'
import type { Availability } from './statuses'

/** A provider as the choice sees them: no name, no exact place. Times in milliseconds since 1970. */
export interface Candidate {
  readonly provider_id: string
  readonly provider_type: string
  readonly active: boolean
  readonly verified: boolean
  readonly availability: Availability
  readonly capacity: number
  /** Accepted cases and open offers. */
  readonly load: number
  readonly last_assigned_at: number | null
  /** After `busy` or `other`: no offer before this. */
  readonly cooling_until: number | null
  readonly base: Position | null
  /** The reporter barred them. */
  readonly excluded: boolean
  /** Was offered this incident in this search. */
  readonly offered: boolean
  /** Refused this incident, in whichever search. */
  readonly refused: boolean
}

export const WHY_NOT = [
  'wrong_type',
  'inactive',
  'not_verified',
  'excluded_by_reporter',
  'refused_before',
  'already_offered',
  'off_duty',
  'busy',
  'unresponsive',
  'cooling_down',
  'at_capacity',
] as const
export type WhyNot = (typeof WHY_NOT)[number]

/** Every reason why this provider is not offered the incident now; empty means eligible. */
export function whyNot(candidate: Candidate, providerTypes: readonly string[], at: number): WhyNot[] {
  const reasons: WhyNot[] = []
  if (!providerTypes.includes(candidate.provider_type)) reasons.push('wrong_type')
  if (!candidate.active) reasons.push('inactive')
  if (!candidate.verified) reasons.push('not_verified')
  if (candidate.excluded) reasons.push('excluded_by_reporter')
  if (candidate.refused) reasons.push('refused_before')
  else if (candidate.offered) reasons.push('already_offered')
  if (candidate.availability !== 'available') reasons.push(candidate.availability)
  if (candidate.cooling_until !== null && candidate.cooling_until > at) reasons.push('cooling_down')
  if (candidate.load >= candidate.capacity) reasons.push('at_capacity')
  return reasons
}

export interface Ranked {
  readonly candidate: Candidate
  readonly rank: number
  /** What the rank was made of, in words and figures a dispatcher reads. */
  readonly reasons: readonly string[]
  readonly score_parts: {
    readonly distance_band: number
    readonly load_ratio: number
    readonly last_assigned_at: number | null
  }
}

/**
 * The eligible candidates, best first: distance band, then load ratio, then longest since the last assignment, then id. The
 * order is total, so the same candidates give the same choice.
 */
export function rank(
  candidates: readonly Candidate[],
  providerTypes: readonly string[],
  place: Position | null,
  at: number,
): Ranked[] {
  return candidates
    .filter(candidate => whyNot(candidate, providerTypes, at).length === 0)
    .map(candidate => ({
      candidate,
      band: distanceBand(place, candidate.base),
      ratio: candidate.load / candidate.capacity,
    }))
    .sort(
      (a, b) =>
        a.band - b.band ||
        a.ratio - b.ratio ||
        (a.candidate.last_assigned_at ?? 0) - (b.candidate.last_assigned_at ?? 0) ||
        (a.candidate.provider_id < b.candidate.provider_id ? -1 : 1),
    )
    .map(({ candidate, band, ratio }, index) => ({
      candidate,
      rank: index + 1,
      reasons: [
        band === UNKNOWN_BAND ? 'distance_unknown' : `distance_band_${band}`,
        `load_${candidate.load}_of_${candidate.capacity}`,
        candidate.last_assigned_at === null ? 'never_assigned' : 'assigned_before',
      ],
      score_parts: { distance_band: band, load_ratio: ratio, last_assigned_at: candidate.last_assigned_at },
    }))
}

/**
 * Why nobody can be asked: somebody refused or stayed silent and nobody is left; else somebody was passed over for want of a
 * free place alone; else there is nobody.
 */
export function whyNobody(
  candidates: readonly Candidate[],
  providerTypes: readonly string[],
  { refused }: { readonly refused: boolean },
  at: number,
): 'all_refused' | 'all_at_capacity' | 'no_provider_available' {
  if (refused) return 'all_refused'
  const passedOverForCapacity = candidates.some(candidate => {
    const reasons = whyNot(candidate, providerTypes, at)
    return reasons.length === 1 && reasons[0] === 'at_capacity'
  })
  return passedOverForCapacity ? 'all_at_capacity' : 'no_provider_available'
}

/** One line of an offer's reasons: a candidate, whether they were asked, and why or why not. */
export interface ConsideredCandidate {
  readonly provider: string
  readonly chosen: boolean
  readonly rank: number | null
  readonly reasons: readonly string[]
}
