import { percentile, type Figure } from '../figures'
import { openBareDatabase } from '../floor/database'
import { openLoop, type Load } from '../load'
import { LOOKS_PER_SECOND, openOffice, USERS, type Look } from '../office'
import { countStatements, hottestPlans, keepPlans, PLANS_NEED } from '../plans'
import { Product } from '../product'
import type { Row } from '../row'

const BARS = [{ of: 'ours', atMost: 50 }] as const

/** What dispatchers, providers and reporters look at all day, with a year's incidents in the record. */
export const reads: Row = {
  name: 'reads',
  about: `${USERS} users at work, each looking at something every two seconds (an open loop), with a year of incidents in the record: dispatch list, filtered list, search, board, detail (its reading logged), a provider’s and a reporter’s own list. Floor: one bare indexed query, “select ... limit 20” by an index, at the same rate through a pool of the same size.`,
  settings: PLANS_NEED,
  async measure(stack, sizes, say) {
    const product = await Product.start(stack)
    say(`writing ${sizes.readable} incidents`)
    const { looks } = await openOffice(stack, sizes.readable)
    const bare = await openBareDatabase({ url: stack.config.databaseUrl, pool: stack.config.databasePool })
    await bare.readNewest({ perSecond: LOOKS_PER_SECOND, seconds: 2 })
    const floor = await bare.readNewest({ perSecond: LOOKS_PER_SECOND, seconds: sizes.readSeconds })
    await bare.close()

    const run = (seconds: number, { look }: Look): Promise<Load> =>
      openLoop({ perSecond: LOOKS_PER_SECOND, seconds }, index => look(product, index))
    for (const each of looks) await run(2, each)
    await countStatements(stack.db)
    const figures: Figure[] = []
    for (const each of looks) figures.push(...figuresOf(each.name, await run(sizes.readSeconds, each), floor))
    const again = async (): Promise<void> => {
      for (const each of looks) await run(2, each)
    }
    const hot = await hottestPlans(stack.db, { logFile: stack.logOf('postgres'), again })
    say(`plans: ${keepPlans(sizes.readable, hot)}`)
    product.close()
    const scanned = hot.filter(({ scans }) => scans.length > 0).length
    return [
      ...figures,
      {
        name: 'hot statements that read a growing table whole',
        unit: 'count',
        ours: scanned,
        bars: [{ of: 'ours', atMost: 0 }],
      },
    ]
  },
}

function figuresOf(name: string, load: Load, floor: Load): Figure[] {
  const at = (share: number) => ({
    unit: 'ms' as const,
    ours: percentile(load.latencies, share),
    floor: percentile(floor.latencies, share),
  })
  return [
    { name: `${name}: p50`, ...at(50) },
    { name: `${name}: p95`, ...at(95), bars: BARS },
    { name: `${name}: p99`, ...at(99) },
  ]
}
