import { Download } from './download'
import { Answer, type Route } from './route'

/** An answer as it leaves: only what the response schema declares. */
export interface Shaped {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Undefined is an answer without content; a `Download` streams. */
  readonly body: unknown
}

/** Thrown when a handler answers what its route did not declare; it names the fields and none of their values. */
export class AnswerMismatch extends Error {
  override readonly name = 'AnswerMismatch'
  readonly code = 'ANSWER_MISMATCH'
}

/** Passes an answer through its route's schema: undeclared fields stay behind. Throws `AnswerMismatch`. */
export function shapeAnswer(route: Route, given: unknown): Shaped {
  if (given instanceof Download !== (route.download !== undefined))
    throw new AnswerMismatch(
      `${route.path} ${route.download ? 'gives out no file' : 'gives out a file'}, other than it declares`,
    )
  if (given instanceof Download) return { status: 200, headers: {}, body: given }
  const { body, more } = given instanceof Answer ? given : { body: given, more: {} }
  const declared = route.status ?? (route.response ? 200 : 204)
  const status = more.status ?? declared
  if (status !== declared && route.otherStatuses?.[status] === undefined)
    throw new AnswerMismatch(`${route.path} answers ${status}, which it does not declare`)
  const headers = more.headers ?? {}
  if (!route.response) return { status, headers, body: undefined }
  const parsed = route.response.safeParse(body)
  if (parsed.success) return { status, headers, body: parsed.data }
  const fields = parsed.error.issues.slice(0, 10).map(issue => `${issue.path.join('.')} (${issue.code})`)
  throw new AnswerMismatch(`${route.path} does not answer as declared: ${fields.join(', ')}`)
}
