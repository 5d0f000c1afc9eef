import { SAMPLE_ID } from '../../api/docs/sample'
import { ROLES } from '../../domain/actors'
import { CASE, EVERYBODY, type Step } from './postman-journey'
import { CHECK_EVERY_ANSWER, KEEP_DOCUMENT } from './postman-scripts'

/** The part of the document that requests are made from. */
interface Document {
  readonly tags: readonly { readonly name: string; readonly description?: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly security: readonly object[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> }
}

interface Call extends Operation {
  readonly method: string
  readonly path: string
}

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'
const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'
const UPLOAD_TYPE = 'multipart/form-data'

/** These end sessions, which would be missing in what comes after them; the last finds nobody signed in. */
const ENDS_SESSIONS = ['post_auth_password_change', 'post_auth_logout', 'delete_auth_sessions_id']

/** `docs/postman/*`: a collection with tests for every call, and the environment that it runs in. */
export function postmanFiles(openapi: string): { readonly collection: string; readonly environment: string } {
  const document = JSON.parse(openapi) as Document
  const calls = callsOf(document)
  const folders = document.tags.map(({ name, description = '' }) => ({
    name,
    description,
    item: calls.filter(call => call.tags[0] === name && !ENDS_SESSIONS.includes(call.operationId)).map(itemOf),
  }))
  const collection = {
    info: {
      name: 'Kesi',
      description:
        'Generated from openapi.json by `npm run generate`. Run it from the top: the first folder signs everybody in, the second plays a case from its report to its end, the others make every call once. Each answer is held against the document of the server that gave it.',
      schema: SCHEMA,
    },
    event: [testOf(CHECK_EVERY_ANSWER)],
    item: [
      { name: 'Everybody signs in', item: [documentItem(), ...EVERYBODY.map(step => stepItem(step, calls))] },
      { name: 'A case from beginning to end', item: CASE.map(step => stepItem(step, calls)) },
      ...folders,
      {
        name: 'The end of the session',
        item: ENDS_SESSIONS.flatMap(id => calls.filter(call => call.operationId === id)).map(itemOf),
      },
    ],
  }
  return { collection: text(collection), environment: text(environmentOf()) }
}

const text = (value: object): string => `${JSON.stringify(value, null, 2)}\n`

function callsOf({ paths }: Document): Call[] {
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Call => ({ ...operation, method: method.toUpperCase(), path })),
  )
  // What is deleted is missing afterwards.
  const isLast = ({ method }: Call): number => (method === 'DELETE' ? 1 : 0)
  return calls.sort((a, b) => isLast(a) - isLast(b))
}

/** What somebody sets before the first run: where the product is and who signs in; tokens and ids are filled in by the run. */
function environmentOf(): object {
  const set = (key: string, value: string, type = 'default') => ({ key, value, type, enabled: true })
  const logins = ROLES.filter(role => role !== 'survivor').flatMap(role => [
    set(`${role}_email`, ''),
    set(`${role}_password`, '', 'secret'),
  ])
  return {
    name: 'Kesi',
    values: [set('base_url', 'http://localhost:8000'), ...logins],
    _postman_variable_scope: 'environment',
  }
}

function documentItem(): object {
  return {
    name: 'The document of this server',
    request: { method: 'GET', auth: { type: 'noauth' }, url: urlOf('/openapi.json') },
    event: [testOf(KEEP_DOCUMENT)],
  }
}

/** A call as it is made once among its chapter: its answer is one of those that are declared. */
function itemOf(call: Call): object {
  return { name: nameOf(call), request: requestOf(call, bodyOf(call)) }
}

/** A call of the story: its answer is the one that the story needs. */
function stepItem(
  { operationId, as, body, query, path, status, before = [], after = [] }: Step,
  calls: readonly Call[],
): object {
  const call = calls.find(each => each.operationId === operationId)
  if (!call) throw new Error(`the story calls ${operationId}, which is not in the document`)
  const checks = [`pm.test('answers ${status}', () => pm.response.to.have.status(${status}))`, ...after]
  const prepare = before.length > 0 ? [{ listen: 'prerequest', script: { type: 'text/javascript', exec: before } }] : []
  return {
    name: nameOf(call),
    request: requestOf(call, body, { as, query, path }),
    event: [...prepare, testOf(checks)],
  }
}

