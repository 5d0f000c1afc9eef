import fc, { type Arbitrary } from 'fast-check'
import type { JsonSchema } from '../../api/docs/sample'
import { ROLES, type Role } from '../../domain/actors'
import { STATUSES } from '../../domain/statuses'
import { permits } from '../../domain/permissions'
import { startWithPeople, type People } from '../builders/people'
import type { Reply, Someone } from '../harness/api'
import { allowedBy, broken, hostileText, hostileValue, idOf, type Sources } from './arbitraries'
import { addressOf, CALLS, DOCUMENT, JSON_TYPE, type Call } from './calls'
import { must, strangersThing } from './strangers'

/** Every reply is held against the document by the harness; here it must also be none of the server's failures. */
const SEED = Number(process.env['KESI_TEST_FUZZ_SEED'] ?? Date.now() % 2 ** 31)
/** For all calls together; whoever looks for faults gives it more: `KESI_TEST_FUZZ_SECONDS=600`. */
const SECONDS = Number(process.env['KESI_TEST_FUZZ_SECONDS'] ?? 40)
const MS_PER_CALL = (SECONDS * 1_000) / CALLS.length
const RUNS_AT_MOST = SECONDS

let people: People
let cast: Cast
const answered = new Map<number, number>()

beforeAll(async () => {
  console.log(`fuzz: KESI_TEST_FUZZ_SEED=${SEED} for ${CALLS.length} calls, ${SECONDS} s`)
  people = await startWithPeople()
})
afterAll(async () => {
  console.log('fuzz: answers by status', Object.fromEntries([...answered].sort(([a], [b]) => a - b)))
  // A refusal that its route does not declare is logged as a warning, and what broke as an error: both fail the run.
  await people.api.stop()
})

/** Who sends requests, and what there is for them to speak of. */
interface Cast {
  readonly callers: Map<Role, Someone>
  /** By the name of the field; `''` holds all of them. */
  readonly ids: Readonly<Record<string, readonly string[]>>
}

/** Everybody and everything anew for a call, because the one before may have ended sessions, closed cases and dismissed people. */
async function castFor(call: Call): Promise<Cast> {
  const { api } = people
  const [survivor, dispatcher, admin] = await Promise.all([
    api.someone('survivor'),
    api.someone('dispatcher'),
    api.someone('admin'),
  ])
  const things = await strangersThing({ ...people, survivor, dispatcher, admin })
  const provider = await people.onlyProvider({ capacity: 50 })
  const offered = await people.report({}, survivor)
  const taken = await people.report({}, survivor)
  await must(people.post(`/api/incidents/${taken.id}/accept/`, {}, provider))
  const said = await must(people.post('/api/messages/', { incident: taken.id, content: 'Hello' }, provider))
  const kinds: Readonly<Record<string, readonly string[]>> = {
    incident: [offered.id, taken.id, things.incident],
    conversation_id: [said.conversation_id],
    provider: [provider.id, things.formerProvider.id],
    receiver: [survivor.id, provider.id],
    message: [said.id],
  }
  const own = call.ids.length > 0 ? things.idFor(call, 'id') : offered.id
  const all = Object.values(kinds).flat()
  return {
    callers: new Map<Role, Someone>([
      ['survivor', survivor],
      ['provider', provider],
      ['dispatcher', dispatcher],
      ['admin', admin],
    ]),
    ids: { ...kinds, id: Object.values(kinds).find(ids => ids.includes(own)) ?? [own], '': [own, ...all] },
  }
}

const sources: Sources = {
  find: ref => DOCUMENT.components.schemas[ref.replace('#/components/schemas/', '')] ?? {},
  idsFor: name => cast.ids[name] ?? cast.ids[''] ?? [],
}

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

interface Request {
  readonly role: Role
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

describe.each(CALLS)('$name', call => {
  it('breaks at nothing, and contradicts nothing', async () => {
    const check = fc.asyncProperty(requestOf(call), async request => {
      const { status, body } = await send(call, request)
      answered.set(status, (answered.get(status) ?? 0) + 1)
      if (status >= 500) throw new Error(`answered ${status}: ${JSON.stringify(body).slice(0, 300)}`)
      expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts:\d+|syntax error|invalid input syntax/)
    })
    cast = await castFor(call)
    await fc.assert(check, {
      seed: SEED,
      numRuns: RUNS_AT_MOST,
      interruptAfterTimeLimit: MS_PER_CALL,
      markInterruptAsFailure: false,
    })
  })
})

async function send(call: Call, { role, path, headers, body }: Request): Promise<Reply> {
  const caller = cast.callers.get(role) ?? (await people.api.someone(role))
  cast.callers.set(role, caller)
  const reply = await people.api.call(call.verb, path, {
    token: caller.access,
    headers,
    ...(body !== undefined && { body }),
  })
  // What was done may have ended the caller's own session.
  if (reply.status === 401) cast.callers.delete(role)
  return reply
}

/** Every second request is good in all its parts, as far as the document says; in the others one part is not. */
function requestOf(call: Call): Arbitrary<Request> {
  const { permission } = call.route
  const allowed = ROLES.filter(role => permission === 'public' || permits(role, permission))
  const good: Parts = {
    ids: fc.tuple(...call.ids.map(name => idOf(sources, name))),
    query: queryOf(call, 'good'),
    headers: headersOf(call, 'good'),
    body: bodyOf(call, 'good'),
  }
  const made = (parts: Parts): Arbitrary<Request> =>
    fc.record({ role: fc.constantFrom(...allowed), ...parts }).map(({ ids, query, ...rest }) => {
      const left = [...ids]
      return { ...rest, path: addressOf(call, () => left.shift() ?? '') + query }
    })
  return fc.oneof(
    { weight: 4, arbitrary: made(good) },
    {
      weight: call.ids.length,
      arbitrary: made({ ...good, ids: fc.tuple(...call.ids.map(() => hostileText.map(inPath))) }),
    },
    { weight: 1, arbitrary: made({ ...good, query: queryOf(call, 'bad') }) },
    { weight: 1, arbitrary: made({ ...good, headers: headersOf(call, 'bad') }) },
    { weight: call.method === 'get' ? 0 : 3, arbitrary: made({ ...good, body: bodyOf(call, 'bad') }) },
  )
}

