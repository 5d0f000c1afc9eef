import { linesOf, percentile } from './figures'

describe('the figures of the bench', () => {
  it('takes a percentile by nearest rank, whatever the order', () => {
    const values = [5, 1, 4, 2, 3]
    expect([0, 50, 99, 100].map(share => percentile(values, share))).toEqual([1, 3, 5, 5])
    expect(() => percentile([], 50)).toThrow('nothing')
  })

  it('puts runs together by name: the median, the ratio of each run, and whether the bar is met', () => {
    const bars = [{ of: 'ratio', atLeast: 2 } as const, { of: 'ours', atMost: 25 } as const]
    const run = (ours: number, floor: number) => [{ name: 'rate', unit: '/s' as const, ours, floor, bars }]
    const [line] = linesOf([run(30, 10), run(20, 10), run(50, 50)])
    expect(line).toMatchObject({
      ours: { median: 30, least: 20, most: 50 },
      ratio: { median: 2, least: 1, most: 3 },
      bars: [{ met: true }, { met: false }],
    })
  })

  it('has no ratio where there is no floor, and misses a bar on it', () => {
    const [line] = linesOf([[{ name: 'late', unit: 's', ours: 1, bars: [{ of: 'ratio', atMost: 2 }] }]])
    expect(line).toMatchObject({ floor: null, ratio: null, bars: [{ met: false }] })
  })
})
