import type { z, ZodType } from 'zod'
import type { By } from '../acts/deps'
import type { Role } from '../domain/actors'
import type { Scope } from '../domain/api-scopes'
import type { Permission } from '../domain/permissions'
import type { RefusalCode } from '../domain/refusals'
import type { ApiDeps } from './deps'
import type { Download } from './download'
import type { IfMatch } from './if-match'
import { checkDeclaration } from './route-rules'
import type { ReceivedFile, UploadSpec } from './upload'

export type Method = 'get' | 'post' | 'patch' | 'put' | 'delete'
export type Schema = ZodType | undefined
type Out<S extends Schema> = S extends ZodType ? z.output<S> : undefined
/** What a handler hands back: everything the response schema can read, or nothing where none is declared. */
export type Given<S extends Schema> = S extends ZodType ? z.input<S> : void

/** Whoever sent the request, as the record has them now. */
export interface SignedIn {
  readonly id: string
  readonly role: Role
  /** The session, which ends with log-out, deactivation and a change of role; or the API key. */
  readonly sid: string
  /** What an API key may be used for; absent for somebody who has signed in. */
  readonly scopes?: readonly Scope[]
}

/** What a route knows of the request beside its parts. */
export interface RequestFacts {
  /** The id that the answer and the log carry. */
  readonly id: string
  /** The absolute address, query included, as the public reaches it. */
  readonly url: string
  readonly ip: string
  /** A coarse word for the browser or app and its system, e.g. `Chrome on Android`. */
  readonly device: string
}

/** What a handler gets: every part checked by its schema. */
export interface Context<
  P extends Schema,
  Q extends Schema,
  B extends Schema,
  Who extends Permission | 'public',
  U extends UploadSpec | undefined,
> {
  readonly params: Out<P>
  readonly query: Out<Q>
  readonly body: Out<B>
  /** What was uploaded; gone when the request ends unless it is kept. */
  readonly file: U extends UploadSpec ? ReceivedFile : undefined
  readonly actor: Who extends 'public' ? undefined : SignedIn
  /** The same person as acts want them, with the idempotency key's row. */
  readonly by: Who extends 'public' ? undefined : By
  readonly headers: Headers
  readonly request: RequestFacts
}

/** The headers that a route may ask for. */
export interface Headers {
  readonly ifMatch: IfMatch
  /** Undefined where the route declares no `signature`, and where none was sent. */
  readonly signature: string | undefined
}

/** An answer with another status than the declared one, or with headers of its own. */
export class Answer<T> {
  constructor(
    readonly body: T,
    readonly more: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> },
  ) {}
}

/** Wraps a body with a status (declared in `otherStatuses`) or headers, such as an ETag. */
export const answer = <T>(body: T, more: Answer<T>['more']): Answer<T> => new Answer(body, more)

interface Described<P, Q, B, R, U> {
  /** One method, or several that mean the same here. */
  readonly method: Method | readonly Method[]
  /** With `:name` for parameters and a slash at the end; it answers without the slash too. */
  readonly path: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly description?: string
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  /** Takes a file by a form; `body` is then the schema of the form's other fields. */
  readonly upload?: U
  /** The body comes as `application/x-www-form-urlencoded`: every field of it is a text. */
  readonly form?: true
  /** The header by which whoever sends the body signs it. */
  readonly signature?: string
  /** 200 unless said otherwise; 204 where there is no response schema. */
  readonly status?: number
  readonly response?: R
  /** In place of a response: the media types of the file that it gives out. */
  readonly download?: readonly string[]
  /** Further statuses with the same schema, and when they are given. */
  readonly otherStatuses?: Readonly<Record<number, string>>
  /** The refusals of its own; those of sign-in, validation and idempotency are added by themselves. */
  readonly errors: readonly RefusalCode[]
  /** Reads `If-Match`: `"3"` is a version, `"rev:7"` a revision. */
  readonly ifMatch?: true
  /** Keeps no session of staff alive, though it is no GET: it is asked by a screen, not by a person (S15). */
  readonly asksByItself?: true
  /** Keeps its answer under the caller's `Idempotency-Key` for 24 h. */
  readonly idempotent?: true
  /** Of an idempotent route: without a key, the same request within so many seconds counts as the one before, sent again. */
  readonly repeatedWithin?: number
  /** For clients that send more than was ever read: what nobody declared is passed over, and not refused. */
  readonly unknownFields?: 'ignored'
  /** The path of the product's own that the limits take this one for. */
  readonly countsAs?: string
  readonly example?: { readonly body?: unknown; readonly response?: unknown }
}

/** One route as its author declares it: routing, guard, validation, documents and the answer's shape come from this. */
export interface RouteSpec<
  P extends Schema,
  Q extends Schema,
  B extends Schema,
  R extends Schema,
  Who extends Permission | 'public',
  U extends UploadSpec | undefined,
> extends Described<P, Q, B, R, U> {
  readonly permission: Who
  handler(context: Context<P, Q, B, Who, U>, deps: ApiDeps): Promise<Given<R> | Answer<Given<R>> | Download>
  /** Answers again for a request whose act is done but whose answer was lost: `effectId` is what the act recorded. */
  replay?(context: Context<P, Q, B, Who, U>, effectId: string, deps: ApiDeps): Promise<Given<R> | Answer<Given<R>>>
  /** Of a route that knows repeats: what of a request stays the same when it is sent again; all of it unless said. */
  repeatsAs?(context: Context<P, Q, B, Who, U>, deps: ApiDeps): unknown
}

/** The context of a route whose schemas are not known to the compiler. */
export interface AnyContext {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly file: ReceivedFile | undefined
  readonly actor: SignedIn | undefined
  readonly by: By | undefined
  readonly headers: Headers
  readonly request: RequestFacts
}

/** A declared route, ready to be mounted and described. */
export interface Route extends Described<Schema, Schema, Schema, Schema, UploadSpec | undefined> {
  readonly methods: readonly Method[]
  readonly permission: Permission | 'public'
  readonly handler: (context: AnyContext, deps: ApiDeps) => Promise<unknown>
  readonly replay?: (context: AnyContext, effectId: string, deps: ApiDeps) => Promise<unknown>
  readonly repeatsAs?: (context: AnyContext, deps: ApiDeps) => unknown
}

/** Declares one route. Throws at start-up when the declaration would let something through that nobody declared. */
export function defineRoute<
  const Who extends Permission | 'public',
  P extends Schema = undefined,
  Q extends Schema = undefined,
  B extends Schema = undefined,
  R extends Schema = undefined,
  U extends UploadSpec | undefined = undefined,
>(spec: RouteSpec<P, Q, B, R, Who, U>): Route {
  // Each part is parsed by the very schema that its handler was typed from, so the erased call is sound.
  const declared = spec as unknown as Omit<Route, 'methods'>
  const route: Route = { ...declared, methods: typeof spec.method === 'string' ? [spec.method] : spec.method }
  checkDeclaration(route)
  return route
}
