import { randomUUID } from 'node:crypto'
import type { NextFunction, Request, Response } from 'express'
import type { Logger } from '../platform/logger'
import { isUuid } from '../platform/ids'

/** What the log says of one request; the route is the declared pattern, never the address, which may hold anything. */
export interface Trace {
  readonly id: string
  readonly startedAt: number
  route: string
  userId: string | undefined
  /** The id of the API key that the request came with, if it came with one. */
  keyId: string | undefined
}

const REQUEST_ID = 'x-request-id'

/** The trace of this answer's request. */
export const traceOf = (res: Response): Trace => (res.locals as { trace: Trace }).trace

/** Gives every request its id (the caller's, if it is a UUID) and, when it is over, its line in the access log. */
export function traceRequests(logger: Logger) {
  return (req: Request, res: Response, next: NextFunction): void => {
    const given = req.headers[REQUEST_ID]
    const trace: Trace = {
      id: isUuid(given) ? given.toLowerCase() : randomUUID(),
      startedAt: performance.now(),
      route: 'unknown',
      userId: undefined,
      keyId: undefined,
    }
    res.locals['trace'] = trace
    res.setHeader(REQUEST_ID, trace.id)
    res.once('close', () => {
      logger.info(
        {
          method: req.method,
          route: trace.route,
          status: res.statusCode,
          finished: res.writableFinished,
          ms: Math.round((performance.now() - trace.startedAt) * 10) / 10,
          request: trace.id,
          user: trace.userId,
          api_key_id: trace.keyId,
        },
        'request',
      )
    })
    next()
  }
}
