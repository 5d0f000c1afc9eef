import { percentile } from '../../bench/figures'
import type { PolicyChange } from '../builders/record'
import { addPolicy } from '../builders/record'
import type { Someone } from '../harness/api'
import { expectInvariants } from '../harness/invariants'
import type { TestProduct } from '../harness/product'

/** Everything that is needed for urgent reports to find somebody: policy, a dispatcher on duty, a reporter, responders. */
export interface People {
  readonly survivor: Someone
  readonly dispatcher: Someone
  readonly admin: Someone
  /** By their ids. */
  readonly providers: ReadonlyMap<string, Someone>
}

/** Opens an installation: many responders, each with room for many, so that an offer always finds somebody. */
export async function openInstallation(product: TestProduct, policy: PolicyChange): Promise<People> {
  await usePolicy(product, policy)
  const [survivor, dispatcher, admin] = [
    await product.someone('survivor'),
    await product.someone('dispatcher'),
    await product.someone('admin'),
  ]
  return { survivor, dispatcher, admin, providers: await product.providers(20, { capacity: 200 }) }
}

/** What new incidents get from now on. Silence makes nobody unresponsive here: the responders are to last. */
export async function usePolicy({ db }: TestProduct, change: PolicyChange): Promise<void> {
  await addPolicy(db, 'gbv', { ...change, offer: { silences_to_unresponsive: 100, ...change.offer } })
}

/** Somebody's view of an incident, as the API answers it. */
export interface Seen {
  readonly id: string
  readonly status: string
  readonly rev: number
  readonly offer: { readonly id: string } | null
  readonly escalation_reason: string | null
  readonly assigned_to: { readonly id: string } | null
}

export const report = (product: TestProduct, by: Someone, urgency: 'urgent' | 'routine' = 'urgent'): Promise<Seen> =>
  product.ask(
    'POST',
    '/api/incidents/',
    { token: by.access, body: { urgency, title: 'Needs help' } },
    201,
  ) as Promise<Seen>

export const read = (product: TestProduct, by: Someone, id: string): Promise<Seen> =>
  product.ask('GET', `/api/incidents/${id}/`, { token: by.access }, 200) as Promise<Seen>

/** Gives somebody an app with this Expo token, and a number. */
export async function equip(product: TestProduct, { access: token }: Someone, has: Reach): Promise<void> {
  const device = { registration_token: has.token, device_type: 'android' }
  await product.ask('POST', '/api/auth/devices/', { token, body: device }, 201)
  await product.ask('PATCH', '/api/auth/me/', { token, body: { phone: has.phone } }, 200)
}

export interface Reach {
  readonly token: string
  readonly phone: string
}

/** A number and a token that only the person with this number has. */
export const reachOf = (index: number): Reach => ({
  token: `ExponentPushToken[${index}]`,
  phone: `+2547${String(index).padStart(8, '0')}`,
})

/** The provider who is being asked now. */
export async function askedProvider({ db }: TestProduct, people: People, id: string): Promise<Someone> {
  const offer = await db('offers')
    .where({ incident_id: id, state: 'open' })
    .first<{ provider_id: string }>('provider_id')
  const provider = people.providers.get(offer.provider_id)
  if (!provider) throw new Error('the offer is to a stranger')
  return provider
}

export async function accept(product: TestProduct, people: People, id: string): Promise<Someone> {
  const provider = await askedProvider(product, people, id)
  await product.ask('POST', `/api/incidents/${id}/accept/`, { token: provider.access, body: {} }, 200)
  return provider
}

/** Ends everything that is still open, so that what one test left does not keep the worker busy in the next. */
export async function cancelAll(product: TestProduct, { dispatcher }: People): Promise<void> {
  const open = await product
    .db('incidents')
    .whereNotIn('status', ['completed', 'closed', 'cancelled'])
    .pluck<string[]>('id')
  await each(open, incident => {
    const body = { act: 'cancel', incident, reason: 'not_needed' }
    return product.ask('POST', '/api/dispatch/override/', { token: dispatcher.access, body }, 200)
  })
}

export const setStatus = (product: TestProduct, by: Someone, id: string, body: object): Promise<Seen> =>
  product.ask('POST', `/api/incidents/${id}/status/`, { token: by.access, body }, 200) as Promise<Seen>

/** Calls `work` for each, at most `atOnce` at a time; the answers in the order of the items. */
export async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>, atOnce = 10): Promise<R[]> {
  const answers: R[] = []
  const rest = items.entries()
  const hand = async (): Promise<void> => {
    for (const [index, item] of rest) answers[index] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, hand))
  return answers
}

export const times = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** One line of figures on the test's output, for whoever wants to quote them. */
export const tell = (line: string): void => void process.stdout.write(`${line}\n`)

/** `p50 1.2 s, p99 3.4 s, max 3.5 s` of milliseconds. */
export function spread(values: readonly number[]): string {
  const at = (share: number): string => (percentile(values, share) / 1000).toFixed(2)
  return `p50 ${at(50)} s, p99 ${at(99)} s, max ${at(100)} s`
}

/** The first offers of these incidents that nobody answered: when they were due, and when the record says that they expired. */
export async function expiredOffers(
  { db }: TestProduct,
  incidentIds: readonly string[],
): Promise<{ at: Date; expires_at: Date }[]> {
  return db('events as e')
    .join('offers as o', db.raw("o.id = (e.data->>'offer_id')::uuid"))
    .whereIn('e.incident_id', incidentIds)
    .where({ 'e.type': 'offer.expired', 'o.attempt': 1 })
    .select('e.at', 'o.expires_at')
}

/** Fails unless the invariants hold, no deadline was handled twice, and nobody is asked beside another. */
export async function expectSound({ db }: TestProduct): Promise<void> {
  await expectInvariants(db)
  const { rows: expiredTwice } = await db.raw<{ rows: unknown[] }>(
    "select data->>'offer_id' from events where type = 'offer.expired' group by 1 having count(*) > 1",
  )
  const { rows: askedTwice } = await db.raw<{ rows: unknown[] }>(
    "select incident_id from offers where state = 'open' group by 1 having count(*) > 1",
  )
  expect({ expiredTwice, askedTwice }).toEqual({ expiredTwice: [], askedTwice: [] })
}
