import { z } from 'zod'
import { answer, type Answer, type RequestFacts } from '../../route'

/** How long a list is that the app reads as one array. */
export const LIST_AT_MOST = 200

/** The app never asks for a second page; whoever follows the `Link` header does. What is no number means the first. */
export const pageField = z
  .string()
  .optional()
  .transform(text => (text !== undefined && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1))

/** Which rows such a page asks for. */
export const windowOf = (page: number): { limit: number; offset: number } => ({
  limit: LIST_AT_MOST,
  offset: (page - 1) * LIST_AT_MOST,
})

/** A page of something, and how much of it there is in all. */
export interface Found<T> {
  readonly count: number
  readonly results: readonly T[]
}

/** A list as a bare array; where there is more, a `Link` header says where. */
export function arrayOf<T>(
  { count, results }: Found<T>,
  page: number,
  { url }: Pick<RequestFacts, 'url'>,
): Answer<T[]> {
  if (count <= page * LIST_AT_MOST) return answer([...results], {})
  const next = new URL(url)
  next.searchParams.set('page', String(page + 1))
  return answer([...results], { headers: { link: `<${next.href}>; rel="next"` } })
}
