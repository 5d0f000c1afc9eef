import type { Method, Route } from '../route'

/** What a route's requests are counted as, beside the allowance of whoever sends them. */
export type ExtraAllowance = 'upload' | 'message'

// An app looks at these again and again, or must be able to while it is refused everything else.
const EXEMPT: readonly RegExp[] = [/^\/api\/auth\/me\//, /^\/(api\/auth\/)?health\//, /^\/api\/information\//]

const REFRESH: readonly string[] = ['/api/auth/refresh/', '/api/auth/token/refresh/']

/** Is this route free of every limit? */
export const isExempt = ({ path }: Pick<Route, 'path'>): boolean => EXEMPT.some(form => form.test(path))

/** The further allowance that a call uses up, if it has one. */
export function extraOf({ path, upload }: Pick<Route, 'path' | 'upload'>, method: Method): ExtraAllowance | undefined {
  if (upload) return 'upload'
  return path === '/api/messages/' && method === 'post' ? 'message' : undefined
}

/** Is this call's body a token, which shows only afterwards to be a good one? */
export const carriesTokenInBody = ({ path }: Pick<Route, 'path'>): boolean => REFRESH.includes(path)
