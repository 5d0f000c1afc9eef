import type { SendResult } from '../ports'

/** Is it a number as every network reads it: `+`, country code, at most 15 digits (E.164)? */
export const isE164 = (number: string): boolean => /^\+[1-9]\d{6,14}$/.test(number)

/** A number that no vendor can reach, whoever is asked. */
export const NUMBER_INVALID: SendResult = { state: 'failed', code: 'NUMBER_INVALID', permanent: true }
