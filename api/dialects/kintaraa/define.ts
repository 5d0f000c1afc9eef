import type { Permission } from '../../../domain/permissions'
import { defineRoute, type Route, type RouteSpec, type Schema } from '../../route'
import type { UploadSpec } from '../../upload'

/** Where everything for the app stands. */
export const PREFIX = '/clients/kintaraa'

/** The app sends a failed request again after 1, 2, 4, 8 and 16 s; what was lost on the way must not be done six times. */
export const REPEATED = { idempotent: true, repeatedWithin: 600 } as const

/** The same for what people may well mean twice, such as a message of one word: no longer than the app itself goes on. */
export const REPEATED_SOON = { idempotent: true, repeatedWithin: 60 } as const

/**
 * Declares a route for the app: below the prefix, passing over whatever else the app sends. The limits take it for the product's own
 * route of the same path, unless it says for which.
 */
export function defineFor<
  const Who extends Permission | 'public',
  P extends Schema = undefined,
  Q extends Schema = undefined,
  B extends Schema = undefined,
  R extends Schema = undefined,
  U extends UploadSpec | undefined = undefined,
>(spec: RouteSpec<P, Q, B, R, Who, U>): Route {
  const { path, countsAs = path } = spec
  return defineRoute<Who, P, Q, B, R, U>({ ...spec, path: PREFIX + path, countsAs, unknownFields: 'ignored' })
}
