import { z } from 'zod'

/** An id as the product writes it: a UUID, in lower case whatever the caller wrote. */
export const idField = z.uuid().toLowerCase()

/** A moment as it leaves: UTC with `Z`. */
export const timeField = z.iso.datetime()

/** A moment as it comes in: ISO 8601 with an offset or `Z`. */
export const givenTimeField = z.iso.datetime({ offset: true })

/** A local time of day. */
export const timeOfDayField = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'Must be a time of day such as 09:30')

/** The only parameter of most paths. */
export const idParams = z.strictObject({ id: idField })

// Line breaks and tabs are writing; other control characters are none, and PostgreSQL cannot store a zero byte.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/** Text somebody writes: trimmed, not empty, at most `max` characters, without control characters. */
export const textField = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine(text => !CONTROL.test(text), { message: 'Must not contain control characters' })

/** A whole number in a query. */
export const countField = z
  .string()
  .regex(/^\d{1,9}$/, 'Must be a whole number')
  .transform(Number)

/** `true` or `false` in a query. */
export const flagField = z.enum(['true', 'false']).transform(word => word === 'true')

// About a centimetre. Beyond it lies no place, and PostgreSQL refuses to square the smallest numbers there are.
const DEGREE_PARTS = 1e7
const degreesField = (most: number) =>
  z
    .number()
    .min(-most)
    .max(most)
    .overwrite(degrees => Math.round(degrees * DEGREE_PARTS) / DEGREE_PARTS)

/** A latitude in degrees, to the centimetre. */
export const latField = degreesField(90)

/** A longitude in degrees, to the centimetre. */
export const lngField = degreesField(180)
