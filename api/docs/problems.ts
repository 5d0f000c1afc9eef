import { REFUSALS, type RefusalCode } from '../../domain/refusals'
import { SAMPLE_ID, type JsonSchema } from './sample'

export const PROBLEM_TYPE = 'application/problem+json'
const SCHEMAS = '#/components/schemas/'
const TOO_MANY = REFUSALS.RATE_LIMITED.status

const TEXT: JsonSchema = { type: 'string' }
const FAULTS: JsonSchema = { type: 'array', items: { $ref: `${SCHEMAS}FieldFault` } }
const FAULT = {
  type: 'object',
  properties: { path: TEXT, code: TEXT, message: TEXT },
  required: ['path', 'code', 'message'],
  description: 'One thing wrong with the request; `path` begins with body, query or headers.',
} as const

const EVERY = ['type', 'title', 'status', 'code', 'detail', 'message', 'request_id']

/** The schemas of the problem documents with these codes, by their names among the components. */
export function problemSchemas(codes: readonly RefusalCode[]): Readonly<Record<string, JsonSchema>> {
  return { FieldFault: FAULT, ...Object.fromEntries(codes.map(code => [`Problem.${code}`, schemaOf(code)])) }
}

function schemaOf(code: RefusalCode): JsonSchema & { readonly description: string } {
  const { status, title } = REFUSALS[code]
  return {
    type: 'object',
    properties: {
      type: TEXT,
      title: { type: 'string', enum: [title] },
      status: { type: 'integer', enum: [status] },
      code: { type: 'string', enum: [code] },
      detail: TEXT,
      message: TEXT,
      request_id: { type: 'string', format: 'uuid' },
      errors: FAULTS,
    },
    required: code === 'VALIDATION_FAILED' ? [...EVERY, 'errors'] : EVERY,
    description: title,
  }
}

/** An example of the problem document with this code. */
export function problemExample(code: RefusalCode): { readonly summary: string; readonly value: unknown } {
  const { status, title } = REFUSALS[code]
  const words = { detail: title, message: title, request_id: SAMPLE_ID }
  const value = { type: `https://cases.example.org/docs/errors#${code}`, title, status, code, ...words }
  const errors = [{ path: 'body.urgency', code: 'required', message: 'This is required' }]
  return { summary: title, value: code === 'VALIDATION_FAILED' ? { ...value, errors } : value }
}

const header = (description: string) => ({ description, schema: { type: 'integer', minimum: 0 } }) as const
const LIMIT_HEADERS = {
  'Retry-After': header('Seconds until it is worth another try'),
  'RateLimit-Limit': header('How many requests the allowance holds'),
  'RateLimit-Remaining': header('How many are left'),
  'RateLimit-Reset': header('Seconds until the allowance is whole again'),
}

/** One status of a document's refusals: it names schemas among the components. */
export interface ProblemAnswer {
  description: string
  headers?: typeof LIMIT_HEADERS
  content: Record<string, { schema: { $ref: string } | { anyOf: { $ref: string }[] } }>
}

/**
 * The answers of a call that may be refused with these codes, by status. They name the schemas and do not hold them: the generator
 * would write each of them anew for each call, and that took most of its time.
 */
export function problemAnswers(codes: readonly RefusalCode[]): Record<string, ProblemAnswer> {
  const answers: Record<string, ProblemAnswer> = {}
  for (const status of new Set(codes.map(code => REFUSALS[code].status))) {
    const here = codes.filter(code => REFUSALS[code].status === status)
    const schemas = here.map(code => ({ $ref: `${SCHEMAS}Problem.${code}` }))
    const [first, ...others] = schemas
    answers[status] = {
      description: here.map(code => `\`${code}\``).join(', '),
      ...(status === TOO_MANY && { headers: LIMIT_HEADERS }),
      content: { [PROBLEM_TYPE]: { schema: first && others.length === 0 ? first : { anyOf: schemas } } },
    }
  }
  return answers
}
