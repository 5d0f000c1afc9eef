import { CORE } from '../../api/dialect'
import type { Client } from '../../api/dialects/mount-client'
import { openApiOf } from '../../api/openapi'
import type { Route } from '../../api/route'
import { Schemas } from './schemas'

/** What a reply is held against; `openApiOf` makes it. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>
}

interface Media {
  readonly schema?: { readonly $ref?: string; readonly anyOf?: readonly { readonly $ref?: string }[] }
}

/** One reply and what was asked for. */
export interface Answered {
  readonly method: string
  /** With its query, as it was asked. */
  readonly path: string
  readonly status: number
  readonly type: string | null
  readonly body: unknown
}

const PROBLEM = 'application/problem+json'

/**
 * The document of some routes, as a judge of replies. Schemas are compiled when they are first needed. An address that no route
 * declares is not judged: pages and sockets have tests of their own.
 */
export class Contract {
  readonly #document: Document
  readonly #schemas: Schemas
  readonly #templates: readonly (readonly [form: RegExp, path: string])[]

  constructor(routes: readonly Route[], dialect = CORE) {
    this.#document = openApiOf(routes, '0.0.0-test', dialect) as Document
    this.#schemas = new Schemas(this.#document)
    // The document's order is the router's: fixed segments come before parameters.
    this.#templates = Object.keys(this.#document.paths).map(path => [formOf(path), path])
  }

  /** What contradicts the document, in words; undefined when nothing does. */
  contradiction(reply: Answered): string | undefined {
    const found = this.#judge(reply)
    return found && `${reply.method} ${reply.path.split('?', 1)[0]} contradicts openapi.json: ${found}`
  }

  #judge({ method, path: asked, status, type, body }: Answered): string | undefined {
    const path = this.#templateOf(asked)
    const methods = path === undefined ? undefined : this.#document.paths[path]
    if (path === undefined || !methods) return undefined
    const name = method === 'HEAD' ? 'get' : method.toLowerCase()
    const operation = methods[name]
    if (!operation) return status === 405 ? undefined : `a method that is not declared was answered ${status}`
    const declared = operation.responses[status]
    const code = (body as { code?: unknown } | null)?.code
    if (!declared) return `status ${status} is not declared (${String(code)})`
    if (method === 'HEAD') return undefined
    const types = Object.keys(declared.content ?? {})
    if (types.length === 0) return body === '' ? undefined : `status ${status} has no content, and some was sent`
    const sent = type?.split(';', 1)[0] ?? 'none'
    if (!types.includes(sent)) return `${status} came as ${sent}, declared is ${types.join(', ')}`
    if (!sent.endsWith('json')) return undefined
    if (sent === PROBLEM) return this.#judgeProblem(declared.content?.[sent], body)
    return this.#schemas.faultAt(['paths', path, name, 'responses', String(status), 'content', sent, 'schema'], body)
  }

  /** By its code: of the several that a status can mean, that one schema says what is wrong. */
  #judgeProblem({ schema = {} }: Media = {}, body: unknown): string | undefined {
    const code = String((body as { code?: unknown } | null)?.code)
    const refs = (schema.anyOf ?? [schema]).map(({ $ref }) => $ref)
    if (!refs.includes(`#/components/schemas/Problem.${code}`)) return `the refusal ${code} is not declared`
    const fault = this.#schemas.faultAt(['components', 'schemas', `Problem.${code}`], body)
    return fault && `${code}: ${fault}`
  }

  #templateOf(asked: string): string | undefined {
    const path = asked.split('?', 1)[0] ?? ''
    try {
      decodeURIComponent(path)
    } catch {
      return undefined
    }
    return this.#templates.find(([form]) => form.test(path))?.[1]
  }
}

const contracts = new WeakMap<readonly Route[], Contract>()

/** The contract of these routes, made once. */
export function contractOf(routes: readonly Route[]): Contract {
  const known = contracts.get(routes) ?? new Contract(routes)
  contracts.set(routes, known)
  return known
}

const ofClients = new WeakMap<readonly Route[], Contract>()

/** The contract of a client's routes in its dialect, made once. */
export function contractOfClient({ routes, dialect }: Client): Contract {
  const known = ofClients.get(routes) ?? new Contract(routes, dialect)
  ofClients.set(routes, known)
  return known
}

/** Several contracts, each the judge of its own addresses. */
export class Contracts {
  constructor(private readonly contracts: readonly Contract[]) {}

  /** What contradicts any of the documents, in words; undefined when nothing does. */
  contradiction(reply: Answered): string | undefined {
    for (const contract of this.contracts) {
      const found = contract.contradiction(reply)
      if (found !== undefined) return found
    }
    return undefined
  }
}

/** `{name}` stands for one segment; the slash at the end may be missing. */
function formOf(path: string): RegExp {
  const inner = path
    .replace(/\/$/, '')
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replace(/\{\w+\}/g, '[^/]+')
  return new RegExp(`^${inner}/?$`)
}
