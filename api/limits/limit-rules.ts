import type { Method, Route } from '../route'

/** What a route's requests are counted as, beside the allowance of whoever sends them. */
export type ExtraAllowance = 'upload' | 'message'

// An app looks at the first again and again, or must be able to while it is refused everything else. Receipts come from a few
// addresses of a vendor, thousands an hour, each with a proof of where it comes from.
const EXEMPT: readonly RegExp[] = [
  /^\/api\/auth\/me\//,
  /^\/(api\/auth\/)?health\//,
  /^\/api\/information\//,
  /^\/api\/receipts\//,
]

const REFRESH: readonly string[] = ['/api/auth/refresh/', '/api/auth/token/refresh/']

type Counted = Pick<Route, 'path' | 'countsAs'>
const countedPath = ({ path, countsAs }: Counted): string => countsAs ?? path

/** Is this route free of every limit? */
export const isExempt = (route: Counted): boolean => EXEMPT.some(form => form.test(countedPath(route)))

/** The further allowance that a call uses up, if it has one. */
export function extraOf(route: Counted & Pick<Route, 'upload'>, method: Method): ExtraAllowance | undefined {
  if (route.upload) return 'upload'
  return countedPath(route) === '/api/messages/' && method === 'post' ? 'message' : undefined
}

/** Is this call's body a token, which shows only afterwards to be a good one? */
export const carriesTokenInBody = (route: Counted): boolean => REFRESH.includes(countedPath(route))
