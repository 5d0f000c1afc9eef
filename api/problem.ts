import type { Response } from 'express'
import { isDatabaseAway } from '../db/database'
import { Refusal } from '../domain/refusals'
import type { Logger } from '../platform/logger'
import { CORE, type Dialect } from './dialect'
import type { Route } from './route'
import { traceOf } from './trace'

const RETRY_AFTER_SECONDS = '2'

/** To whom a refusal goes, and in which words. */
export interface Answering {
  readonly logger: Logger
  /** Where the codes are explained. */
  readonly publicUrl: string
  readonly dialect?: Dialect
  readonly route?: Route | undefined
}

/**
 * Answers with a refusal, in the dialect's form. What is no refusal is a defect, or a database that is away: it is logged by class and code, and
 * the caller learns nothing of it but the request id, and in the second case that it is worth another try.
 */
export function sendProblem(
  error: unknown,
  res: Response,
  { logger, publicUrl, dialect = CORE, route: declared }: Answering,
): void {
  const { id, route } = traceOf(res)
  const refusal = refusalOf(error)
  if (refusal !== error) logger.error({ err: error, request: id, route }, 'a request failed')
  if (res.headersSent) {
    res.destroy()
    return
  }
  const { status, mediaType, body } = dialect.write(refusal, { requestId: id, publicUrl, route: declared })
  res.status(status)
  for (const [name, value] of Object.entries(headersOf(refusal, status))) res.setHeader(name, value)
  res.setHeader('content-type', `${mediaType}; charset=utf-8`)
  res.setHeader('cache-control', 'no-store')
  res.end(JSON.stringify(body))
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (!isDatabaseAway(error)) return new Refusal('INTERNAL')
  return new Refusal('ENGINE_UNAVAILABLE', { headers: { 'retry-after': RETRY_AFTER_SECONDS } })
}

function headersOf({ more }: Refusal, status: number): Readonly<Record<string, string>> {
  return { ...(status === 401 && { 'www-authenticate': 'Bearer' }), ...more.headers }
}