const nameOf = ({ summary, operationId }: Call): string => `${summary} (${operationId})`
const testOf = (exec: readonly string[]) => ({ listen: 'test', script: { type: 'text/javascript', exec } })

function requestOf(
  call: Call,
  body: unknown,
  {
    as = callerOf(call),
    query = neededQuery(call),
    path = call.path,
  }: { as?: string | undefined; query?: readonly string[] | undefined; path?: string | undefined } = {},
): object {
  const { [FORM_TYPE]: form, [UPLOAD_TYPE]: upload } = call.requestBody?.content ?? {}
  return {
    method: call.method,
    description: call.description,
    auth:
      as === 'nobody' ? { type: 'noauth' } : { type: 'bearer', bearer: [{ key: 'token', value: `{{${as}_token}}` }] },
    url: urlOf(withVariables(path), query),
    ...(upload && { body: { mode: 'formdata', formdata: [{ key: 'file', type: 'file', src: [] }] } }),
    ...(form && { body: { mode: 'urlencoded', urlencoded: fieldsOf(form.example) } }),
    ...(body !== undefined && {
      header: [{ key: 'content-type', value: JSON_TYPE }],
      body: { mode: 'raw', raw: JSON.stringify(body, null, 2), options: { raw: { language: 'json' } } },
    }),
  }
}

const fieldsOf = (example: unknown): object[] =>
  Object.entries(example ?? {}).map(([key, value]) => ({ key, value: String(value), type: 'text' }))

/** Whoever of the roles that may comes first; the description names them. */
function callerOf({ security, description }: Call): string {
  if (security.length === 0) return 'nobody'
  const [, roles = ''] = /Needs the permission `\w+:\w+` \(([^)]+)\)/.exec(description) ?? []
  return roles.split(', ')[0] ?? 'nobody'
}

/** What a call cannot do without, from what is there. */
function neededQuery({ parameters = [] }: Call): string[] {
  const needed = parameters.filter(parameter => parameter.in === 'query' && parameter.required)
  return needed.map(({ name }) => `${name}={{${KIND_OF_FIELD[name] ?? name}_id}}`)
}

/** An id in a path is the newest of its kind: `/api/incidents/{id}/` is `{{incidents_id}}`. */
function withVariables(path: string): string {
  return path.replace(/([a-z-]+)\/\{(\w+)\}/g, (_whole, kind: string, name: string) => {
    const of = name === 'id' ? kind : `${name}s`
    return `${kind}/{{${of.replaceAll('-', '_')}_id}}`
  })
}

const KIND_OF_FIELD: Readonly<Record<string, string>> = {
  incident: 'incidents',
  provider: 'providers',
  providers: 'providers',
  conversation_id: 'conversations',
  receiver: 'users',
}

/** The document's example, with ids of things that are there. */
function bodyOf({ requestBody }: Call): unknown {
  const example = requestBody?.content[JSON_TYPE]?.example
  if (example === undefined) return undefined
  const filled = JSON.stringify(example, (key, value: unknown) => {
    const kind = KIND_OF_FIELD[key]
    return kind && JSON.stringify(value)?.includes(SAMPLE_ID)
      ? (JSON.parse(JSON.stringify(value).replaceAll(SAMPLE_ID, `{{${kind}_id}}`)) as unknown)
      : value
  })
  return JSON.parse(filled) as unknown
}

function urlOf(path: string, query: readonly string[] = []): object {
  const raw = `{{base_url}}${path}${query.length > 0 ? `?${query.join('&')}` : ''}`
  return {
    raw,
    host: ['{{base_url}}'],
    path: path.split('/').slice(1),
    ...(query.length > 0 && { query: query.map(pair => ({ key: pair.split('=')[0], value: pair.split('=')[1] })) }),
  }
}