type Quality = 'good' | 'bad'

interface Parts {
  readonly ids: Arbitrary<string[]>
  readonly query: Arbitrary<string>
  readonly headers: Arbitrary<Record<string, string>>
  readonly body: Arbitrary<unknown>
}

/** Half a pair of surrogates cannot be sent at all, except escaped in JSON. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd')

/** A text as one segment of a path; `.` and `..` would lead elsewhere, and so would nothing. */
const inPath = (text: string): string =>
  /^\.{0,2}$/.test(text) ? 'x' : encodeURIComponent(wellFormed(text).slice(0, 2_000))

/** What a query's schema does not say of itself. */
const GOOD_QUERY: Readonly<Record<string, Arbitrary<string>>> = {
  status: fc.subarray([...STATUSES], { minLength: 1, maxLength: 2 }).map(words => words.join(',')),
  page: fc.constantFrom('1', '1', '1', '2'),
}

function queryOf({ operation }: Call, quality: Quality): Arbitrary<string> {
  const fields = (operation.parameters ?? []).filter(parameter => parameter.in === 'query')
  const values = fields.map(({ name, schema, required }) => {
    const good = GOOD_QUERY[name] ?? allowedBy(schema as JsonSchema, sources, name).map(String)
    const value = quality === 'good' ? good : fc.oneof(good, hostileText)
    return (required ? value : fc.option(value, { freq: 2 })).map(text => [name, text] as const)
  })
  const unknown = quality === 'good' ? fc.constant(null) : fc.option(fc.tuple(hostileText, hostileText))
  return fc.tuple(fc.tuple(...values), unknown).map(([given, more]) => {
    const search = new URLSearchParams()
    for (const [name, value] of [...given, ...(more ? [more] : [])])
      if (value !== null) search.append(wellFormed(name).slice(0, 100), wellFormed(value).slice(0, 2_000))
    return search.size > 0 ? `?${search}` : ''
  })
}

/** Only what HTTP can carry at all. */
const headerText = fc.stringMatching(/^[ -~]{0,300}$/)
const GOOD_HEADERS: Readonly<Record<string, Arbitrary<string>>> = {
  'Idempotency-Key': fc.stringMatching(/^[a-z]{1,3}$/),
  'If-Match': fc.integer({ min: 0, max: 3 }).map(version => `"${version}"`),
}

function headersOf({ operation }: Call, quality: Quality): Arbitrary<Record<string, string>> {
  const names = (operation.parameters ?? []).filter(parameter => parameter.in === 'header').map(({ name }) => name)
  const fields = Object.fromEntries(
    names.map(name => [name, (quality === 'good' ? GOOD_HEADERS[name] : undefined) ?? headerText]),
  )
  return fc.record(fields, { requiredKeys: [] }) as Arbitrary<Record<string, string>>
}

function bodyOf({ method, operation, route }: Call, quality: Quality): Arbitrary<unknown> {
  if (method === 'get') return fc.constant(undefined)
  if (route.upload) return formOf(operation.requestBody?.content['multipart/form-data']?.schema as JsonSchema, quality)
  const schema = operation.requestBody?.content[JSON_TYPE]?.schema as JsonSchema | undefined
  const shown = fc.constant(operation.requestBody?.content[JSON_TYPE]?.example)
  const good = schema ? fc.oneof(shown, { weight: 3, arbitrary: allowedBy(schema, sources) }) : shown
  if (quality === 'good') return good
  // A text goes out as it is: no JSON, or half of it, or too much of it.
  const half = good.map(value => JSON.stringify(value ?? {}).slice(0, -1))
  const much = fc.constant(`"${'x'.repeat(1_100_000)}"`)
  return fc.oneof({ weight: 8, arbitrary: broken(good) }, hostileValue, fc.oneof(hostileText, half, much))
}

function formOf({ properties = {} }: JsonSchema, quality: Quality): Arbitrary<FormData> {
  const isGood = quality === 'good'
  const names = Object.keys(properties).filter(name => name !== 'file')
  const value = isGood ? idOf(sources, '') : hostileText
  const fields = names.map(name => fc.tuple(fc.constant(name), fc.option(value)))
  const bytes = fc.uint8Array({ maxLength: 5_000 }).map(content => Buffer.from(content))
  const file = isGood ? fc.constant(PNG) : fc.oneof(fc.constant(Buffer.alloc(0)), bytes)
  const name = isGood ? fc.constant('a.png') : hostileText.map(text => wellFormed(text).slice(0, 300))
  return fc.tuple(fc.tuple(...fields), isGood ? file : fc.option(file), name).map(([given, content, fileName]) => {
    const form = new FormData()
    for (const [key, value] of given) if (value !== null) form.append(key, wellFormed(value))
    if (content) form.append('file', new Blob([new Uint8Array(content)]), fileName)
    return form
  })
}

it('gets behind the validation: one request in ten was done', () => {
  const done = [...answered].reduce((sum, [status, count]) => sum + (status < 300 ? count : 0), 0)
  const all = [...answered.values()].reduce((sum, count) => sum + count, 0)
  expect(done).toBeGreaterThan(all / 10)
})
