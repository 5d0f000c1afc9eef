/**
 * The closed list of refusal codes with the HTTP status each is answered with and its title. `docs/errors.md` is generated
 * from it and a test counts that every code is documented.
 */
export const REFUSALS = {
  VALIDATION_FAILED: { status: 400, title: 'Some fields are wrong' },
  BODY_MALFORMED: { status: 400, title: 'The body cannot be read' },
  TOKEN_MISSING: { status: 401, title: 'Sign in first' },
  TOKEN_INVALID: { status: 401, title: 'The access token is not valid' },
  TOKEN_EXPIRED: { status: 401, title: 'The session has expired' },
  SESSION_REVOKED: { status: 401, title: 'The session was ended' },
  API_KEY_INVALID: { status: 401, title: 'The API key is not valid' },
  CREDENTIALS_WRONG: { status: 401, title: 'Wrong name or password' },
  OTP_REQUIRED: { status: 401, title: 'A one-time code is needed too' },
  FORBIDDEN: { status: 403, title: 'Not allowed' },
  ACCESS_ENDED: { status: 403, title: 'Your access to this incident has ended' },
  INVITATION_REQUIRED: { status: 403, title: 'This role needs an invitation' },
  RECEIPT_FORGED: { status: 403, title: 'The receipt does not come from its vendor' },
  SECOND_FACTOR_REQUIRED: { status: 403, title: 'This needs a second factor' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is nothing at this address' },
  INCIDENT_NOT_FOUND: { status: 404, title: 'No such incident' },
  EXCLUSION_NOT_FOUND: { status: 404, title: 'This provider is not excluded' },
  PROVIDER_NOT_FOUND: { status: 404, title: 'No such provider' },
  USER_NOT_FOUND: { status: 404, title: 'No such user' },
  POLICY_NOT_FOUND: { status: 404, title: 'No such policy' },
  INVITATION_NOT_FOUND: { status: 404, title: 'No such invitation' },
  NOTICE_NOT_FOUND: { status: 404, title: 'No such notice' },
  SESSION_NOT_FOUND: { status: 404, title: 'No such session' },
  CONVERSATION_NOT_FOUND: { status: 404, title: 'No such conversation' },
  MESSAGE_NOT_FOUND: { status: 404, title: 'No such message' },
  ATTACHMENT_NOT_FOUND: { status: 404, title: 'No such upload, or it was sent already' },
  DEVICE_NOT_FOUND: { status: 404, title: 'No such device' },
  WEB_PUSH_KEY_NOT_FOUND: { status: 404, title: 'Nothing is pushed to browsers here' },
  DRILL_NOT_FOUND: { status: 404, title: 'No such drill' },
  WEBHOOK_NOT_FOUND: { status: 404, title: 'No such webhook' },
  DELIVERY_NOT_FOUND: { status: 404, title: 'No such delivery' },
  API_KEY_NOT_FOUND: { status: 404, title: 'No such API key' },
  PASSKEY_NOT_FOUND: { status: 404, title: 'No such passkey' },
  TOTP_NOT_FOUND: { status: 404, title: 'There are no one-time codes to confirm or to remove' },
  PAGE_NOT_FOUND: { status: 404, title: 'There is no such page' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method not allowed here' },
  OFFER_EXPIRED: { status: 409, title: 'The time to answer this offer is over' },
  OFFER_TAKEN: { status: 409, title: 'Somebody else has taken this case' },
  OFFER_WITHDRAWN: { status: 409, title: 'The offer was withdrawn' },
  OFFER_NOT_YOURS: { status: 409, title: 'This case was not offered to you' },
  INCIDENT_CLOSED: { status: 409, title: 'The incident is over' },
  TRANSITION_NOT_ALLOWED: { status: 409, title: 'Not possible in the present state' },
  CHANGED: { status: 409, title: 'The incident has changed since you saw it' },
  PROVIDER_AT_CAPACITY: { status: 409, title: 'The provider has no free place' },
  PROVIDER_EXCLUDED: { status: 409, title: 'The reporter has excluded this provider' },
  CONVERSATION_CLOSED: { status: 409, title: 'The conversation is closed' },
  DRILL_RUNNING: { status: 409, title: 'A drill is still running' },
  WEBHOOK_DISABLED: { status: 409, title: 'The webhook is disabled' },
  API_KEY_ENDED: { status: 409, title: 'The API key was revoked or replaced, or its time is over' },
  NOBODY_ASSIGNED: { status: 409, title: 'Nobody is assigned at the moment' },
  EMAIL_TAKEN: { status: 409, title: 'This address already has an account' },
  USERNAME_TAKEN: { status: 409, title: 'This user name is taken' },
  INVITATION_SPENT: { status: 409, title: 'The invitation is used, expired or for another address' },
  RESET_SPENT: { status: 409, title: 'The link was used, or its time is over' },
  TOTP_ENROLLED: { status: 409, title: 'One-time codes are set up already' },
  IDEMPOTENCY_KEY_REUSED: { status: 409, title: 'The idempotency key was used for another request' },
  IDEMPOTENCY_IN_PROGRESS: { status: 409, title: 'The first request with this key is still running' },
  VERSION_CONFLICT: { status: 412, title: 'Somebody else has edited this' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  FILE_TOO_LARGE: { status: 413, title: 'The file is too large' },
  MEDIA_TYPE_NOT_SUPPORTED: { status: 415, title: 'The body is of a type that is not taken here' },
  FILE_TYPE_NOT_SUPPORTED: { status: 415, title: 'Files of this type are not taken here' },
  RULE_BROKEN: { status: 422, title: 'A rule forbids this' },
  PASSKEY_REFUSED: { status: 422, title: 'The passkey was not accepted' },
  ACCOUNT_LOCKED: { status: 423, title: 'Too many failures; try again later' },
  VERSION_REQUIRED: { status: 428, title: 'Say which version you edit' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  INTERNAL: { status: 500, title: 'Something went wrong' },
  ENGINE_UNAVAILABLE: { status: 503, title: 'Not available at the moment' },
} as const satisfies Record<string, { status: number; title: string }>

export type RefusalCode = keyof typeof REFUSALS

export interface FieldFault {
  /** Dotted path from the request's part, e.g. `body.location.lat`. */
  readonly path: string
  readonly code: string
  readonly message: string
}

export interface RefusalMore {
  /** A sentence for the person; the title when absent. Never a name, an SQL text or a vendor's words. */
  readonly detail?: string
  readonly errors?: readonly FieldFault[]
  /** Further members of the problem document, e.g. `allowed`, `current`, `yours`. */
  readonly extra?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/** A named refusal: the only error that acts and routes throw on purpose. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  constructor(
    readonly code: RefusalCode,
    readonly more: RefusalMore = {},
  ) {
    super(more.detail ?? REFUSALS[code].title)
    this.status = REFUSALS[code].status
  }
}
