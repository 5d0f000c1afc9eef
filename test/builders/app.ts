import { kintaraa } from '../../api/dialects/kintaraa/kintaraa.client'
import type { Policy } from '../../domain/policy'
import type { Reply, Someone, TestApiOptions } from '../harness/api'
import { startWithPeople, type People } from './people'
import type { PolicyChange } from './record'

/** How a request of the app differs from the next: who sends it, and what. */
export interface AppAsk {
  readonly by?: Someone
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A running API that serves the Kintaraa app, with the people of an ordinary day. */
export interface App {
  readonly people: People
  /** A request as the app sends it: below its address, and with the type of JSON on every call, whatever goes with it. */
  call(method: string, path: string, ask?: AppAsk): Promise<Reply>
  /** A report as the report screen sends it. */
  report(more?: Record<string, unknown>, by?: Someone): Promise<Reply>
}

/** Starts the API with the app's dialect on a database of its own. */
export async function startWithApp(
  options: TestApiOptions = {},
  policy: PolicyChange & Partial<Policy> = {},
): Promise<App> {
  const people = await startWithPeople(policy, { clients: [kintaraa], ...options })
  const call = (method: string, path: string, { by, body, headers }: AppAsk = {}): Promise<Reply> =>
    people.api.call(method, `${kintaraa.prefix}/api${path}`, {
      ...(by && { token: by.access }),
      ...(body !== undefined && { body }),
      headers: { 'content-type': 'application/json', ...headers },
    })
  return {
    people,
    call,
    report: (more = {}, by = people.survivor) => call('POST', '/incidents/', { by, body: { ...appReport(), ...more } }),
  }
}

let reports = 0

/** What the app sends when nothing but the mandatory fields was filled in; each one differs, or it would be the last, sent again. */
export function appReport(): Record<string, unknown> {
  const [date = '', rest = ''] = new Date().toISOString().split('T')
  return {
    type: 'physical',
    incident_date: date,
    incident_time: rest.slice(0, 8),
    description: `He was here again (${(reports += 1)})`,
    location: { address: 'Location provided', coordinates: { latitude: -1.2921, longitude: 36.8219 } },
    severity: 'medium',
    support_services: ['medical', 'counseling'],
    urgency_level: 'immediate',
    is_anonymous: false,
  }
}

/** What the app shows of a refusal: the first text of its fields, else its message. */
export function shownOf({ headers, body, status }: Reply): string {
  if (!headers.get('content-type')?.includes('application/json')) return `HTTP Error: ${status}`
  const first = Object.values(body.errors as Record<string, string[]>)[0]
  return first?.[0] ?? body.message
}
