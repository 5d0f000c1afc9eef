import type { RefusalCode } from '../../domain/refusals'
import { problemExample, PROBLEM_TYPE } from './problems'
import { sampleOf, type JsonSchema } from './sample'

/** The part of an OpenAPI document that examples are added to. */
export interface Described {
  paths: Record<string, Record<string, DescribedOperation>>
  components: { schemas: Record<string, JsonSchema>; examples?: Record<string, object> }
}

interface DescribedOperation {
  parameters?: { schema: { type?: unknown; default?: unknown; pattern?: unknown; minimum?: number } }[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { content?: Record<string, Media> }>
}

interface Media {
  schema?: JsonSchema
  example?: unknown
  examples?: Record<string, object>
}

const JSON_TYPE = 'application/json'
const SCHEMAS = '#/components/schemas/'
const EXAMPLES = '#/components/examples/'

/**
 * Gives every body an example: the declaration's own, or one made from its schema. Examples of what many calls answer stand once,
 * among the components.
 */
export function addExamples(document: Described): void {
  const { schemas } = document.components
  const find = (ref: string): JsonSchema => schemas[ref.slice(SCHEMAS.length)] ?? {}
  const shared: Record<string, object> = {}
  for (const operation of Object.values(document.paths).flatMap(path => Object.values(path))) {
    const sent = operation.requestBody?.content[JSON_TYPE]
    if (sent?.schema && sent.example === undefined) sent.example = sampleOf(sent.schema, find)
    for (const { content = {} } of Object.values(operation.responses)) {
      const { [JSON_TYPE]: answer, [PROBLEM_TYPE]: problem } = content
      if (answer?.schema && answer.example === undefined) addAnswer(answer, answer.schema, { shared, find })
      if (problem?.schema) problem.examples = problemsOf(problem.schema, shared)
    }
  }
  document.components.examples = Object.fromEntries(Object.entries(shared).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function addAnswer(
  media: Media,
  schema: JsonSchema,
  { shared, find }: { shared: Record<string, object>; find: (ref: string) => JsonSchema },
): void {
  const name = schema.$ref?.slice(SCHEMAS.length)
  if (name === undefined) media.example = sampleOf(schema, find)
  else media.examples = { [name]: refer(shared, name, () => ({ value: sampleOf(schema, find) })) }
}

/** One for each code that is declared here. */
function problemsOf(schema: JsonSchema, shared: Record<string, object>): Record<string, object> {
  const refs = (schema.anyOf ?? [schema]).flatMap(({ $ref }) => $ref ?? [])
  const codes = refs.map(ref => ref.slice(`${SCHEMAS}Problem.`.length) as RefusalCode)
  return Object.fromEntries(codes.map(code => [code, refer(shared, code, () => problemExample(code))]))
}

function refer(shared: Record<string, object>, name: string, make: () => object): object {
  shared[name] ??= make()
  return { $ref: EXAMPLES + name }
}
