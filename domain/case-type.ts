import type { Transition } from './lifecycle'
import type { Policy } from './policy'
import type { Language, Outcome, StatedOutcome, Urgency } from './statuses'

/** A kind of responder: `code` is what policies and profiles name, `name` is shown. */
export interface ProviderType {
  readonly code: string
  readonly name: string
}

/** A coarse area: all that is stored in the clear of a place. Latitude and longitude in degrees, of its middle. */
export interface Area {
  readonly code: string
  readonly name: string
  readonly lat: number
  readonly lng: number
}

/**
 * One kind of case as data: its words, who responds, how it moves, and its default policy. The engine asks a case type;
 * it never asks which one.
 */
export interface CaseType {
  readonly code: string
  /** Raised when a table below changes its meaning; stamped on each incident. */
  readonly version: number
  readonly name: string
  /** First part of an incident's code: `K` gives `K-7Q4M2`. */
  readonly codePrefix: string
  readonly words: { readonly incident: string; readonly reporter: string; readonly provider: string }
  readonly languages: readonly Language[]
  readonly timeZone: string
  readonly providerTypes: readonly ProviderType[]
  readonly incidentTypes: readonly string[]
  /** Does a report of this urgency search by itself, or wait for a dispatcher's review? */
  readonly begins: Readonly<Record<Urgency, 'search' | 'review'>>
  readonly lifecycle: readonly Transition[]
  /** Outcomes by who may state them; `unstated` ones stand for an outcome that somebody still has to state. */
  readonly outcomes: {
    readonly responder: readonly StatedOutcome[]
    readonly reporter: readonly StatedOutcome[]
    readonly unstated: readonly Outcome[]
  }
  /** These outcomes put a completed incident on the dispatch centre's table. */
  readonly outcomesForDispatch: readonly Outcome[]
  /** Does an accept start the work at once? */
  readonly acceptMeansStart: boolean
  /** Days after the end within which a reopening is possible. */
  readonly reopenDays: number
  readonly areas: readonly Area[]
  readonly policy: Policy
}
