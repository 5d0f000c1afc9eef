import type { z } from 'zod'
import type { Report } from '../../../acts/report-incident'
import type { Role } from '../../../domain/actors'
import { Refusal } from '../../../domain/refusals'
import { urgencyOf } from '../../../domain/statuses'
import type { reportBody } from './incidents.schemas'
import { momentOf, secondsFromUtcClock } from './local-clock'
import { CASE_TYPE, incidentTypeOf } from './words'

type AppReport = z.output<typeof reportBody>
type Preferences = NonNullable<AppReport['provider_preferences']>

/** A report of the app in the words of the record; `now` is the moment of the request. Throws 400 for a date that is still to come. */
export function reportOf(app: AppReport, role: Role, now: Date): Report {
  const { type, description, location, severity, support_services, is_anonymous } = app
  const preferences = withoutNulls(app.provider_preferences ?? {})
  // A provider's screen registers somebody who stands before them: that is on behalf, and no alarm.
  const isWalkIn = role === 'provider'
  const word = isWalkIn ? 'routine' : (app.urgency_level ?? 'routine')
  const incident_type = isWalkIn ? 'other' : incidentTypeOf(type ?? 'other')
  const note = location?.description === location?.address ? undefined : location?.description
  const details = withoutNulls({
    immediate: word === 'immediate' ? true : undefined,
    reported_type: type === incident_type ? undefined : type,
    severity,
    support_services: support_services?.length ? support_services : undefined,
    provider_preferences: Object.keys(preferences).length > 0 ? preferences : undefined,
    is_anonymous: is_anonymous || undefined,
    location_note: note,
  })
  return {
    case_type: CASE_TYPE.code,
    urgency: urgencyOf(word),
    urgency_word: word,
    incident_type,
    description,
    place: placeOf(location),
    ...(isWalkIn && { on_behalf: true }),
    ...(Object.keys(details).length > 0 && { details }),
    ...contactOf(preferences),
    ...occurredOf(app, now),
  }
}

/** What the app sends where it knows neither a place nor words for it. */
const NOWHERE = { latitude: -1.2921, longitude: 36.8219 }
const NO_WORDS = 'Location provided'

/** The app puts the middle of Nairobi wherever nobody gave a place: that is no place, and nobody is near to it or far from it. */
function placeOf(location: AppReport['location']): Report['place'] {
  const { address, coordinates } = location ?? {}
  const isNowhere = coordinates?.latitude === NOWHERE.latitude && coordinates.longitude === NOWHERE.longitude
  const point = coordinates && !isNowhere ? { lat: coordinates.latitude, lng: coordinates.longitude } : undefined
  const text = address === undefined || address === NO_WORDS ? undefined : address
  return point || text ? { ...point, ...(text && { text }) } : undefined
}

/** The app sends its own clock, in UTC, where nobody said when it was. */
const UNSAID_WITHIN_SECONDS = 120
const MS_PER_DAY = 86_400_000

/** The time of day that a person said; undefined where it is only what the app's clock showed. */
export const saidTime = (time: string | null | undefined, now: Date): string | undefined =>
  time != null && secondsFromUtcClock(time, now) > UNSAID_WITHIN_SECONDS ? time : undefined

/** A time of day that nobody said is not known: what is counted from it is then counted from the first moment of the day. */
function occurredOf(
  { incident_date: date, incident_time: time }: AppReport,
  now: Date,
): Pick<Report, 'occurred_at' | 'occurred_precision'> {
  if (!date) return {}
  const said = saidTime(time, now)
  const occurred_at = momentOf(date, said ?? '00:00:00', CASE_TYPE.timeZone)
  if (occurred_at && occurred_at.getTime() <= now.getTime() + MS_PER_DAY)
    return { occurred_at, occurred_precision: said === undefined ? 'day' : 'exact' }
  const message = 'Must not be in the future'
  throw new Refusal('VALIDATION_FAILED', { errors: [{ path: 'body.incident_date', code: 'in_future', message }] })
}

const CHANNELS = { sms: 'sms', call: 'call', secure_message: 'app' } as const
const GENDERS = { male: 'male', female: 'female', no_preference: 'any' } as const

/** How somebody wants to be reached: a wish, and no consent to send anything (S2). */
export function contactOf({ communicationMethod, preferredGender }: Partial<Preferences>): {
  contact_safety?: Readonly<Record<string, unknown>>
} {
  const contact_safety = {
    ...(communicationMethod && { channel: CHANNELS[communicationMethod] }),
    ...(preferredGender && { wished_gender: GENDERS[preferredGender] }),
  }
  return Object.keys(contact_safety).length > 0 ? { contact_safety } : {}
}

/** What was said at all. */
export const withoutNulls = <T extends object>(given: T): { [Key in keyof T]?: NonNullable<T[Key]> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined)) as {
    [Key in keyof T]?: NonNullable<T[Key]>
  }
