import { cpuFigures, cpuForEach } from '../cpu'
import { percentile, type Figure } from '../figures'
import { openBareDatabase } from '../floor/database'
import { warmUp } from '../lives'
import { closedLoop, type Load } from '../load'
import { addProviders } from '../people'
import { Product } from '../product'
import { untilTold } from '../record'
import { AT_ONCE, type Row } from '../row'

/** Providers in the urgent line: all of them full, so that each report looks at them and calls dispatch in its own transaction. */
const FULL_PROVIDERS = 50

/** Reports taken in over HTTP; the floor is two bare rows in one transaction through a pool of the same size. */
export const intake: Row = {
  name: 'intake',
  about:
    'POST /api/incidents/ through everything; routine, and urgent with every provider at capacity. Floor: two plain rows in one transaction through a pool of the same kind and size.',
  async measure(stack, sizes) {
    const bare = await openBareDatabase({ url: stack.config.databaseUrl, pool: stack.config.databasePool })
    await bare.insertPairs({ count: sizes.warmUp, atOnce: 20 })
    const floors = new Map<number, Load>()
    for (const atOnce of AT_ONCE) floors.set(atOnce, await bare.insertPairs({ count: sizes.calls(atOnce), atOnce }))
    await bare.close()

    const product = await Product.start(stack)
    await warmUp(stack, product, sizes.warmUp)
    await addProviders(stack, { count: FULL_PROVIDERS, capacity: 0 })
    const figures: Figure[] = []
    for (const urgency of ['routine', 'urgent'] as const) {
      for (const atOnce of AT_ONCE) {
        await untilTold(stack)
        const before = stack.cpu()
        const load = await closedLoop({ count: sizes.calls(atOnce), atOnce }, () =>
          product.report(urgency, urgency === 'routine' ? 'pending_dispatcher_review' : 'escalated'),
        )
        figures.push(...figuresOf(`${urgency}, ${atOnce} at once`, atOnce, load, floors.get(atOnce)))
        if (atOnce === 20) {
          await untilTold(stack)
          figures.push(...cpuFigures(`${urgency} report`, cpuForEach(before, stack.cpu(), sizes.calls(atOnce))))
        }
      }
    }
    product.close()
    return figures
  },
}

function figuresOf(name: string, atOnce: number, load: Load, floor: Load | undefined): Figure[] {
  const latency = (share: number): Pick<Figure, 'ours' | 'floor'> => ({
    ours: percentile(load.latencies, share),
    ...(floor && { floor: percentile(floor.latencies, share) }),
  })
  const rate = { ours: load.perSecond, ...(floor && { floor: floor.perSecond }) }
  const isBarred = name.startsWith('routine')
  return [
    {
      name: `${name}: reports`,
      unit: '/s',
      ...rate,
      ...(isBarred &&
        atOnce === 20 && {
          bars: [
            { of: 'ratio', atLeast: 0.4 },
            { of: 'ours', atLeast: 800 },
          ] as const,
        }),
    },
    { name: `${name}: p50`, unit: 'ms', ...latency(50) },
    {
      name: `${name}: p95`,
      unit: 'ms',
      ...latency(95),
      ...(isBarred && atOnce === 100 && { bars: [{ of: 'ours', atMost: 100 }] as const }),
    },
    { name: `${name}: p99`, unit: 'ms', ...latency(99) },
  ]
}
