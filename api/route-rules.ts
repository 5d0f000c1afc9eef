import type { ZodType } from 'zod'
import type { Route } from './route'
import { FILE_FIELD } from './upload'

/** Throws when a declaration contradicts itself, or when a schema of it would accept fields that nobody declared. */
export function checkDeclaration(route: Route): void {
  const problem = problemOf(route)
  if (problem) throw new Error(`${route.methods.join('|')} ${route.path}: ${problem}`)
}

function problemOf(route: Route): string | undefined {
  const { path, methods } = route
  if (!path.startsWith('/') || !path.endsWith('/')) return 'a path begins and ends with a slash'
  const named = [...path.matchAll(/:(\w+)/g)].map(match => match[1]).sort()
  const given = Object.keys(definition(route.params)?.shape ?? {}).sort()
  if (named.join() !== given.join()) return 'the parameters of the path and of the schema differ'
  if (named.length > 0 && !missingCode(route)) return 'a route with an id says which *_NOT_FOUND answers a wrong one'
  if (
    route.idempotent &&
    (route.permission === 'public' || !methods.every(each => each === 'post' || each === 'patch'))
  )
    return 'only signed-in POST and PATCH keep their answer under a key'
  if (route.replay && !route.idempotent) return 'only an idempotent route can answer again'
  if (route.repeatsAs && route.repeatedWithin === undefined) return 'only a route that knows repeats says what they are'
  if (route.repeatedWithin !== undefined && !route.idempotent)
    return 'only an idempotent route knows what was sent again'
  if (route.upload && (methods.join() !== 'post' || definition(route.body)?.shape?.[FILE_FIELD]))
    return 'a file comes by POST, in a field of its own'
  if (route.download && (methods.join() !== 'get' || route.response)) return 'a file is got, and is the whole answer'
  if (route.status === 204 && route.response) return 'an answer without content has no schema'
  for (const [part, schema] of [
    ['query', route.query],
    ['body', route.body],
  ] as const) {
    const flaw = schema && flawOf(schema, part, route)
    if (flaw) return flaw
  }
  return undefined
}

/** The refusal that answers an id which is none, or undefined when the route declares no such code. */
export const missingCode = (route: Route): Route['errors'][number] | undefined =>
  route.errors.find(code => code.endsWith('_NOT_FOUND') && code !== 'PAGE_NOT_FOUND')

interface Definition {
  readonly type: string
  readonly shape?: Readonly<Record<string, ZodType>>
  readonly catchall?: ZodType
  readonly element?: ZodType
  readonly valueType?: ZodType
  readonly innerType?: ZodType
  readonly in?: ZodType
  readonly options?: readonly ZodType[]
}

const definition = (schema: ZodType | undefined): Definition | undefined => schema?._zod.def

/** What is wrong inside a schema, or undefined: objects that let unknown fields pass, and recursion. */
function flawOf(schema: ZodType, path: string, route: Pick<Route, 'unknownFields'>): string | undefined {
  const def = definition(schema)
  if (!def) return undefined
  if (route.unknownFields !== 'ignored' && def.type === 'object' && definition(def.catchall)?.type !== 'never')
    return `${path} accepts unknown fields; make it a z.strictObject`
  if (def.type === 'lazy') return `${path} is recursive, which the OpenAPI document cannot say; use z.unknown()`
  const inner: [string, ZodType | undefined][] = [
    ...Object.entries(def.shape ?? {}),
    ...(def.options ?? []).map((option): [string, ZodType] => ['?', option]),
    ['[]', def.element ?? def.valueType],
    ['', def.innerType],
    ['', def.in],
  ]
  for (const [name, each] of inner) {
    const flaw = each && flawOf(each, name ? `${path}.${name}` : path, route)
    if (flaw) return flaw
  }
  return undefined
}
