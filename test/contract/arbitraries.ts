import fc, { type Arbitrary } from 'fast-check'
import { sampleOf, type JsonSchema } from '../../api/docs/sample'

/** Where values come from that a schema alone does not know. */
export interface Sources {
  find(ref: string): JsonSchema
  /** Ids of things that are there, those first that a field of this name may hold. */
  idsFor(name: string): readonly string[]
}

const LONGEST_TEXT = 60
const MOST_ITEMS = 4

/** Values that the schema allows; rules between fields may still refuse them. */
export function allowedBy(schema: JsonSchema & Loose, sources: Sources, name = ''): Arbitrary<unknown> {
  if (schema.$ref !== undefined) return allowedBy(sources.find(schema.$ref), sources, name)
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const parts = schema.oneOf ?? schema.anyOf
  if (parts) return fc.oneof(...parts.map(part => allowedBy(part, sources, name)))
  if (schema.allOf) {
    const all = fc.tuple(...schema.allOf.map(part => allowedBy(part, sources)))
    return all.map(values => Object.assign({}, ...values) as object)
  }
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? [])
  return types.length === 0
    ? fc.jsonValue({ maxDepth: 2 })
    : fc.oneof(...types.map(type => ofType(type, schema, sources, name)))
}

/** What our schemas also use, and samples do not need. */
interface Loose {
  readonly maxItems?: number
  readonly additionalProperties?: unknown
}

function ofType(type: string, schema: JsonSchema & Loose, sources: Sources, name: string): Arbitrary<unknown> {
  switch (type) {
    case 'object':
      return objectOf(schema, sources)
    case 'array':
      return fc.array(allowedBy(schema.items ?? {}, sources, name), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? MOST_ITEMS, MOST_ITEMS),
      })
    case 'string':
      if (schema.format === 'uuid') return idOf(sources, name)
      return fc.oneof(sample(schema, name), textOf(schema))
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1_000, max: schema.maximum ?? 1_000 })
    case 'number':
      return fc.oneof(sample(schema, name), numberOf(schema))
    case 'boolean':
      return fc.boolean()
    default:
      return fc.constant(null)
  }
}

function objectOf({ properties = {}, required = [], additionalProperties }: JsonSchema & Loose, sources: Sources) {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([key, inner]) => [key, allowedBy(inner, sources, key)]),
  )
  const isFree = Object.keys(fields).length === 0 && additionalProperties !== false
  return isFree
    ? fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 })
    : fc.record(fields, { requiredKeys: [...required] })
}

function numberOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): Arbitrary<number> {
  const min = exclusiveMinimum ?? minimum ?? -1_000
  const max = exclusiveMaximum ?? maximum ?? 1_000
  return fc.double({
    min,
    max,
    noNaN: true,
    minExcluded: exclusiveMinimum !== undefined,
    maxExcluded: exclusiveMaximum !== undefined,
  })
}

/** What the documents show: it keeps the rules that a schema cannot say. */
const sample = (schema: JsonSchema, name: string): Arbitrary<unknown> => fc.constant(sampleOf(schema, () => ({}), name))

const BY_FORMAT: Readonly<Record<string, Arbitrary<string>>> = {
  'date-time': fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map(at => at.toISOString()),
  email: fc.stringMatching(/^[a-z]{1,8}@example\.org$/),
  base64url: fc.stringMatching(/^([A-Za-z0-9_-]{4}){1,6}$/),
}

/** Mostly something that is there. */
export const idOf = ({ idsFor }: Sources, name: string): Arbitrary<string> =>
  fc.oneof({ weight: 6, arbitrary: fc.nat().map(index => pick(idsFor(name), index)) }, fc.uuid())

const pick = (ids: readonly string[], index: number): string => ids[index % ids.length] ?? ''

function textOf({ format = '', pattern, minLength = 0, maxLength = Infinity }: JsonSchema): Arbitrary<string> {
  const known = BY_FORMAT[format]
  if (known) return known
  const most = Math.max(minLength, Math.min(maxLength, LONGEST_TEXT))
  const text = fc.string({ unit: 'grapheme', minLength, maxLength: most })
  return pattern === undefined ? text : fc.oneof(matching(pattern), text)
}

/** Its engine knows no classes of letters; without them the pattern is close enough. */
const matching = (pattern: string): Arbitrary<string> =>
  fc.stringMatching(new RegExp(pattern.replace(/\\p\{\w+\}/g, 'a-z'), 'u'))

const nested = (depth: number): unknown => (depth === 0 ? 'end' : { a: nested(depth - 1) })

/** Texts that have broken somebody before. */
export const hostileText: Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ' ',
      '\u0000',
      'a\u0000b',
      '\ud800',
      '\u202e',
      '\ufeff',
      '%00',
      '%',
      'null',
      'undefined',
      '__proto__',
      'constructor',
    ],
    ...[
      "' or 1=1 --",
      '$1',
      '\\',
      '"',
      '<script>alert(1)</script>',
      '{{7*7}}',
      '${7*7}',
      '../../etc/passwd',
      '\r\nset-cookie: a=b',
    ],
    ...[
      '0',
      '-1',
      '1e9',
      '99999999999999999999',
      '0x10',
      'NaN',
      '٣',
      'İ',
      '2026-02-30T00:00:00Z',
      '9999-12-31T23:59:59.999Z',
      'é'.repeat(300),
    ],
    'x'.repeat(20_000),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
)

/** Anything that JSON can say, the odd ends of it first. */
export const hostileValue: Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    -1e308,
    2 ** 53,
    [],
    {},
    [[]],
    [null],
    nested(10),
    nested(40),
    Array(2_000).fill(0),
  ),
  fc.jsonValue({ maxDepth: 3 }),
)

/** A value that was allowed, with one thing wrong somewhere in it. */
export function broken(value: Arbitrary<unknown>): Arbitrary<unknown> {
  return fc
    .tuple(value, fc.nat(), hostileValue, fc.constantFrom('replace', 'drop', 'add'))
    .map(([good, where, bad, how]) => {
      const copy = structuredClone(good)
      const places = placesIn(copy)
      const place = places[where % Math.max(1, places.length)]
      if (!place || where % 7 === 0) return bad
      const [holder, key] = place
      if (how === 'drop') delete holder[key]
      else holder[how === 'add' ? `${key}x` : key] = bad
      return copy
    })
}

type Holder = Record<string, unknown>

function placesIn(value: unknown): [Holder, string][] {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Holder
  return Object.keys(holder).flatMap(key => [[holder, key] as [Holder, string], ...placesIn(holder[key])])
}
