import type { Figure } from './figures'
import type { Sizes } from './options'
import type { Stack } from './stack'

/** One row of the bench: measures itself once on the stack, floor first, and answers its figures. */
export interface Row {
  readonly name: string
  /** A sentence for the report: what is done, and what the floor does. */
  readonly about: string
  /** Settings that its PostgreSQL needs beyond the usual ones, as `name=value`. */
  readonly settings?: readonly string[]
  measure(stack: Stack, sizes: Sizes, say: (text: string) => void): Promise<Figure[]>
}

/** How many callers the rows have at once, one line for each. */
export const AT_ONCE = [1, 20, 100] as const
