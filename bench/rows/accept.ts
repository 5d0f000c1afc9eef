import { cpuFigures, cpuForEach } from '../cpu'
import { percentile, type Figure } from '../figures'
import { openBareDatabase } from '../floor/database'
import { warmUp } from '../lives'
import { closedLoop, type Load } from '../load'
import { addProviders, type SignedInPerson } from '../people'
import { Product } from '../product'
import { offeredTo, untilTold } from '../record'
import { AT_ONCE, type Row } from '../row'
import type { Stack } from '../stack'

const PROVIDERS = 100

/** Accepts over HTTP of offers that lie open; the floor is one bare row lock with three writes. */
export const accept: Row = {
  name: 'accept',
  about:
    'POST /api/incidents/{id}/accept/ by the provider who was asked. Floor: one `select for update` and three writes in one transaction on plain tables.',
  async measure(stack, sizes) {
    const bare = await openBareDatabase({ url: stack.config.databaseUrl, pool: stack.config.databasePool })
    await bare.moveOffers({ count: sizes.warmUp, atOnce: 20 })
    const floors = new Map<number, Load>()
    for (const atOnce of AT_ONCE)
      floors.set(atOnce, await bare.moveOffers({ count: acceptsOf(sizes.calls(atOnce)), atOnce }))
    await bare.close()

    const product = await Product.start(stack)
    await warmUp(stack, product, sizes.warmUp)
    const total = AT_ONCE.reduce<number>((sum, atOnce) => sum + acceptsOf(sizes.calls(atOnce)), 0)
    const providers = await addProviders(stack, { count: PROVIDERS, capacity: Math.ceil((total * 2) / PROVIDERS) })
    const figures: Figure[] = []
    for (const atOnce of AT_ONCE) {
      const { load, cpu } = await acceptMany(stack, product, providers, {
        count: acceptsOf(sizes.calls(atOnce)),
        atOnce,
      })
      figures.push(...figuresOf(atOnce, load, floors.get(atOnce)), ...(atOnce === 20 ? cpu : []))
    }
    product.close()
    return figures
  },
}

/** Each accept needs a report before it, so there are fewer of them. */
const acceptsOf = (calls: number): number => Math.ceil(calls / 2)

async function acceptMany(
  stack: Stack,
  product: Product,
  providers: ReadonlyMap<string, SignedInPerson>,
  { count, atOnce }: { count: number; atOnce: number },
): Promise<{ load: Load; cpu: Figure[] }> {
  const offers: { incidentId: string; provider: SignedInPerson }[] = []
  await closedLoop({ count, atOnce: 20 }, async () => {
    const incidentId = await product.report('urgent', 'offering')
    const provider = providers.get(await offeredTo(stack, incidentId))
    if (provider) offers.push({ incidentId, provider })
  })
  await untilTold(stack)
  const before = stack.cpu()
  const load = await closedLoop({ count, atOnce }, async index => {
    const offer = offers[index]
    if (offer) await product.accept(offer.incidentId, offer.provider)
  })
  await untilTold(stack)
  return { load, cpu: cpuFigures('accept', cpuForEach(before, stack.cpu(), count)) }
}

function figuresOf(atOnce: number, load: Load, floor: Load | undefined): Figure[] {
  const latency = (share: number): Pick<Figure, 'ours' | 'floor'> => ({
    ours: percentile(load.latencies, share),
    ...(floor && { floor: percentile(floor.latencies, share) }),
  })
  const twice = { of: 'ratio', atMost: 2 } as const
  return [
    {
      name: `${atOnce} at once: p50`,
      unit: 'ms',
      ...latency(50),
      bars: [twice, ...(atOnce === 1 ? [{ of: 'ours', atMost: 4 } as const] : [])],
    },
    {
      name: `${atOnce} at once: p99`,
      unit: 'ms',
      ...latency(99),
      bars: [twice, ...(atOnce === 100 ? [{ of: 'ours', atMost: 300 } as const] : [])],
    },
    { name: `${atOnce} at once: accepts`, unit: '/s', ours: load.perSecond, ...(floor && { floor: floor.perSecond }) },
  ]
}
