import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './api-types'

/** Every call of the API by method and address, typed from the document; what it answers is `{data}` or `{error}`. */
export type KesiClient = Client<paths>

/** A refusal as it came. */
export type Problem = components['schemas']['Problem']

/** What an answer holds, by the name that the document gives it. */
export type Kesi = components['schemas']

export interface KesiClientOptions {
  /** Where the product is, without `/api`: `https://cases.example.org`. */
  readonly baseUrl: string
  /** Asked before each request, so that it may change; nothing is sent for undefined. */
  readonly accessToken?: () => string | undefined
  /** Each request ends after so many milliseconds; 15 s unless said otherwise. */
  readonly withinMs?: number
}

const WITHIN_MS = 15_000

/** A client for one person: `client.GET('/api/incidents/{id}/', { params: { path: { id } } })`. */
export function createKesiClient({ baseUrl, accessToken, withinMs = WITHIN_MS }: KesiClientOptions): KesiClient {
  const client = createClient<paths>({ baseUrl })
  client.use({
    onRequest({ request }) {
      const token = accessToken?.()
      if (token !== undefined) request.headers.set('authorization', `Bearer ${token}`)
      return new Request(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(withinMs)]) })
    },
  })
  return client
}

/** A refusal, thrown by `done`. */
export class KesiRefusal extends Error {
  override readonly name = 'KesiRefusal'
  constructor(
    readonly status: number,
    /** One of `docs/errors.md`; `UNKNOWN` when whatever answered was not Kesi. */
    readonly code: Problem['code'] | 'UNKNOWN',
    readonly detail: string,
    /** The whole document, with what this code brings along. */
    readonly problem: Problem | undefined,
    readonly call: string,
  ) {
    super(`${call} was refused: ${status} ${code}, ${detail}`)
  }
}

interface Result<T> {
  readonly data?: T
  readonly error?: unknown
  readonly response: Response
}

/** The answer of a call that was done; throws `KesiRefusal` for one that was refused. */
export async function done<T>(call: Promise<Result<T>>): Promise<T> {
  const { data, error, response } = await call
  if (response.ok) return data as T
  const problem = isProblem(error) ? error : undefined
  const { pathname } = new URL(response.url)
  throw new KesiRefusal(response.status, problem?.code ?? 'UNKNOWN', problem?.detail ?? '', problem, pathname)
}

const isProblem = (error: unknown): error is Problem =>
  typeof error === 'object' && error !== null && 'code' in error && 'request_id' in error
