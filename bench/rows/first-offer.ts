import { percentile, type Figure } from '../figures'
import { warmUp } from '../lives'
import { openLoop, type Load } from '../load'
import { addProviders } from '../people'
import { Product } from '../product'
import { untilTold } from '../record'
import type { Row } from '../row'
import type { Sizes } from '../options'

const PER_SECOND = 20
const PROVIDERS = 100

/** Urgent reports at a steady rate: the first offer is in the answer, with Temporal up and with Temporal stopped. */
export const firstOffer: Row = {
  name: 'first-offer',
  about: `Urgent reports, ${PER_SECOND} a second whatever comes back, until the answer shows an open offer; with Temporal up, and stopped.`,
  async measure(stack, sizes) {
    const product = await Product.start(stack)
    await warmUp(stack, product, sizes.warmUp)
    const reports = PER_SECOND * sizes.offerSeconds * 2
    await addProviders(stack, { count: PROVIDERS, capacity: Math.ceil((reports * 2) / PROVIDERS) })
    const up = await reportSteadily(product, sizes)
    await untilTold(stack)
    await stack.stop('temporal')
    const stopped = await reportSteadily(product, sizes)
    await stack.startAgain('temporal')
    await untilTold(stack)
    product.close()
    return [...figuresOf('Temporal up', up), ...figuresOf('Temporal stopped', stopped)]
  },
}

function reportSteadily(product: Product, { offerSeconds }: Sizes): Promise<Load> {
  return openLoop({ perSecond: PER_SECOND, seconds: offerSeconds }, () => product.report('urgent', 'offering'))
}

const figuresOf = (name: string, { latencies }: Load): Figure[] => [
  { name: `${name}: p50`, unit: 'ms', ours: percentile(latencies, 50), bars: [{ of: 'ours', atMost: 20 }] },
  { name: `${name}: p99`, unit: 'ms', ours: percentile(latencies, 99), bars: [{ of: 'ours', atMost: 200 }] },
]
