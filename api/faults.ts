import type { z, ZodType } from 'zod'
import { Refusal, type FieldFault } from '../domain/refusals'

type Issue = z.core.$ZodIssue
export type Part = 'params' | 'query' | 'body'

/** More faults than these in one request help nobody; the rest is left out. */
const FAULTS_AT_MOST = 100
const LONGEST_KEY = 80

/** Parses one part of a request; faults are added to the list, and the answer is then undefined. */
export function parsePart(part: Part, schema: ZodType, input: unknown, faults: FieldFault[]): unknown {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) faults.push(...faultsOf([part], issue, input))
  return undefined
}

/** Throws one refusal with every fault that was found, if any was. */
export function refuseFaults(faults: readonly FieldFault[]): void {
  if (faults.length > 0) throw new Refusal('VALIDATION_FAILED', { errors: faults.slice(0, FAULTS_AT_MOST) })
}

function faultsOf(above: readonly PropertyKey[], issue: Issue, input: unknown): FieldFault[] {
  const at = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key =>
      fault([...at, key.slice(0, LONGEST_KEY)], 'unknown_field', 'There is no such field here'),
    )
  if (issue.code === 'invalid_union') return unionFaults(at, issue, input)
  if (issue.code === 'custom') return [fault(at, codeOfCustom(issue), issue.message)]
  const isMissing =
    (issue.code === 'invalid_type' || issue.code === 'invalid_value') && valueAt(input, issue.path) === undefined
  if (isMissing) return [fault(at, 'required', 'This is required')]
  return [fault(at, issue.code, issue.message)]
}

/** Of a choice between forms, the faults of the form that comes nearest: the one with the fewest. */
function unionFaults(at: readonly PropertyKey[], issue: z.core.$ZodIssueInvalidUnion, input: unknown): FieldFault[] {
  const nearest = [...issue.errors].sort((a, b) => a.length - b.length)[0]
  if (!nearest || nearest.length === 0) return [fault(at, issue.code, issue.message)]
  const inner = valueAt(input, issue.path)
  return nearest.flatMap(each => faultsOf(at, each, inner))
}

/** A schema's own rule names its code: `ctx.addIssue({code: 'custom', params: {code: 'too_common'}, message})`. */
function codeOfCustom({ params }: z.core.$ZodIssueCustom): string {
  const code: unknown = params?.['code']
  return typeof code === 'string' ? code : 'invalid'
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key]
  return value
}

const fault = (path: readonly PropertyKey[], code: string, message: string): FieldFault => ({
  path: path.map(String).join('.'),
  code,
  message,
})
