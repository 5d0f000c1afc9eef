/** How a reporter may be reached; a wish, not yet a consent to send. */
export const CONTACT_CHANNELS = ['app', 'sms', 'email', 'call', 'none'] as const
export type ContactChannel = (typeof CONTACT_CHANNELS)[number]

export const WISHED_GENDERS = ['female', 'male', 'any'] as const
export type WishedGender = (typeof WISHED_GENDERS)[number]

/** What a responder must know before deciding to go: codes, shown before the accept (S3). */
export const SAFETY_FLAGS = [
  'perpetrator_present',
  'weapon',
  'children_present',
  'injured',
  'pregnant',
  'disability',
  'self_harm_risk',
  'needs_interpreter',
] as const
export type SafetyFlag = (typeof SAFETY_FLAGS)[number]

/** What a reporter says of being reached and met in safety; stored sealed. Hours are local times of day, `HH:MM`. */
export interface ContactSafety {
  readonly channel?: ContactChannel | undefined
  readonly hours?: { readonly from: string; readonly to: string } | undefined
  readonly wished_gender?: WishedGender | undefined
  readonly safety_flags?: readonly SafetyFlag[] | undefined
  readonly note?: string | undefined
}

/** How exactly a reporter knows when it happened. */
export const OCCURRED_PRECISIONS = ['exact', 'hour', 'day', 'week', 'month', 'unknown'] as const
export type OccurredPrecision = (typeof OCCURRED_PRECISIONS)[number]
