import { addCrowd } from './crowd'
import { addPeople, addProviders, type SignedInPerson } from './people'
import type { Product } from './product'
import type { Stack } from './stack'

/** People at work. */
export const USERS = 100
/** Each of them looks at something every two seconds. */
export const LOOKS_PER_SECOND = USERS / 2
const DISPATCHERS = 20

/** One of the things that they look at all day. */
export interface Look {
  readonly name: string
  /** Looks; `index` says who, and at which of many. Throws when the answer is none. */
  look(product: Product, index: number): Promise<unknown>
}

/** Who works here, and what they look at. */
export interface Office {
  /** Verified, with room for many. */
  readonly providers: ReadonlyMap<string, SignedInPerson>
  readonly looks: readonly Look[]
}

/** Adds 20 dispatchers, 100 providers and 100 reporters, and a record of so many incidents of the last year. */
export async function openOffice(stack: Stack, incidents: number): Promise<Office> {
  const providers = await addProviders(stack, { count: USERS, capacity: 1000 })
  const dispatchers = await addPeople(stack, 'dispatcher', DISPATCHERS)
  const reporters = await addPeople(stack, 'survivor', USERS)
  const crowd = { reporters: reporters.map(({ id }) => id), providers: [...providers.keys()] }
  await addCrowd(stack, incidents, crowd)
  return { providers, looks: await looksOf(stack, { dispatchers, providers: [...providers.values()], reporters }) }
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
    look('list', dispatchers, () => '/api/incidents/'),
    look('list, filtered', dispatchers, () => '/api/incidents/?status=closed&urgency=urgent&incident_type=physical'),
    look('search by code', dispatchers, index => `/api/incidents/?search=${one(index).code.slice(0, 5)}`),
    look('board', dispatchers, () => '/api/dispatch/dashboard/'),
    look('detail', dispatchers, index => `/api/incidents/${one(index).id}/`),
    look('own cases of a provider', providers, () => '/api/providers/assigned-cases/'),
    look('own list of a reporter', reporters, () => '/api/incidents/'),
  ]
}

const look = (name: string, who: readonly SignedInPerson[], path: (index: number) => string): Look => ({
  name,
  look: ({ caller }, index) =>
    caller.call({ method: 'GET', path: path(index), token: who[index % who.length]?.token ?? '' }, 200),
})
