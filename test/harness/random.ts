/** A small seeded generator (mulberry32): a race that failed can be played again with its seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The same elements in an order drawn from `random`. */
export function shuffled<T>(elements: readonly T[], random: () => number): T[] {
  return elements
    .map(element => ({ element, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ element }) => element)
}
