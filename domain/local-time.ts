/** A part of the day in local times, `HH:MM`, from the first until before the second; it may reach over midnight. Two equal times mean the whole day. */
export interface TimeWindow {
  readonly from: string
  readonly to: string
}

const MS_PER_MINUTE = 60_000
const MINUTES_PER_DAY = 24 * 60

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Making a clock costs a hundred times what reading it does. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone)
  if (known) return known
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  clocks.set(timeZone, clock)
  return clock
}

/** Minutes since local midnight, of an hour and minute as text. */
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))

/** The local time of day at `ms`, in whole minutes since midnight. Throws on a name that is no IANA time zone. */
export const localMinutes = (ms: number, timeZone: string): number => minutesOf(clockOf(timeZone).format(ms))

/** Does the window hold this minute of the day? */
export function holds({ from, to }: TimeWindow, minute: number): boolean {
  const [start, end] = [minutesOf(from), minutesOf(to)]
  if (start === end) return true
  return start < end ? start <= minute && minute < end : start <= minute || minute < end
}

/** The next moment after `ms` at which a local clock shows `HH:MM`; on a day that skips it, as much later as the clock is moved. */
export function nextLocal(ms: number, timeZone: string, time: string): number {
  const wanted = minutesOf(time)
  const minute = Math.floor(ms / MS_PER_MINUTE) * MS_PER_MINUTE
  const ahead = (wanted - localMinutes(ms, timeZone) + MINUTES_PER_DAY) % MINUTES_PER_DAY || MINUTES_PER_DAY
  const reached = minute + ahead * MS_PER_MINUTE
  // Where the clock was moved on the way, it shows something else: by so much the moment lies beside.
  const beside =
    ((localMinutes(reached, timeZone) - wanted + MINUTES_PER_DAY * 1.5) % MINUTES_PER_DAY) - MINUTES_PER_DAY / 2
  const corrected = reached - beside * MS_PER_MINUTE
  return corrected > ms && localMinutes(corrected, timeZone) === wanted ? corrected : reached
}

/** More turns than this, and the two windows leave no minute of the day. */
const TURNS = 6

/**
 * The first moment from `ms` on that lies inside the one window and outside the other; undefined when no minute of a day does. Where
 * a clock is moved on the way it may lie as much later.
 */
export function nextAllowed(
  ms: number,
  timeZone: string,
  { inside, outside }: { readonly inside: TimeWindow | null; readonly outside: TimeWindow | null },
): number | undefined {
  let moment = ms
  for (let turn = 0; turn < TURNS; turn++) {
    const minute = localMinutes(moment, timeZone)
    if (inside && !holds(inside, minute)) moment = nextLocal(moment, timeZone, inside.from)
    else if (outside && holds(outside, minute)) moment = nextLocal(moment, timeZone, outside.to)
    else return moment
  }
  return undefined
}
