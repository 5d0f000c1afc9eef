import type { operations } from '../../api/client/api-types'
import { createKesiClient, done, KesiRefusal, type Kesi, type KesiClient } from '../../api/client/kesi-client'

export type Incident = Kesi['Incident']
type Registration = operations['post_auth_register']['requestBody']['content']['application/json']

/** The path of a call on one thing. */
export const at = (id: string) => ({ params: { path: { id } } }) as const

/** Somebody in the play, signed in, who does things only through the API. */
export class Person {
  private constructor(
    readonly name: string,
    readonly id: string,
    /** The API, as this person. */
    readonly api: KesiClient,
  ) {}

  static async signIn(baseUrl: string, name: string, login: { email: string; password: string }): Promise<Person> {
    return Person.#from(
      baseUrl,
      name,
      await done(createKesiClient({ baseUrl }).POST('/api/auth/login/', { body: login })),
    )
  }

  static async register(baseUrl: string, name: string, body: Registration): Promise<Person> {
    return Person.#from(baseUrl, name, await done(createKesiClient({ baseUrl }).POST('/api/auth/register/', { body })))
  }

  static #from(baseUrl: string, name: string, { user, access }: Kesi['SignedIn']): Person {
    return new Person(name, user.id, createKesiClient({ baseUrl, accessToken: () => access }))
  }

  /** The incident as somebody sees it who may see all of it. */
  async see(incidentId: string): Promise<Incident> {
    const seen = await this.look(incidentId)
    if ('rev' in seen) return seen
    throw new Error(`${this.name} sees a preview alone`)
  }

  /** The incident, or what somebody sees of it who was only asked. */
  look(incidentId: string): Promise<Incident | Kesi['IncidentPreview']> {
    return done(this.api.GET('/api/incidents/{id}/', at(incidentId)))
  }

  accept(incidentId: string): Promise<Incident> {
    return done(this.api.POST('/api/incidents/{id}/accept/', { ...at(incidentId), body: {} }))
  }

  /** The ids of the incidents that this person is asked to take. */
  async askedFor(): Promise<string[]> {
    return (await done(this.api.GET('/api/providers/offers/'))).map(({ incident }) => incident.id)
  }

  async timeline(incidentId: string): Promise<Kesi['TimelineEntry'][]> {
    const entries = await done(this.api.GET('/api/incidents/{id}/timeline/', at(incidentId)))
    return Array.isArray(entries) ? entries : []
  }
}

/** The code with which something was refused that must be refused; undefined when it was not. */
export async function refusalOf(doing: Promise<unknown>): Promise<string | undefined> {
  try {
    await doing
    return undefined
  } catch (error) {
    if (error instanceof KesiRefusal) return error.code
    throw error
  }
}
