import type { ActDeps } from '../acts/deps'
import type { TellTarget } from '../adapters/temporal/workflow-teller'
import type { TemporalReach } from './temporal-reach'

/** What the jobs beside the workflows need; wired once, in `main.ts`. */
export interface EngineDeps {
  readonly acts: ActDeps
  readonly target: TellTarget
  readonly reach: TemporalReach
}
