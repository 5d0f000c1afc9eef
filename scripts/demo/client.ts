/** What the play reads of an incident. */
export interface Incident {
  readonly id: string
  readonly code: string
  readonly status: string
  readonly rev: number
  readonly escalation_reason: string | null
  readonly owner: { readonly id: string } | null
  readonly offer: { readonly id: string; readonly seconds_left: number } | null
  readonly assigned_to: { readonly id: string; readonly name: string | null } | null
}

export interface Page<T> {
  readonly count: number
  readonly results: readonly T[]
}

export interface TimelineEntry {
  readonly type: string
  readonly text: string
  readonly reason: string | null
}

/** A refusal as the API explains it. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal'
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly call: string,
  ) {
    super(`${call} was refused: ${status} ${code}, ${detail}`)
  }
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

const ANSWERS_WITHIN_MS = 15_000

/** Calls the API at `base` as whoever holds the token; throws `ApiRefusal` for every answer that is none of 2xx. */
export async function callApi<T>(
  base: string,
  { method, path, token, body }: { method: Method; path: string; token?: string; body?: unknown },
): Promise<T> {
  const reply = await fetch(base + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
  })
  const text = await reply.text()
  const answer = (text === '' ? {} : JSON.parse(text)) as T & { code?: string; detail?: string }
  if (reply.ok) return answer
  throw new ApiRefusal(reply.status, answer.code ?? 'UNKNOWN', answer.detail ?? '', `${method} ${path}`)
}

/** What somebody needs to call themselves somebody. */
interface SignedIn {
  readonly user: { readonly id: string }
  readonly access: string
}

/** Somebody in the play, signed in, who does things only through the API. */
export class Person {
  private constructor(
    readonly name: string,
    readonly id: string,
    private readonly base: string,
    private readonly token: string,
  ) {}

  static async signIn(base: string, name: string, login: { email: string; password: string }): Promise<Person> {
    const { user, access } = await callApi<SignedIn>(base, { method: 'POST', path: '/api/auth/login/', body: login })
    return new Person(name, user.id, base, access)
  }

  static async register(base: string, name: string, registration: Readonly<Record<string, unknown>>): Promise<Person> {
    const call = { method: 'POST', path: '/api/auth/register/', body: registration } as const
    const { user, access } = await callApi<SignedIn>(base, call)
    return new Person(name, user.id, base, access)
  }

  get<T>(path: string): Promise<T> {
    return callApi<T>(this.base, { method: 'GET', path, token: this.token })
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return callApi<T>(this.base, { method: 'POST', path, token: this.token, body })
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return callApi<T>(this.base, { method: 'PATCH', path, token: this.token, body })
  }

  /** Does something that must be refused, and answers the code; undefined when it was not. */
  async refusal(path: string, body: unknown = {}): Promise<string | undefined> {
    try {
      await this.post(path, body)
      return undefined
    } catch (error) {
      if (error instanceof ApiRefusal) return error.code
      throw error
    }
  }

  see(incidentId: string): Promise<Incident> {
    return this.get<Incident>(`/api/incidents/${incidentId}/`)
  }

  timeline(incidentId: string): Promise<TimelineEntry[]> {
    return this.get<TimelineEntry[]>(`/api/incidents/${incidentId}/timeline/`)
  }
}
