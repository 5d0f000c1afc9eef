import type { Route } from '../../api/route'
import { openApiOf } from '../../api/openapi'
import type { JsonSchema as Schema } from '../../api/docs/sample'

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { requestBody?: { content: Readonly<Record<string, { schema?: Schema }>> } }>>
    >
  >
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

/** Strings that can hold no word: an id, a moment, a time of day. A file is no field: it is planted where one is sent. */
const WORDLESS_FORMATS = new Set(['uuid', 'date-time', 'binary'])
const TIME_OF_DAY = '^([01]\\d|2[0-3]):[0-5]\\d$'

/** Every field of every request's body into which a caller can write words, as `path field`; read from the declared routes. */
export function freeFields(routes: readonly Route[]): string[] {
  const document = openApiOf(routes, '0') as unknown as Document
  const fields = new Set<string>()
  for (const [path, methods] of Object.entries(document.paths))
    for (const { requestBody } of Object.values(methods)) {
      for (const { schema } of Object.values(requestBody?.content ?? {}))
        if (schema) for (const field of fieldsOf(schema, [], document)) fields.add(`${path} ${field}`)
    }
  return [...fields].sort()
}

function fieldsOf(given: Schema, above: readonly string[], document: Document): string[] {
  const schema = given.$ref ? document.components.schemas[given.$ref.split('/').at(-1) ?? ''] : given
  if (!schema) throw new Error(`${given.$ref} is not there`)
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  const { additionalProperties: others } = schema
  const isAnything =
    inner.length === 0 && schema.type === undefined && schema.enum === undefined && schema.const === undefined
  return [
    ...(isAnything || isWords(schema) ? [above.join('.')] : []),
    ...inner.flatMap(each => fieldsOf(each, above, document)),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, each]) => fieldsOf(each, [...above, name], document)),
    ...(typeof others === 'object' ? fieldsOf(others, [...above, '*'], document) : []),
    ...(schema.items ? fieldsOf(schema.items, [...above, '*'], document) : []),
  ]
}

function isWords({ type, format, pattern, enum: words, const: word }: Schema): boolean {
  const isText = type === 'string' || (Array.isArray(type) && type.includes('string'))
  return (
    isText &&
    words === undefined &&
    word === undefined &&
    !WORDLESS_FORMATS.has(format ?? '') &&
    pattern !== TIME_OF_DAY
  )
}
