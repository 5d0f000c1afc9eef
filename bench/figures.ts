/** Which side of a bar is good: `ours` or the ratio ours / floor must be at least, or at most, this. */
export interface Bar {
  readonly of: 'ours' | 'ratio'
  readonly atLeast?: number
  readonly atMost?: number
}

/** One measured thing of one run: ours, beside the floor that was measured in the same run where there is one. */
export interface Figure {
  readonly name: string
  readonly unit: '/s' | 'ms' | 's' | 'count'
  readonly ours: number
  readonly floor?: number
  readonly bars?: readonly Bar[]
}

/** The median of several runs with the least and the most of them. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** A figure over all runs; `met` says of each bar whether the median meets it. */
export interface Line {
  readonly name: string
  readonly unit: Figure['unit']
  readonly ours: Spread
  readonly floor: Spread | null
  readonly ratio: Spread | null
  readonly bars: readonly (Bar & { readonly met: boolean })[]
}

/** Puts the figures of the same name of several runs together, in the order of the first run. */
export function linesOf(runs: readonly (readonly Figure[])[]): Line[] {
  return (runs[0] ?? []).map(({ name }) => {
    const same = runs.flatMap(run => run.filter(figure => figure.name === name))
    return lineOf(name, same)
  })
}

function lineOf(name: string, figures: readonly Figure[]): Line {
  const first = figures[0]
  if (!first) throw new Error(`nothing was measured for ${name}`)
  const floors = figures.flatMap(({ floor }) => (floor === undefined ? [] : [floor]))
  // Each run's own ratio: what made a run slow made its floor slow too.
  const ratios = figures.flatMap(({ ours, floor }) => (floor === undefined || floor === 0 ? [] : [ours / floor]))
  const ours = spreadOf(figures.map(figure => figure.ours))
  const ratio = ratios.length === 0 ? null : spreadOf(ratios)
  const bars = (first.bars ?? []).map(bar => ({ ...bar, met: meets(bar.of === 'ours' ? ours : ratio, bar) }))
  return { name, unit: first.unit, ours, floor: floors.length === 0 ? null : spreadOf(floors), ratio, bars }
}

function meets(spread: Spread | null, { atLeast, atMost }: Bar): boolean {
  if (!spread) return false
  return spread.median >= (atLeast ?? -Infinity) && spread.median <= (atMost ?? Infinity)
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: percentile(sorted, 50), least: percentile(sorted, 0), most: percentile(sorted, 100) }
}

/** The value that `share` percent of the values do not exceed (nearest rank); the values may come in any order. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = Math.max(1, Math.ceil((share / 100) * sorted.length))
  const value = sorted[rank - 1]
  if (value === undefined) throw new Error('a percentile of nothing')
  return value
}
