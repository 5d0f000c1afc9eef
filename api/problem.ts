import type { Response } from 'express'
import { isDatabaseAway } from '../db/database'
import { Refusal, REFUSALS, type RefusalCode } from '../domain/refusals'
import type { Logger } from '../platform/logger'
import { traceOf } from './trace'

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

const RETRY_AFTER_SECONDS = '2'

/**
 * Answers with the problem document. What is no refusal is a defect, or a database that is away: it is logged by class and code, and
 * the caller learns nothing of it but the request id, and in the second case that it is worth another try.
 */
export function sendProblem(
  error: unknown,
  res: Response,
  { logger, publicUrl }: { logger: Logger; publicUrl: string },
): void {
  const { id, route } = traceOf(res)
  const refusal = refusalOf(error)
  if (refusal !== error) logger.error({ err: error, request: id, route }, 'a request failed')
  if (res.headersSent) {
    res.destroy()
    return
  }
  res.status(refusal.status)
  for (const [name, value] of Object.entries(headersOf(refusal))) res.setHeader(name, value)
  res.setHeader('content-type', 'application/problem+json; charset=utf-8')
  res.setHeader('cache-control', 'no-store')
  res.end(JSON.stringify(problemOf(refusal, id, publicUrl)))
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (!isDatabaseAway(error)) return new Refusal('INTERNAL')
  return new Refusal('ENGINE_UNAVAILABLE', { headers: { 'retry-after': RETRY_AFTER_SECONDS } })
}

function headersOf({ status, more }: Refusal): Readonly<Record<string, string>> {
  return { ...(status === 401 && { 'www-authenticate': 'Bearer' }), ...more.headers }
}
