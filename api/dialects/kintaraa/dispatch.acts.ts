import type { ActDeps, By } from '../../../acts/deps'
import { dispatchIncident } from '../../../acts/dispatch-incident'

/** A case that goes to a provider by a dispatcher's hand. */
export interface Given {
  readonly act: 'assign' | 'reassign'
  readonly incidentId: string
  readonly provider: string
  readonly reason: string | undefined
}

/** Gives a case to a provider, never by force: capacity and exclusions hold, and the app has no way to overrule them. */
export async function giveCase(acts: ActDeps, given: Given, by: By): Promise<void> {
  await dispatchIncident(acts, { ...given, force: false }, by)
}
