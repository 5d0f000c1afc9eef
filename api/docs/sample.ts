/** The part of JSON Schema that our documents use. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly pattern?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly exclusiveMaximum?: number
  readonly oneOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
}

export const SAMPLE_ID = '0192b3c4-5d6e-7f80-91a2-b3c4d5e6f708'
export const SAMPLE_TIME = '2026-11-21T08:30:00.000Z'

/** What a field of this name holds, where its schema alone says too little. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  lat: -1.28,
  lng: 36.82,
  email: 'amina@example.org',
  username: 'quiet-river',
  password: 'a long sentence of mine',
  new_password: 'another long sentence of mine',
  current_password: 'a long sentence of mine',
  phone: '+254700000000',
  code: 'K-7Q4M2',
  language: 'en',
  name: 'Amina',
  first_name: 'Amina',
  full_name: 'Amina',
  area: 'Nairobi',
  from: '08:00',
  to: '18:00',
  otp: '123456',
  url: 'https://cases.example.org/',
}

const BY_FORMAT: Readonly<Record<string, string>> = {
  uuid: SAMPLE_ID,
  'date-time': SAMPLE_TIME,
  date: '2026-11-21',
  email: 'amina@example.org',
  uri: 'https://cases.example.org/',
  base64url: 'a2VzaQ',
}

/** A value that the schema allows, the same one each time; `find` resolves a `$ref`. */
export function sampleOf(schema: JsonSchema, find: (ref: string) => JsonSchema, name = ''): unknown {
  if (schema.$ref !== undefined) return sampleOf(find(schema.$ref), find, name)
  if (schema.examples?.[0] !== undefined) return schema.examples[0]
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum.find(each => each !== null) ?? null
  const parts = schema.oneOf ?? schema.anyOf
  if (parts) return sampleOf(parts.find(({ type }) => type !== 'null') ?? {}, find, name)
  if (schema.allOf)
    return Object.assign({}, ...schema.allOf.map(part => sampleOf(part, find, name))) as Record<string, unknown>
  return ofType(schema, find, name)
}

function ofType(schema: JsonSchema, find: (ref: string) => JsonSchema, name: string): unknown {
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.find(each => each !== 'null')
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([key, inner]) => [key, sampleOf(inner, find, key)]),
      )
    case 'array':
      return schema.items ? [sampleOf(schema.items, find, name)] : []
    case 'string':
      return textOf(schema, name)
    case 'integer':
    case 'number':
      return numberOf(schema, name)
    case 'boolean':
      return schema.default ?? true
    case undefined:
    default:
      return schema.default ?? {}
  }
}

function textOf(
  { format, pattern, minLength = 0, maxLength = Infinity, default: usual }: JsonSchema,
  name: string,
): string {
  if (typeof usual === 'string') return usual
  const known = (format === undefined ? undefined : BY_FORMAT[format]) ?? BY_NAME[name]
  const form = pattern === undefined ? undefined : new RegExp(pattern, 'u')
  if (typeof known === 'string' && (form?.test(known) ?? true) && known.length <= maxLength) return known
  if (form?.test('1')) return '1'
  return `${name.replaceAll('_', ' ') || 'text'}`.padEnd(minLength, '.').slice(0, maxLength)
}

function numberOf(schema: JsonSchema, name: string): number {
  const { type, minimum, exclusiveMinimum = -Infinity, maximum, exclusiveMaximum = Infinity } = schema
  if (typeof schema.default === 'number') return schema.default
  const known = BY_NAME[name]
  if (typeof known === 'number') return known
  const step = type === 'integer' ? 1 : 0.5
  const atLeast = Math.max(minimum ?? -Infinity, exclusiveMinimum + step)
  const atMost = Math.min(maximum ?? Infinity, exclusiveMaximum - step)
  return Math.min(atMost, Math.max(1, atLeast))
}
