/** The known key that is at most three typing slips away, or undefined. */
export function nearestKey(key: string, known: Iterable<string>): string | undefined {
  let best: { key: string; slips: number } | undefined
  for (const candidate of known) {
    const slips = slipsBetween(key, candidate)
    if (slips <= 3 && (best === undefined || slips < best.slips)) best = { key: candidate, slips }
  }
  return best?.key
}

/** Levenshtein's distance, one row at a time. */
function slipsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
