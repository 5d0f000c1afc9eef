import cors from 'cors'
import type { RequestHandler } from 'express'

const PREFLIGHT_SECONDS = 7_200
const SENT = ['authorization', 'content-type', 'idempotency-key', 'if-match', 'x-api-key', 'x-request-id']
const READ = [
  ...['content-disposition', 'etag', 'idempotency-key', 'retry-after', 'x-request-id'],
  ...['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
]

/**
 * Lets the pages of these origins call the API from a browser, without cookies: the API has none. To every other origin nothing is
 * said at all, which a browser takes for a no.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const allow = cors({
    origin: [...origins],
    methods: ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'],
    allowedHeaders: SENT,
    exposedHeaders: READ,
    maxAge: PREFLIGHT_SECONDS,
  })
  return (req, res, next) => {
    if (origins.includes(req.headers.origin ?? '')) return allow(req, res, next)
    res.vary('Origin')
    next()
  }
}
