// What lies further back is a slip of the finger, and the first years are none to the database.
const DATE = /^(19|20)\d{2}-\d{2}-\d{2}$/
const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?$/

/** Is this a day of the calendar, as `YYYY-MM-DD`? */
export const isDate = (text: string): boolean => DATE.test(text) && momentOf(text, '00:00:00', 'UTC') !== undefined

/** Is this a time of day, as `HH:MM` or `HH:MM:SS`? */
export const isTime = (text: string): boolean => TIME.test(text)

/** The moment at which clocks of the time zone show this; undefined for a day that no calendar has. */
export function momentOf(date: string, time: string, timeZone: string): Date | undefined {
  const asUtc = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}Z`)
  if (Number.isNaN(asUtc) || new Date(asUtc).toISOString().slice(0, 10) !== date) return undefined
  const shown = localOf(new Date(asUtc), timeZone)
  return new Date(asUtc - (Date.parse(`${shown.date}T${shown.time}Z`) - Math.floor(asUtc / 1_000) * 1_000))
}

/** What clocks of the time zone show at a moment: `YYYY-MM-DD` and `HH:MM:SS`. */
export function localOf(moment: Date, timeZone: string): { date: string; time: string } {
  // Swedish dates are ISO dates.
  const [date = '', time = ''] = clockOf(timeZone).format(moment).split(' ')
  return { date, time }
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Making a clock costs a hundred times what reading it does. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone)
  if (known) return known
  const parts = {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }
  const clock = new Intl.DateTimeFormat('sv-SE', { ...parts, timeZone, hourCycle: 'h23' } as Intl.DateTimeFormatOptions)
  clocks.set(timeZone, clock)
  return clock
}

const DAY_SECONDS = 86_400

/** How many seconds lie between a time of day and what a UTC clock shows, whichever way round midnight is shorter. */
export function secondsFromUtcClock(time: string, now: Date): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number)
  const shown = now.getUTCHours() * 3_600 + now.getUTCMinutes() * 60 + now.getUTCSeconds()
  const apart = Math.abs(hours * 3_600 + minutes * 60 + seconds - shown)
  return Math.min(apart, DAY_SECONDS - apart)
}
