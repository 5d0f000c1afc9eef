import { isDate, isTime, localOf, momentOf, secondsFromUtcClock } from './local-clock'

it('turns what a clock in Nairobi shows into the moment, and back', () => {
  const moment = momentOf('2026-02-03', '01:30:05', 'Africa/Nairobi')
  expect(moment?.toISOString()).toBe('2026-02-02T22:30:05.000Z')
  expect(localOf(moment ?? new Date(0), 'Africa/Nairobi')).toEqual({ date: '2026-02-03', time: '01:30:05' })
  expect(momentOf('2026-02-03', '00:00', 'Africa/Nairobi')?.toISOString()).toBe('2026-02-02T21:00:00.000Z')
})

it('knows a day of the calendar and a time of day', () => {
  expect(['2024-02-29', '2026-02-29', '2026-13-01', '26-01-01', '0000-01-01', ''].map(isDate)).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
  ])
  expect(['00:00', '23:59:59', '12:00:00.123', '24:00', '9:30', ''].map(isTime)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ])
})

it('measures how far a time is from a UTC clock, over midnight too', () => {
  const now = new Date('2026-02-03T23:59:30Z')
  expect(['23:59:30', '23:58:30', '00:00:30', '12:00:00'].map(time => secondsFromUtcClock(time, now))).toEqual([
    0, 60, 60, 43_170,
  ])
})
