import fc from 'fast-check'
import { rank, whyNobody, whyNot, type Candidate, type WhyNot } from './ranking'

const T0 = Date.UTC(2026, 0, 5, 9)
const NAIROBI = { lat: -1.29, lng: 36.82 }
const free: Candidate = {
  provider_id: 'ann',
  provider_type: 'gbv_rescue',
  active: true,
  verified: true,
  availability: 'available',
  capacity: 2,
  load: 0,
  last_assigned_at: null,
  cooling_until: null,
  base: NAIROBI,
  excluded: false,
  offered: false,
  refused: false,
}
const TYPES = ['gbv_rescue']

describe('whyNot', () => {
  it.each<[Partial<Candidate>, WhyNot]>([
    [{ provider_type: 'legal' }, 'wrong_type'],
    [{ active: false }, 'inactive'],
    [{ verified: false }, 'not_verified'],
    [{ excluded: true }, 'excluded_by_reporter'],
    [{ refused: true, offered: true }, 'refused_before'],
    [{ offered: true }, 'already_offered'],
    [{ availability: 'off_duty' }, 'off_duty'],
    [{ availability: 'busy' }, 'busy'],
    [{ availability: 'unresponsive' }, 'unresponsive'],
    [{ cooling_until: T0 + 1 }, 'cooling_down'],
    [{ load: 2 }, 'at_capacity'],
  ])('%j is passed over: %s', (change, reason) => {
    expect(whyNot({ ...free, ...change }, TYPES, T0)).toEqual([reason])
  })

  it('a cooldown that is over is no reason', () => {
    expect(whyNot({ ...free, cooling_until: T0 }, TYPES, T0)).toEqual([])
  })
})

describe('rank', () => {
  const order = (candidates: Candidate[]) =>
    rank(candidates, TYPES, NAIROBI, T0).map(each => each.candidate.provider_id)

  it('nearest band first, then least loaded, then longest without a case, then id', () => {
    const mombasa = { ...free, provider_id: 'far', base: { lat: -4.04, lng: 39.66 } }
    const loaded = { ...free, provider_id: 'loaded', load: 1 }
    const recent = { ...free, provider_id: 'recent', last_assigned_at: T0 - 1000 }
    const unknown = { ...free, provider_id: 'unknown', base: null }
    const zoe = { ...free, provider_id: 'zoe' }
    expect(order([unknown, mombasa, loaded, recent, zoe, free])).toEqual([
      'ann',
      'zoe',
      'recent',
      'loaded',
      'far',
      'unknown',
    ])
  })

  it('is the same whatever order the candidates come in, and never names somebody who is not eligible', () => {
    const candidate = fc.record<Candidate>({
      provider_id: fc.uuid(),
      provider_type: fc.constantFrom('gbv_rescue', 'legal'),
      active: fc.boolean(),
      verified: fc.boolean(),
      availability: fc.constantFrom('available', 'busy', 'off_duty', 'unresponsive'),
      capacity: fc.integer({ min: 1, max: 3 }),
      load: fc.integer({ min: 0, max: 3 }),
      last_assigned_at: fc.option(fc.integer({ min: 0, max: T0 })),
      cooling_until: fc.option(fc.integer({ min: 0, max: 2 * T0 })),
      base: fc.option(
        fc.record({
          lat: fc.double({ min: -5, max: 5, noNaN: true }),
          lng: fc.double({ min: 33, max: 41, noNaN: true }),
        }),
      ),
      excluded: fc.boolean(),
      offered: fc.boolean(),
      refused: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.uniqueArray(candidate, { selector: each => each.provider_id, maxLength: 30 }), candidates => {
        const ranked = rank(candidates, TYPES, NAIROBI, T0)
        expect(rank([...candidates].reverse(), TYPES, NAIROBI, T0)).toEqual(ranked)
        for (const { candidate: each } of ranked) expect(whyNot(each, TYPES, T0)).toEqual([])
      }),
    )
  })
})

describe('whyNobody', () => {
  it.each([
    ['somebody refused in this search', [free], true, 'all_refused'],
    ['somebody lacks only a free place', [{ ...free, load: 2 }], false, 'all_at_capacity'],
    [
      'full, but also off duty: that is no want of a place',
      [{ ...free, load: 2, availability: 'off_duty' as const }],
      false,
      'no_provider_available',
    ],
    ['there is nobody', [], false, 'no_provider_available'],
  ] as const)('%s', (_, candidates, refused, expected) => {
    expect(whyNobody(candidates, TYPES, { refused }, T0)).toBe(expected)
  })
})
