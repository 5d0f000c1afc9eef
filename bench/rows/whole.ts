import { cpuFigures, cpuForEach, type CpuForEach } from '../cpu'
import { percentile, type Figure } from '../figures'
import { openBareTemporal } from '../floor/temporal'
import { addWorkforce, liveThrough } from '../lives'
import type { Load } from '../load'
import type { SignedInPerson } from '../people'
import { Product } from '../product'
import { heardCount, untilHeard } from '../record'
import { AT_ONCE, type Row } from '../row'
import type { Stack } from '../stack'

/** Whole incidents over HTTP, until the workflows have heard of all of it; the floor is the same life as a hand-written workflow alone. */
export const whole: Row = {
  name: 'whole',
  about:
    'Report, accept, start, complete through HTTP, until every workflow has heard the end (its wait is counted in). Floor: a minimal hand-written workflow (pick, offer timer, accept Update, notify, resolve) on the same server, without HTTP, database or codec.',
  async measure(stack, sizes) {
    const bare = await openBareTemporal(stack.config)
    await bare.incidents({ count: sizes.warmUp, atOnce: 20 })
    const floors = new Map<number, Load>()
    let floorCpu: CpuForEach = {}
    for (const atOnce of AT_ONCE) {
      const before = stack.cpu()
      floors.set(atOnce, await bare.incidents({ count: sizes.wholes(atOnce), atOnce }))
      if (atOnce === 20) floorCpu = cpuForEach(before, stack.cpu(), sizes.wholes(atOnce))
    }
    await bare.close()

    const product = await Product.start(stack)
    const providers = await addWorkforce(stack)
    await live(stack, product, providers, { count: sizes.warmUp, atOnce: 20 })
    const figures: Figure[] = []
    for (const atOnce of AT_ONCE) {
      const { lived, seconds, cpu } = await live(stack, product, providers, { count: sizes.wholes(atOnce), atOnce })
      figures.push(
        ...figuresOf(atOnce, lived, seconds, floors.get(atOnce)),
        ...(atOnce === 20 ? cpuFigures('incident', cpu, floorCpu) : []),
      )
    }
    product.close()
    return figures
  },
}

async function live(
  stack: Stack,
  product: Product,
  providers: ReadonlyMap<string, SignedInPerson>,
  size: { count: number; atOnce: number },
): Promise<{ lived: Load; seconds: number; cpu: CpuForEach }> {
  const before = await heardCount(stack, 'completed')
  const cpu = stack.cpu()
  const began = performance.now()
  const lived = await liveThrough(stack, product, providers, size)
  await untilHeard(stack, { status: 'completed', count: before + size.count })
  const seconds = (performance.now() - began) / 1000
  return { lived, seconds, cpu: cpuForEach(cpu, stack.cpu(), size.count) }
}

function figuresOf(atOnce: number, lived: Load, seconds: number, floor: Load | undefined): Figure[] {
  const bars = [{ of: 'ratio', atLeast: 2.5 } as const, { of: 'ours', atLeast: 55 } as const]
  return [
    {
      name: `${atOnce} at once: incidents until heard`,
      unit: '/s',
      ours: lived.latencies.length / seconds,
      ...(floor && { floor: floor.perSecond }),
      ...(atOnce === 1 ? {} : { bars }),
    },
    { name: `${atOnce} at once: incidents at HTTP`, unit: '/s', ours: lived.perSecond },
    { name: `${atOnce} at once: workflows behind at the end`, unit: 's', ours: seconds - lived.seconds },
    {
      name: `${atOnce} at once: one life, p50`,
      unit: 'ms',
      ours: percentile(lived.latencies, 50),
      ...(floor && { floor: percentile(floor.latencies, 50) }),
    },
  ]
}
