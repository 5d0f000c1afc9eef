import fc from 'fast-check'
import { holds, localMinutes, nextAllowed, nextLocal, type TimeWindow } from './local-time'

const at = (iso: string): number => Date.parse(iso)
const iso = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString())
const MINUTE = 60_000

test.each([
  ['Africa/Nairobi', '2026-11-21T05:30:00Z', 8 * 60 + 30],
  ['Asia/Kolkata', '2026-11-21T18:45:00Z', 15],
  ['UTC', '2026-11-21T00:00:59Z', 0],
])('in %s at %s it is minute %d of the day', (zone, moment, minute) => {
  expect(localMinutes(at(moment), zone)).toBe(minute)
})

test('a window holds its first minute and not its last, also over midnight', () => {
  const night = { from: '22:00', to: '06:00' }
  expect([1319, 1320, 0, 359, 360].map(minute => holds(night, minute))).toEqual([false, true, true, true, false])
  const day = { from: '08:00', to: '18:00' }
  expect([479, 480, 1079, 1080].map(minute => holds(day, minute))).toEqual([false, true, true, false])
  expect(holds({ from: '07:00', to: '07:00' }, 0)).toBe(true)
})

describe('the next time a clock shows 08:00', () => {
  test.each([
    ['Africa/Nairobi', '2026-11-21T04:59:30Z', '2026-11-21T05:00:00.000Z'],
    ['Africa/Nairobi', '2026-11-21T05:00:00Z', '2026-11-22T05:00:00.000Z'],
    // The clock is put back an hour in the night between: 25 hours.
    ['Europe/Berlin', '2026-10-24T06:00:00Z', '2026-10-25T07:00:00.000Z'],
    // And forward: 23 hours.
    ['Europe/Berlin', '2027-03-27T07:00:00Z', '2027-03-28T06:00:00.000Z'],
  ])('in %s after %s', (zone, now, expected) => {
    expect(iso(nextLocal(at(now), zone, '08:00'))).toBe(expected)
  })

  test('on a day without that time, as much later as the clock is moved', () => {
    const moment = nextLocal(at('2027-03-27T12:00:00Z'), 'Europe/Berlin', '02:30')
    expect(iso(moment)).toBe('2027-03-28T01:30:00.000Z')
  })
})

const anyTime = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(parts => parts.map(part => String(part).padStart(2, '0')).join(':'))
const anyWindow: fc.Arbitrary<TimeWindow> = fc.record({ from: anyTime, to: anyTime })
const STEADY = ['Africa/Nairobi', 'Asia/Kolkata', 'UTC']
const ZONES = [...STEADY, 'Europe/Berlin', 'America/St_Johns']

test('what is found lies inside the one and outside the other, and where no clock is moved it is the first such minute', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-12-31T00:00:00Z') }),
      fc.constantFrom(...ZONES),
      fc.option(anyWindow),
      fc.option(anyWindow),
      (now, zone, inside, outside) => {
        const isAllowed = (ms: number): boolean => {
          const minute = localMinutes(ms, zone)
          return (!inside || holds(inside, minute)) && !(outside && holds(outside, minute))
        }
        const found = nextAllowed(now, zone, { inside, outside })
        if (found === undefined) {
          for (let minute = 0; minute < 24 * 60; minute += 7) expect(isAllowed(now + minute * MINUTE)).toBe(false)
          return
        }
        expect(found).toBeGreaterThanOrEqual(now)
        expect(isAllowed(found)).toBe(true)
        if (!STEADY.includes(zone)) return
        const start = Math.floor(now / MINUTE) * MINUTE
        for (let ms = start; ms < Math.floor(found / MINUTE) * MINUTE; ms += 11 * MINUTE)
          expect(isAllowed(ms)).toBe(false)
      },
    ),
    { numRuns: 200 },
  )
})
