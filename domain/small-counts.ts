/** A count below this is not shown (S16): in a small place it points at a person. */
export const SMALLEST_SHOWN = 5

/** The counts of a table and their sum as they may be shown; null is suppressed. */
export interface ShownCounts {
  readonly parts: readonly (number | null)[]
  readonly total: number | null
}

/**
 * Suppresses every part below `SMALLEST_SHOWN`, and with them as many of the smallest others as it takes that no suppressed part can
 * be computed from the total, not even by somebody who knows this rule; the total itself where no others are left.
 */
export function showCounts(counts: readonly number[]): ShownCounts {
  const { hidden, totalHidden } = suppress(counts.map(count => ({ faces: [count], secret: false })))
  return {
    parts: counts.map((count, index) => (hidden.has(index) ? null : count)),
    total: totalHidden ? null : sum(counts),
  }
}

/** Some of a group's members, e.g. the escalated ones of an area. `secret` where the size of the group is suppressed. */
export interface Share {
  readonly of: number
  readonly some: number
  readonly secret: boolean
}

/**
 * Like `showCounts` for shares of groups: who shows how many are so shows also how many are not, so both must be large enough, alone
 * and in what the total leaves open.
 */
export function showShares(shares: readonly Share[], total: Omit<Share, 'some'>): ShownCounts {
  const { hidden, totalHidden } = suppress(shares.map(({ some, of, secret }) => ({ faces: [some, of - some], secret })))
  return {
    parts: shares.map(({ some }, index) => (hidden.has(index) ? null : some)),
    total: totalHidden || total.secret ? null : sum(shares.map(({ some }) => some)),
  }
}

interface Cell {
  /** Every count that showing the cell gives away. */
  readonly faces: readonly number[]
  readonly secret: boolean
}

function suppress(cells: readonly Cell[]): { hidden: ReadonlySet<number>; totalHidden: boolean } {
  const hidden = new Set<number>()
  cells.forEach((cell, index) => {
    if (cell.secret || smallestOf(cell) < SMALLEST_SHOWN) hidden.add(index)
  })
  while (!isSafe(cells, hidden) && hidden.size < cells.length) hideSmallest(cells, hidden)
  return { hidden, totalHidden: !isSafe(cells, hidden) || isSmallTotal(cells) }
}

/** All that are equally small go at once: a choice among equals would tell which of them are which. */
function hideSmallest(cells: readonly Cell[], hidden: Set<number>): void {
  const shown = cells.filter((_, index) => !hidden.has(index))
  const smallest = Math.min(...shown.map(smallestOf))
  cells.forEach((cell, index) => {
    if (!hidden.has(index) && smallestOf(cell) === smallest) hidden.add(index)
  })
}

/**
 * The total leaves the sum of the hidden ones open to everybody. That is safe when several share it, it is no small count itself,
 * and it is not the largest that small counts can add up to, for then each of them would be known.
 */
function isSafe(cells: readonly Cell[], hidden: ReadonlySet<number>): boolean {
  if (hidden.size === 0) return true
  if (hidden.size === 1) return false
  return facesOf(cells, hidden).every(
    face => sum(face) >= SMALLEST_SHOWN && face.some(count => count !== SMALLEST_SHOWN - 1),
  )
}

const isSmallTotal = (cells: readonly Cell[]): boolean =>
  cells.length === 0 || facesOf(cells, new Set(cells.keys())).some(face => sum(face) < SMALLEST_SHOWN)

/** Column by column: the first counts of these cells, then the second ones. */
const facesOf = (cells: readonly Cell[], chosen: ReadonlySet<number>): number[][] =>
  (cells[0]?.faces ?? []).map((_, face) => [...chosen].map(index => cells[index]?.faces[face] ?? 0))

const smallestOf = ({ faces }: Cell): number => Math.min(...faces)
const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
