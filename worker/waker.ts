import { carryOnIncident } from '../acts/carry-on-incident'
import type { ActDeps } from '../acts/deps'
import { endWakes, listWaiting, readWoken } from '../db/waker.repository'
import { startLoop, type Loop } from '../platform/loop'

/** With the act itself this keeps the promise of a new offer within 5 s. */
const PAUSE_MS = 1_000
/**
 * A wake stands for so long: an incident that escalates in the same moment read the candidates before this provider came free, and
 * is to be seen waiting in a later pass.
 */
const WAKE_SECONDS = 3
const WOKEN_A_PASS = 500
/** So many waiting incidents are tried for one type of provider in a pass; most of them can be offered to the first who comes. */
const TRIED_A_PASS = 200

/** Wakes incidents that wait with dispatch when a provider becomes available or gets a free place. Needs no Temporal. */
export function startWaker(acts: ActDeps): Loop {
  return startLoop('waker', acts.logger, async stopping => {
    await wakeOnce(acts, stopping)
    return PAUSE_MS
  })
}

/** One pass: as many offers as there are free places, urgent and oldest incidents first. Answers how many incidents it woke. */
export async function wakeOnce(acts: ActDeps, stopping?: AbortSignal): Promise<number> {
  const { at, woken } = await readWoken(acts.db, WOKEN_A_PASS)
  if (woken.length === 0) return 0
  const free = new Map<string, number>()
  for (const provider of woken)
    free.set(provider.provider_type, (free.get(provider.provider_type) ?? 0) + provider.free)
  let offered = 0
  for (const [providerType, places] of free) offered += await fill(acts, providerType, places, stopping)
  const providerIds = woken.map(provider => provider.provider_id)
  await endWakes(acts.db, { providerIds, at, olderThanSeconds: WAKE_SECONDS })
  return offered
}

async function fill(acts: ActDeps, providerType: string, places: number, stopping?: AbortSignal): Promise<number> {
  if (places === 0) return 0
  let offered = 0
  for (const { id, rev } of await listWaiting(acts.db, providerType, TRIED_A_PASS)) {
    if (offered >= places || stopping?.aborted) break
    const snapshot = await look(acts, id)
    // A look that finds nobody leaves the revision: whoever was refused or excluded here may be right for the next.
    if (snapshot && snapshot.rev > rev) offered += 1
  }
  return offered
}

async function look(acts: ActDeps, incidentId: string) {
  try {
    return await carryOnIncident(acts, { incidentId, lookNow: true, signal: 'providerAvailable' })
  } catch (error) {
    acts.logger.warn({ err: error, incident: incidentId }, 'a waiting incident could not be woken')
    return undefined
  }
}
