import { addCrowd } from '../crowd'
import { percentile, type Figure } from '../figures'
import { openBareDatabase } from '../floor/database'
import { openLoop, type Load } from '../load'
import { addPeople, addProviders, type SignedInPerson } from '../people'
import { countStatements, hottestPlans, keepPlans, PLANS_NEED } from '../plans'
import { Product } from '../product'
import type { Row } from '../row'
import type { Stack } from '../stack'

const USERS = 100
/** Each of them looks at something every two seconds. */
const LOOKS_PER_SECOND = USERS / 2
const BARS = [{ of: 'ours', atMost: 50 }] as const

/** What dispatchers, providers and reporters look at all day, with a year's incidents in the record. */
export const reads: Row = {
  name: 'reads',
  about:
    '100 users at work, each looking at something every two seconds (an open loop), with a year of incidents in the record: dispatch list, filtered list, search, board, detail (its reading logged), a provider’s and a reporter’s own list. Floor: one bare indexed query, `select ... limit 20` by an index, at the same rate through a pool of the same size.',
  settings: PLANS_NEED,
  async measure(stack, sizes, say) {
    const product = await Product.start(stack)
    const providers = [...(await addProviders(stack, { count: USERS, capacity: 1000 })).values()]
    const dispatchers = await addPeople(stack, 'dispatcher', 20)
    const reporters = await addPeople(stack, 'survivor', USERS)
    say(`writing ${sizes.readable} incidents`)
    await addCrowd(stack, sizes.readable, { reporters: reporters.map(idOf), providers: providers.map(idOf) })
    const bare = await openBareDatabase({ url: stack.config.databaseUrl, pool: stack.config.databasePool })
    await bare.readNewest({ perSecond: LOOKS_PER_SECOND, seconds: 2 })
    const floor = await bare.readNewest({ perSecond: LOOKS_PER_SECOND, seconds: sizes.readSeconds })
    await bare.close()

    const looks = await looksOf(stack, { dispatchers, providers, reporters })
    const look = (path: string, token: string) => product.caller.call({ method: 'GET', path, token }, 200)
    const run = (seconds: number, { path, who }: Look): Promise<Load> =>
      openLoop({ perSecond: LOOKS_PER_SECOND, seconds }, index =>
        look(path(index), who[index % who.length]?.token ?? ''),
      )
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

const idOf = ({ id }: SignedInPerson): string => id

interface Look {
  readonly name: string
  readonly who: readonly SignedInPerson[]
  path(index: number): string
}

interface People {
  readonly dispatchers: readonly SignedInPerson[]
  readonly providers: readonly SignedInPerson[]
  readonly reporters: readonly SignedInPerson[]
}

async function looksOf(stack: Stack, { dispatchers, providers, reporters }: People): Promise<Look[]> {
  const some = await stack
    .db('incidents')
    .orderBy('id')
    .limit(5_000)
    .select<{ id: string; code: string }[]>('id', 'code')
  const one = (index: number) => some[(index * 37) % some.length] ?? { id: '', code: '' }
  return [
    { name: 'list', who: dispatchers, path: () => '/api/incidents/' },
    {
      name: 'list, filtered',
      who: dispatchers,
      path: () => '/api/incidents/?status=closed&urgency=urgent&incident_type=physical',
    },
    {
      name: 'search by code',
      who: dispatchers,
      path: index => `/api/incidents/?search=${one(index).code.slice(0, 5)}`,
    },
    { name: 'board', who: dispatchers, path: () => '/api/dispatch/dashboard/' },
    { name: 'detail', who: dispatchers, path: index => `/api/incidents/${one(index).id}/` },
    { name: 'own cases of a provider', who: providers, path: () => '/api/providers/assigned-cases/' },
    { name: 'own list of a reporter', who: reporters, path: () => '/api/incidents/' },
  ]
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
