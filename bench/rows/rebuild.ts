import { rmSync } from 'node:fs'
import { reportIncident } from '../../acts/report-incident'
import { openBareTemporal } from '../floor/temporal'
import { closedLoop } from '../load'
import { addPeople, addProviders } from '../people'
import { Product } from '../product'
import { actDeps, untilHeard, untilTold, usePolicy } from '../record'
import type { Row } from '../row'

const PROVIDERS = 100
/** Longer than the making and rebuilding of them all takes: nothing comes due meanwhile. */
const WINDOW_SECONDS = 540

/** Temporal's store is thrown away under the running product; the floor starts as many bare workflows. */
export const rebuild: Row = {
  name: 'rebuild',
  about:
    'Open incidents whose Temporal store was deleted: `npm run rebuild`, until every one has a run again, which shows the status; as nothing is due within a minute, each waits with its first task for its deadline. The product starts at most 100 a second of those, so that live work goes before. Floor: as many bare starts, as fast as they go.',
  async measure(stack, { rebuild: count }) {
    const bare = await openBareTemporal(stack.config)
    const floor = await bare.starts(count)
    await bare.close()

    const product = await Product.start(stack)
    await usePolicy(stack, { window_seconds: WINDOW_SECONDS })
    const [reporter] = await addPeople(stack, 'survivor', 1)
    await addProviders(stack, { count: PROVIDERS, capacity: Math.ceil((count * 2) / PROVIDERS) })
    if (!reporter) throw new Error('nobody reports')
    const deps = actDeps(stack)
    const by = { actor: { kind: 'person', id: reporter.id, role: 'survivor' } } as const
    await closedLoop({ count, atOnce: 8 }, () => reportIncident(deps, { case_type: 'gbv', urgency: 'urgent' }, by))
    await untilTold(stack)
    await stack.stop('temporal')
    for (const end of ['', '-wal', '-shm']) rmSync(`${stack.temporalDb}${end}`, { force: true })
    await stack.startAgain('temporal')
    const began = performance.now()
    await stack.run('scripts/rebuild')
    await untilHeard(stack, { status: 'offering', count })
    const seconds = (performance.now() - began) / 1000
    product.close()
    return [
      { name: `${count} open incidents`, unit: 's', ours: seconds, floor, bars: [{ of: 'ratio', atMost: 1.3 }] },
      { name: 'started', unit: '/s', ours: count / seconds, floor: count / floor },
    ]
  },
}
