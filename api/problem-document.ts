import { REFUSALS, type Refusal, type RefusalCode } from '../domain/refusals'

/** The body of every answer that is a refusal, as `application/problem+json` (RFC 9457). */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: RefusalCode
  readonly detail: string
  /** The detail again, under the name that clients show to a person. */
  readonly message: string
  readonly request_id: string
  readonly [extra: string]: unknown
}

/** The problem document of a refusal; `publicUrl` is where its code is explained. */
export function problemOf(refusal: Refusal, requestId: string, publicUrl: string): Problem {
  const { code, status, more } = refusal
  const { title } = REFUSALS[code]
  const detail = more.detail ?? title
  return {
    ...more.extra,
    type: `${publicUrl}/docs/errors#${code}`,
    title,
    status,
    code,
    detail,
    message: detail,
    request_id: requestId,
    ...(more.errors && { errors: more.errors }),
  }
}
