import { closedLoop, type Load } from './load'
import { addProviders, type SignedInPerson } from './people'
import type { Product } from './product'
import { offeredTo, untilTold } from './record'
import type { Stack } from './stack'

const PROVIDERS = 100
/** Each provider can hold so many at once: with 100 callers nobody is ever short of one. */
const CAPACITY = 4

/** Providers enough for any number of callers of the bench. */
export function addWorkforce(stack: Stack): Promise<Map<string, SignedInPerson>> {
  return addProviders(stack, { count: PROVIDERS, capacity: CAPACITY })
}

/** Whole incidents over HTTP: reported, accepted by whoever is asked, started and completed. */
export function liveThrough(
  stack: Stack,
  product: Product,
  providers: ReadonlyMap<string, SignedInPerson>,
  size: { readonly count: number; readonly atOnce: number },
): Promise<Load> {
  return closedLoop(size, async () => {
    const incidentId = await product.report('urgent', 'offering')
    const provider = providers.get(await offeredTo(stack, incidentId))
    if (!provider) throw new Error('an incident is offered to a stranger')
    await product.accept(incidentId, provider)
    await product.setStatus(incidentId, provider, { status: 'in_progress' })
    await product.setStatus(incidentId, provider, { status: 'completed', outcome: 'resolved' })
  })
}

/**
 * So many whole incidents before anything is measured, by providers who then go off duty: an API that has just started takes twice the
 * processor time for an act, until its code is compiled.
 */
export async function warmUp(stack: Stack, product: Product, lives: number): Promise<void> {
  const providers = await addWorkforce(stack)
  await liveThrough(stack, product, providers, { count: lives, atOnce: 20 })
  await stack
    .db('provider_profiles')
    .whereIn('user_id', [...providers.keys()])
    .update({ availability: 'off_duty' })
  await untilTold(stack)
}
