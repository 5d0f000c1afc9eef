import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi'
import { z, type ZodType } from 'zod'
import { PERMISSIONS } from '../domain/permissions'
import { REFUSALS, type RefusalCode } from '../domain/refusals'
import { byPath } from './mount'
import type { Method, Route } from './route'
import { refusalsOf } from './route-refusals'

const PROBLEM = 'application/problem+json'
const JSON_TYPE = 'application/json'

/** The OpenAPI 3.1 document of the routes, in an order that depends on nothing but their paths. */
export function openApiOf(routes: readonly Route[], version: string): object {
  const registry = new OpenAPIRegistry()
  registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
  const problems = new Map(codesOf(routes).map(code => [code, problemSchema(code)]))
  for (const [, methods] of byPath(routes)) {
    for (const [method, route] of methods) registry.registerPath(operationOf(route, method, problems))
  }
  const { webhooks: _none, ...document } = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Kesi',
      version,
      description:
        'A workflow-orchestrated case management engine. Every refusal is an `application/problem+json` document whose `code` is one of a closed list.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
  })
  return document
}

type Problems = ReadonlyMap<RefusalCode, ZodType>

function operationOf(route: Route, method: Method, problems: Problems): RouteConfig {
  return {
    method,
    path: route.path.replace(/:(\w+)/g, '{$1}'),
    operationId: operationId(route, method),
    summary: route.summary,
    description: [route.description, permissionText(route)].filter(Boolean).join('\n\n'),
    tags: [...route.tags],
    security: route.permission === 'public' ? [] : [{ bearer: [] }],
    request: requestOf(route, method),
    responses: { ...answersOf(route), ...refusalAnswers(refusalsOf(route, method), problems) },
  }
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
    ...(route.body && {
      body: {
        required: !route.body.safeParse({}).success,
        content: { [JSON_TYPE]: { schema: route.body, ...exampleOf(route.example?.body) } },
      },
    }),
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
  }
  return method !== 'get' && Object.keys(fields).length > 0 ? z.object(fields) : undefined
}

function answersOf(route: Route): RouteConfig['responses'] {
  const declared = route.status ?? (route.response ? 200 : 204)
  const content = route.response && {
    content: { [JSON_TYPE]: { schema: route.response, ...exampleOf(route.example?.response) } },
  }
  const statuses = { [declared]: route.response ? 'Done' : 'Done, nothing to say', ...route.otherStatuses }
  return Object.fromEntries(
    Object.entries(statuses).map(([status, description]) => [status, { description, ...content }]),
  )
}

function refusalAnswers(codes: readonly RefusalCode[], problems: Problems): RouteConfig['responses'] {
  const answers: RouteConfig['responses'] = {}
  for (const status of new Set(codes.map(code => REFUSALS[code].status))) {
    const here = codes.filter(code => REFUSALS[code].status === status)
    const schemas = here.flatMap(code => problems.get(code) ?? [])
    const schema = schemas.length === 1 ? schemas[0] : z.union(schemas)
    if (schema)
      answers[status] = { description: here.map(code => `\`${code}\``).join(', '), content: { [PROBLEM]: { schema } } }
  }
  return answers
}

const codesOf = (routes: readonly Route[]): RefusalCode[] => {
  const used = new Set(routes.flatMap(route => route.methods.flatMap(method => refusalsOf(route, method))))
  return (Object.keys(REFUSALS) as RefusalCode[]).filter(code => used.has(code))
}

const FAULT = z.object({ path: z.string(), code: z.string(), message: z.string() }).meta({
  id: 'FieldFault',
  description: 'One thing wrong with the request; `path` begins with body, query or headers.',
})

function problemSchema(code: RefusalCode): ZodType {
  const { status, title } = REFUSALS[code]
  return z
    .looseObject({
      type: z.string(),
      title: z.literal(title),
      status: z.literal(status),
      code: z.literal(code),
      detail: z.string(),
      message: z.string(),
      request_id: z.uuid(),
      ...(code === 'VALIDATION_FAILED' ? { errors: z.array(FAULT) } : { errors: z.array(FAULT).optional() }),
    })
    .meta({ id: `Problem.${code}`, description: title })
}

const exampleOf = (example: unknown): { example?: unknown } => (example === undefined ? {} : { example })
