import fc from 'fast-check'
import { showCounts, showShares, SMALLEST_SHOWN } from './small-counts'

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
const counts = fc.array(fc.oneof({ weight: 3, arbitrary: fc.nat(7) }, fc.nat(60)), { minLength: 1, maxLength: 8 })

describe('showCounts', () => {
  it.each<[string, number[], (number | null)[], number | null]>([
    ['nothing is small', [5, 7], [5, 7], 12],
    ['two small ones share what is left', [3, 3, 90], [null, null, 90], 96],
    ['one small one takes the smallest other with it', [2, 9, 90], [null, null, 90], 101],
    ['and all that equal it', [2, 9, 9, 90], [null, null, null, 90], 110],
    ['small ones that add up to a small one', [1, 1, 9, 90], [null, null, null, 90], 101],
    ['small ones that can only be the largest small ones', [4, 4, 9, 90], [null, null, null, 90], 107],
    ['zeros are counts too', [0, 0, 12], [null, null, null], 12],
    ['a small total', [1, 2], [null, null], null],
    ['a single group is its total', [3], [null], null],
    ['small ones alone, whose total would tell each', [4, 4], [null, null], null],
    ['nothing at all', [], [], null],
  ])('%s', (_, given, parts, total) => {
    expect(showCounts(given)).toEqual({ parts, total })
  })

  it('shows no small count, neither written nor left over', () => {
    fc.assert(
      fc.property(counts, given => {
        const shown = showCounts(given)
        for (const part of [...shown.parts, shown.total]) expect(part ?? SMALLEST_SHOWN).toBeGreaterThanOrEqual(5)
        const hidden = given.filter((__, index) => shown.parts[index] === null)
        if (shown.total === null || hidden.length === 0) return
        expect(hidden.length).toBeGreaterThan(1)
        expect(shown.total - sum(shown.parts.map(part => part ?? 0))).toBeGreaterThanOrEqual(SMALLEST_SHOWN)
      }),
    )
  })

  it('shows every large count that nothing small could hide behind', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 5, max: 60 }), { minLength: 1 }), given => {
        expect(showCounts(given)).toEqual({ parts: given, total: sum(given) })
      }),
    )
  })

  it('leaves every suppressed part with another possible value, for whoever knows the rule', () => {
    fc.assert(
      fc.property(counts, given => {
        const shown = showCounts(given)
        given.forEach((value, index) => {
          if (shown.parts[index] !== null) return
          const others = otherWorlds(given, index, shown.total === null ? 'total_hidden' : 'total_shown')
          expect({ given, index, value, hides: others.some(world => isSame(showCounts(world), shown)) }).toMatchObject({
            hides: true,
          })
        })
      }),
      { numRuns: 500 },
    )
  })
})

const isSame = (one: object, two: object): boolean => JSON.stringify(one) === JSON.stringify(two)

/** Tables that differ from this one in that cell: two cells exchanged, one of a cell moved to another, or of a small total nearly nothing. */
function otherWorlds(given: readonly number[], index: number, total: 'total_hidden' | 'total_shown'): number[][] {
  const value = given[index] ?? 0
  const worlds: number[][] = []
  for (const [other, its] of given.entries()) {
    if (other === index) continue
    if (its !== value) worlds.push(withCells(given, [index, its], [other, value]))
    for (const step of [1, -1])
      if (value + step >= 0 && its - step >= 0)
        worlds.push(withCells(given, [index, value + step], [other, its - step]))
  }
  if (total === 'total_hidden')
    worlds.push(...[0, 1].filter(few => few !== value).map(few => given.map((__, cell) => (cell === index ? few : 0))))
  return worlds
}

function withCells(given: readonly number[], ...cells: [number, number][]): number[] {
  const changed = [...given]
  for (const [index, value] of cells) changed[index] = value
  return changed
}

describe('showShares', () => {
  const share = (some: number, of: number, secret = false) => ({ some, of, secret })

  it('hides a share when those who are not in it are few', () => {
    const shares = [share(10, 20), share(18, 20), share(9, 30)]
    expect(showShares(shares, { of: 70, secret: false })).toEqual({ parts: [10, null, null], total: 37 })
  })

  it('hides what belongs to a suppressed group', () => {
    const shares = [share(6, 12, true), share(7, 14, true), share(9, 30)]
    expect(showShares(shares, { of: 56, secret: false })).toEqual({ parts: [null, null, 9], total: 22 })
    expect(showShares(shares, { of: 56, secret: true }).total).toBeNull()
  })

  it('never leaves a small count over, of those in the share and of those not', () => {
    const shares = fc.array(
      fc.tuple(fc.nat(12), fc.nat(12), fc.boolean()).map(([some, rest, secret]) => share(some, some + rest, secret)),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(shares, given => {
        const of = sum(given.map(each => each.of))
        const shown = showShares(given, { of, secret: false })
        const hidden = given.filter((__, index) => shown.parts[index] === null)
        given.forEach(({ some, of: size }, index) => {
          if (shown.parts[index] === null) return
          expect(Math.min(some, size - some)).toBeGreaterThanOrEqual(SMALLEST_SHOWN)
        })
        if (shown.total === null || hidden.length === 0) return
        expect(hidden.length).toBeGreaterThan(1)
        expect(sum(hidden.map(each => each.some))).toBeGreaterThanOrEqual(SMALLEST_SHOWN)
        expect(sum(hidden.map(each => each.of - each.some))).toBeGreaterThanOrEqual(SMALLEST_SHOWN)
      }),
    )
  })
})
