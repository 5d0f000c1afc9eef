import type { Database } from '../db/database'
import type { PolicyCache } from '../db/policies.repository'
import type { Vault } from '../db/vault'
import type { Actor } from '../domain/actors'
import type { Channel } from '../domain/policy'
import type { SignalName } from '../domain/signal-names'
import type { Snapshot } from '../domain/snapshot'
import type { Logger } from '../platform/logger'

/** A committed change that an incident's workflow should hear of. */
export interface Told {
  readonly snapshot: Snapshot
  readonly signal: SignalName
}

/** What acts need beside their arguments; wired once by the process that runs them. */
export interface ActDeps {
  readonly db: Database
  readonly vault: Vault
  readonly policies: PolicyCache
  readonly logger: Logger
  /** Channels with a vendor behind them in this installation. */
  readonly configuredChannels: ReadonlySet<Channel>
  /** Tests only: may acts take their time from the caller? Production refuses to start with it. */
  readonly timeTravel: boolean
  /** Called after the commit, never awaited: it tells the workflow at once; the relay does it when this fails. */
  readonly tell: (told: Told) => void
}

/** Who acts, on whose request, and in tests at which time (milliseconds). */
export interface By {
  readonly actor: Actor
  /** The idempotency key's row; the act marks it within its transaction. */
  readonly requestId?: string
  readonly at?: number
}

/** The id of the person who acts, or null for the engine. */
export const personOf = (by: By): string | null => (by.actor.kind === 'person' ? by.actor.id : null)
