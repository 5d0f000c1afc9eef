import { byPath } from '../../api/mount'
import { openApiOf } from '../../api/openapi'
import type { Method, Route } from '../../api/route'
import { ROUTES } from '../../api/routes'

/** The part of the document that the tests of the contract read. */
export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>
}

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: object
}

export interface Media {
  readonly schema: object
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly $ref: string }>>
}

export interface Document {
  readonly tags: readonly { readonly name: string; readonly description?: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>
    readonly examples: Readonly<Record<string, { readonly value: unknown }>>
  }
}

/** One method of one declared path. */
export interface Call {
  /** As `docs/permissions.md` writes it: `GET /api/incidents/{id}/`. */
  readonly name: string
  readonly method: Method
  /** As a request writes it. */
  readonly verb: string
  readonly route: Route
  readonly operation: Operation
  /** Where the operation stands in the document. */
  readonly steps: readonly string[]
  /** The names in its path that stand for ids. */
  readonly ids: readonly string[]
}

export const JSON_TYPE = 'application/json'

export const DOCUMENT = openApiOf(ROUTES, '1.2.3') as Document

/** A secret in a path names nothing: whoever does not know it is refused. */
const isId = (name: string): boolean => name !== 'secret'

/** Every call of these routes, with where it stands in their document. */
export const callsOf = (routes: readonly Route[], document: Document): readonly Call[] =>
  byPath(routes).flatMap(([path, methods]) =>
    [...methods].map(([method, route]): Call => {
      const template = path.replace(/:(\w+)/g, '{$1}')
      const operation = document.paths[template]?.[method]
      if (!operation) throw new Error(`${method} ${path} is not in the document`)
      const verb = method.toUpperCase()
      const ids = [...path.matchAll(/:(\w+)/g)].map(match => match[1] ?? '').filter(isId)
      return { name: `${verb} ${template}`, method, verb, route, operation, steps: ['paths', template, method], ids }
    }),
  )

/** Every call of the product; a new route is in it by itself. */
export const CALLS: readonly Call[] = callsOf(ROUTES, DOCUMENT)

/** The call's path with its ids filled in. */
export const addressOf = ({ route }: Call, idFor: (name: string) => string): string =>
  route.path.replace(/:(\w+)/g, (_whole, name: string) => idFor(name))

/** A body that the document gives as an example; a form with a file for an upload, nothing where nothing is sent. */
export function exampleBody({ route, operation }: Call): unknown {
  if (!route.upload) return operation.requestBody?.content[JSON_TYPE]?.example
  const form = new FormData()
  form.set('file', new Blob(['plain'], { type: 'text/plain' }), 'plain.txt')
  return form
}
