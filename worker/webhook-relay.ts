import { tellDelivery } from '../adapters/temporal/webhook-teller'
import { leaseDeliveries, markDeliveriesTold } from '../db/webhook-deliveries.repository'
import { startLoop, type Loop } from '../platform/loop'
import type { EngineDeps } from './engine-deps'
import { sendAll } from './relay'

/** As many as can be told within their lease of 10 s. */
const BATCH = 200
const BUSY_PAUSE_MS = 250
const IDLE_PAUSE_MS = 1_000

/**
 * Hands deliveries of webhooks to their workflows. While Temporal is out of reach they wait: unlike a case they may be late, and
 * nobody here does the work in its place.
 */
export function startWebhookRelay(deps: EngineDeps): Loop {
  return startLoop('webhook-relay', deps.acts.logger, async stopping => {
    if (deps.reach.isSilent) return IDLE_PAUSE_MS
    return (await relayDeliveries(deps, stopping)) > 0 ? BUSY_PAUSE_MS : IDLE_PAUSE_MS
  })
}

/** One pass; answers how many were taken. */
export async function relayDeliveries({ acts, target, reach }: EngineDeps, stopping?: AbortSignal): Promise<number> {
  const ids = await leaseDeliveries(acts.db, BATCH)
  const told: string[] = []
  const outcome = await sendAll(ids, { reach, stopping }, async id => {
    await tellDelivery(target, id)
    told.push(id)
  })
  for (const { item, error } of outcome.refused)
    acts.logger.error({ err: error, delivery: item }, 'Temporal refuses a delivery; it is handed over again')
  await markDeliveriesTold(acts.db, told)
  return ids.length
}
