import type { Policy } from '../../domain/policy'
import { startTestApi, type Reply, type Someone, type TestApi, type TestApiOptions } from '../harness/api'
import type { Told } from '../../acts/deps'
import { addPolicy, type PolicyChange } from './record'

/** A running API with the people of an ordinary day, and shorter words for what tests do over and over. */
export interface People {
  readonly api: TestApi
  readonly told: Told[]
  readonly survivor: Someone
  readonly dispatcher: Someone
  readonly admin: Someone
  /** A verified, available provider with one slot unless said otherwise; everybody before them goes off duty. */
  onlyProvider(facets?: Facets): Promise<Someone>
  provider(facets?: Facets): Promise<Someone>
  /** An urgent report of the survivor, unless said otherwise; answers the 201's body. */
  report(more?: Record<string, unknown>, by?: Someone): Promise<Reply['body']>
  get(path: string, by?: Someone): Promise<Reply>
  post(path: string, body: unknown, by: Someone, headers?: Record<string, string>): Promise<Reply>
  patch(path: string, body: unknown, by: Someone, headers?: Record<string, string>): Promise<Reply>
}

export interface Facets {
  readonly type?: string
  readonly capacity?: number
}

/** Starts the API on a database of its own, with an active policy for both case types. */
export async function startWithPeople(
  policy: PolicyChange & Partial<Policy> = {},
  options: TestApiOptions = {},
): Promise<People> {
  const told: Told[] = []
  const started = await startTestApi({ ...options, acts: { ...options.acts, tell: each => void told.push(each) } })
  const api = { ...started, stop: () => started.stop().then(() => requireDeclared(started)) }
  const { db } = api.database
  await addPolicy(db, 'gbv', policy)
  await addPolicy(db, 'ambulance')
  const [survivor, dispatcher, admin] = await Promise.all([
    api.someone('survivor'),
    api.someone('dispatcher'),
    api.someone('admin'),
  ])
  const provider = async ({ type = 'gbv_rescue', capacity = 1 }: Facets = {}): Promise<Someone> => {
    const someone = await api.someone('provider', { providerType: type })
    await db('provider_profiles').where({ user_id: someone.id }).update({ verification: 'verified', capacity })
    return someone
  }
  const send =
    (method: string) =>
    (path: string, body: unknown, by: Someone, headers: Record<string, string> = {}) =>
      api.call(method, path, { token: by.access, body, headers })
  return {
    api,
    told,
    survivor,
    dispatcher,
    admin,
    provider,
    async onlyProvider(facets) {
      await db('provider_profiles').update({ availability: 'off_duty' })
      return provider(facets)
    },
    async report(more = {}, by = survivor) {
      const reply = await send('POST')('/api/incidents/', { urgency: 'urgent', ...more }, by)
      if (reply.status !== 201)
        throw new Error(`the report was answered ${reply.status}: ${JSON.stringify(reply.body)}`)
      return reply.body
    },
    get: (path, by) => api.call('GET', path, by ? { token: by.access } : {}),
    post: send('POST'),
    patch: send('PATCH'),
  }
}

/** Every refusal that a test met must stand in its route's declaration, and nothing may have failed for another reason. */
function requireDeclared({ log }: TestApi): void {
  const faults = log.filter(line => line['level'] === 'error' || line['level'] === 'warn')
  if (faults.length > 0) throw new Error(`the API logged what a test must not meet: ${JSON.stringify(faults[0])}`)
}
