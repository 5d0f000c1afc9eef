import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type RouteConfig,
  type ZodMediaTypeObject,
} from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'
import { isDelegable } from '../domain/api-scopes'
import { PERMISSIONS } from '../domain/permissions'
import { mediaTypesOf } from '../domain/file-types'
import { REFUSALS, type RefusalCode } from '../domain/refusals'
import { addExamples, type Described } from './docs/examples'
import { CORE, type Dialect } from './dialect'
import { TAGS } from './docs/tags'
import { FORM_TYPE } from './body'
import { byPath } from './mount'
import type { Method, Route } from './route'
import { refusalsOf } from './route-refusals'
import { FILE_FIELD, type UploadSpec } from './upload'

const JSON_TYPE = 'application/json'
const UPLOAD_TYPE = 'multipart/form-data'

/** The OpenAPI 3.1 document of the routes, in an order that depends on nothing but their paths. */
export function openApiOf(routes: readonly Route[], version: string, dialect = CORE): object {
  const registry = new OpenAPIRegistry()
  registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
  registry.registerComponent('securitySchemes', 'apiKey', { type: 'apiKey', in: 'header', name: 'X-API-Key' })
  for (const [name, schema] of Object.entries(dialect.schemas(codesOf(routes))))
    registry.registerComponent('schemas', name, schema as object)
  for (const [, methods] of byPath(routes)) {
    for (const [method, route] of methods) registry.registerPath(operationOf(route, method, dialect))
  }
  const { webhooks: _none, ...document } = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: dialect.title,
      version,
      description: dialect.description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: tagsOf(routes),
  })
  mendPatterns(document)
  const described = document as unknown as Described
  for (const operation of Object.values(described.paths).flatMap(path => Object.values(path)))
    for (const parameter of operation.parameters ?? []) asNumber(parameter.schema)
  addExamples(described)
  return described
}

/** The chapters that the routes stand in; one without a description stands last. */
function tagsOf(routes: readonly Route[]): { name: string; description?: string }[] {
  const used = new Set(routes.flatMap(({ tags }) => tags))
  const known = Object.entries(TAGS).flatMap(([name, description]) =>
    used.delete(name) ? [{ name, description }] : [],
  )
  return [...known, ...[...used].map(name => ({ name }))]
}

/** The generator writes a pattern with its flags behind it, `$/u`, where nothing could match. */
function mendPatterns(part: unknown): void {
  if (typeof part !== 'object' || part === null) return
  for (const inner of Object.values(part)) mendPatterns(inner)
  const { pattern } = part as { pattern?: unknown }
  if (typeof pattern === 'string') Object.assign(part, { pattern: pattern.replace(/\$\/[a-z]+$/, '$') })
}

/** In a query everything is text; a field whose default is a number is one to its callers. */
function asNumber(schema: { type?: unknown; default?: unknown; pattern?: unknown; minimum?: number }): void {
  if (schema.type !== 'string' || typeof schema.default !== 'number') return
  delete schema.pattern
  Object.assign(schema, { type: 'integer', minimum: 1 })
}

function operationOf(route: Route, method: Method, dialect: Dialect): RouteConfig {
  return {
    method,
    path: route.path.replace(/:(\w+)/g, '{$1}'),
    operationId: operationId(route, method),
    summary: route.summary,
    description: [route.description, permissionText(route)].filter(Boolean).join('\n\n'),
    tags: [...route.tags],
    security: securityOf(route),
    request: requestOf(route, method),
    responses: { ...answersOf(route), ...dialect.answers(refusalsOf(route, method), route) },
  }
}

/** A token opens everything that is not public, an API key what may be given to one. */
function securityOf({ permission }: Route): Record<string, string[]>[] {
  if (permission === 'public') return []
  return [{ bearer: [] }, ...(isDelegable(permission) ? [{ apiKey: [] }] : [])]
}

function operationId(route: Route, method: Method): string {
  const words = route.path
    .replace(/^\/api\//, '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
  return [method, ...words].join('_')
}

function permissionText({ permission }: Route): string {
  if (permission === 'public') return 'Open to everybody.'
  return `Needs the permission \`${permission}\` (${PERMISSIONS[permission].join(', ')}).`
}

type Parts = NonNullable<RouteConfig['request']>

function requestOf(route: Route, method: Method): Parts {
  const headers = headersOf(route, method)
  return {
    // The compiler cannot see that these are objects; `checkDeclaration` has.
    ...(route.params && { params: route.params as NonNullable<Parts['params']> }),
    ...(route.query && { query: route.query as NonNullable<Parts['query']> }),
    ...(headers && { headers }),
    ...bodyOf(route),
  }
}

function bodyOf({ body, upload, form, example }: Route): Pick<Parts, 'body'> {
  if (upload) return { body: { required: true, content: { [UPLOAD_TYPE]: formOf(body, upload) } } }
  if (!body) return {}
  const content = { [form ? FORM_TYPE : JSON_TYPE]: { schema: body, ...exampleOf(example?.body) } }
  return { body: { required: !body.safeParse({}).success, content } }
}

/** A form with a file: the other fields are those of the body. */
function formOf(body: Route['body'], { kinds, maxBytes }: UploadSpec): ZodMediaTypeObject {
  const file = z
    .string()
    .meta({ format: 'binary' })
    .describe(`At most ${maxBytes} bytes; the type is taken from the content`)
  const fields = (body?._zod.def as { shape?: z.core.$ZodShape } | undefined)?.shape
  return {
    schema: z.strictObject({ ...fields, [FILE_FIELD]: file }),
    encoding: { [FILE_FIELD]: { contentType: mediaTypesOf(kinds).join(', ') } },
  }
}

function headersOf(route: Route, method: Method): z.ZodObject | undefined {
  const fields = {
    ...(route.idempotent && {
      'Idempotency-Key': z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe('Any text of your own. The same request under it is done once and answered the same for 24 hours.'),
    }),
    ...(route.ifMatch && {
      'If-Match': z
        .string()
        .optional()
        .describe('The `ETag` you saw, such as `"3"`, or the revision you decided on, such as `"rev:7"`.'),
    }),
    ...(route.signature !== undefined && {
      [route.signature]: z.string().optional().describe('What whoever sends the body signs it with.'),
    }),
  }
  return method !== 'get' && Object.keys(fields).length > 0 ? z.object(fields) : undefined
}

function answersOf(route: Route): RouteConfig['responses'] {
  if (route.download) {
    const file = { schema: { type: 'string', format: 'binary' } } as const
    const content = Object.fromEntries(route.download.map(mediaType => [mediaType, file]))
    return { 200: { description: 'The file', content } }
  }
  const declared = route.status ?? (route.response ? 200 : 204)
  const content = route.response && {
    content: { [JSON_TYPE]: { schema: route.response, ...exampleOf(route.example?.response) } },
  }
  const statuses = { [declared]: route.response ? 'Done' : 'Done, nothing to say', ...route.otherStatuses }
  return Object.fromEntries(
    Object.entries(statuses).map(([status, description]) => [status, { description, ...content }]),
  )
}

const codesOf = (routes: readonly Route[]): RefusalCode[] => {
  const used = new Set(routes.flatMap(route => route.methods.flatMap(method => refusalsOf(route, method))))
  return (Object.keys(REFUSALS) as RefusalCode[]).filter(code => used.has(code))
}

const exampleOf = (example: unknown): { example?: unknown } => (example === undefined ? {} : { example })
