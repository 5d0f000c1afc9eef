import { REFUSALS, type FieldFault, type Refusal, type RefusalCode } from '../../../domain/refusals'
import type { Dialect } from '../../dialect'
import type { JsonSchema } from '../../docs/sample'
import type { Route } from '../../route'

const JSON_TYPE = 'application/json'
const NON_FIELD = 'non_field_errors'

/** What the app shows to a person, where the product's own words are not meant for one. */
const WORDS: Partial<Record<RefusalCode, string>> = {
  VALIDATION_FAILED: 'Please check what you have entered.',
  BODY_MALFORMED: 'This could not be read. Please try again.',
  TOKEN_MISSING: 'Please log in first.',
  TOKEN_INVALID: 'Please log in again.',
  TOKEN_EXPIRED: 'Please log in again.',
  SESSION_REVOKED: 'Please log in again.',
  CREDENTIALS_WRONG: 'The e-mail address or the password is wrong.',
  OTP_REQUIRED: 'Type your password, a space, and the six digits of your one-time code.',
  INVITATION_REQUIRED: 'Accounts for dispatchers and administrators are made by invitation only.',
  SECOND_FACTOR_REQUIRED: 'Your role needs a one-time code to log in.',
  EMAIL_TAKEN: 'There is an account with this e-mail address already.',
  ACCOUNT_LOCKED: 'Too many failed attempts. Please try again later.',
  RATE_LIMITED: 'Too many requests. Please try again later.',
  OFFER_TAKEN: 'Somebody else has taken this case.',
  OFFER_EXPIRED: 'The time to answer this request is over.',
  OFFER_NOT_YOURS: 'This case is not yours to answer.',
  IDEMPOTENCY_IN_PROGRESS: 'This is being done already. Please wait a moment.',
  ENGINE_UNAVAILABLE: 'Not available at the moment. Please try again.',
}

/** Refusals that concern one field of a form. */
const FIELD_OF: Partial<Record<RefusalCode, string>> = { EMAIL_TAKEN: 'email', USERNAME_TAKEN: 'email' }

/**
 * The app takes every 401 for an access token that ran out, gets a new one and asks again, without end: where no token is asked for it
 * must not see one.
 */
const statusOf = (code: RefusalCode, route: Pick<Route, 'permission'> | undefined): number =>
  REFUSALS[code].status === 401 && route?.permission === 'public' ? 400 : REFUSALS[code].status

/** What the app shows of a refusal. */
export const wordsOf = (refusal: Refusal): string => refusal.more.detail ?? WORDS[refusal.code] ?? refusal.message

function write(refusal: Refusal, { requestId, route }: { requestId: string; route: Route | undefined }) {
  const status = statusOf(refusal.code, route)
  const message = wordsOf(refusal)
  return {
    status,
    mediaType: JSON_TYPE,
    body: {
      success: false,
      message,
      errors: errorsOf(refusal, message, status),
      code: refusal.code,
      request_id: requestId,
    },
  }
}

/** The app takes any other top-level text for the fault of a field, so there is this map always. */
function errorsOf({ code, more }: Refusal, message: string, status: number): Record<string, string[]> {
  const errors: Record<string, string[]> = {}
  for (const fault of more.errors ?? []) (errors[fieldOf(fault)] ??= []).push(fault.message)
  if (Object.keys(errors).length > 0) return errors
  const field = FIELD_OF[code]
  if (field !== undefined) return { [field]: [message] }
  return status === 400 ? { [NON_FIELD]: [message] } : {}
}

/** `body.location.address` is told at `location`. */
const fieldOf = ({ path }: FieldFault): string => path.split('.')[1] ?? NON_FIELD

const SCHEMA = 'Refusal'

const schemas = (codes: readonly RefusalCode[]): Readonly<Record<string, JsonSchema>> => ({
  [SCHEMA]: {
    type: 'object',
    properties: {
      success: { type: 'boolean', enum: [false] },
      message: { type: 'string' },
      errors: { type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } } },
      code: { type: 'string', enum: codes },
      request_id: { type: 'string', format: 'uuid' },
    },
    required: ['success', 'message', 'errors', 'code', 'request_id'],
  },
})

function answers(codes: readonly RefusalCode[], route: Route) {
  const statuses = [...new Set(codes.map(code => statusOf(code, route)))]
  const content = { [JSON_TYPE]: { schema: { $ref: `#/components/schemas/${SCHEMA}` } } }
  const description = (status: number): string =>
    codes
      .filter(code => statusOf(code, route) === status)
      .map(code => `\`${code}\``)
      .join(', ')
  return Object.fromEntries(statuses.map(status => [status, { description: description(status), content }]))
}

/** How the Kintaraa app is told no, in the form that its screens read. */
export const dialect: Dialect = {
  title: 'Kesi for the Kintaraa app',
  description:
    'What the shipped Kintaraa app calls, in the form that it was written for. It does the same acts under the same rules as the product’s own API, which everything new should use.',
  write,
  schemas,
  answers,
}
