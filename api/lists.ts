import { z, type ZodType } from 'zod'
import { Refusal } from '../domain/refusals'
import type { RequestFacts } from './route'

const PAGE_SIZE = 20
const PAGE_SIZE_MAX = 100
const PAGE_MAX = 999_999

const wholeFromOne = (max: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'Must be a whole number from 1')
    .transform(Number)
    .refine(count => count <= max, { message: `Must be at most ${max}` })

/** The query fields of every list; spread them into the route's own: `z.strictObject({...pageFields, status: ...})`. */
export const pageFields = {
  page: wholeFromOne(PAGE_MAX).default(1).meta({ description: 'Counts from 1', maximum: PAGE_MAX }),
  page_size: wholeFromOne(PAGE_SIZE_MAX).default(PAGE_SIZE).meta({ maximum: PAGE_SIZE_MAX }),
}

export interface Ordering<Column extends string> {
  readonly column: Column
  readonly order: 'asc' | 'desc'
}

/** The query field `ordering`: one of the columns, with `-` before it to turn the direction round. */
export function orderingField<const Column extends string>(
  columns: readonly Column[],
  fallback: Column | `-${Column}`,
) {
  return z
    .enum(columns.flatMap(column => [column as string, `-${column}`]))
    .default(fallback)
    .transform((word): Ordering<Column> => {
      const descending = word.startsWith('-')
      return { column: (descending ? word.slice(1) : word) as Column, order: descending ? 'desc' : 'asc' }
    })
}

export interface PageQuery {
  readonly page: number
  readonly page_size: number
}

/** Which rows a page asks for, in SQL's words. */
export const windowOf = ({ page, page_size }: PageQuery): { limit: number; offset: number } => ({
  limit: page_size,
  offset: (page - 1) * page_size,
})

/** The response schema of a list of these. */
export const listOf = <T extends ZodType>(item: T) =>
  z.object({
    count: z.number().int().min(0),
    next: z.string().nullable(),
    previous: z.string().nullable(),
    results: z.array(item),
  })

/** One page as it leaves; throws `PAGE_NOT_FOUND` for a page past the end (the first one may be empty). */
export function pageOf<T>(
  found: { readonly count: number; readonly results: readonly T[] },
  { page, page_size }: PageQuery,
  { url }: Pick<RequestFacts, 'url'>,
): { count: number; next: string | null; previous: string | null; results: T[] } {
  const last = Math.max(1, Math.ceil(found.count / page_size))
  if (page > last) throw new Refusal('PAGE_NOT_FOUND', { extra: { last_page: last } })
  return {
    count: found.count,
    next: page < last ? urlOfPage(url, page + 1) : null,
    previous: page > 1 ? urlOfPage(url, page - 1) : null,
    results: [...found.results],
  }
}

function urlOfPage(url: string, page: number): string {
  const changed = new URL(url)
  changed.searchParams.set('page', String(page))
  return changed.href
}
