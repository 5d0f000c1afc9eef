import { z } from 'zod'
import { CASE_TYPE_CODES, CASE_TYPES } from '../../domain/case-types'
import { CONTACT_CHANNELS, OCCURRED_PRECISIONS, SAFETY_FLAGS, WISHED_GENDERS } from '../../domain/contact-safety'
import { SUBJECT_CONSENTS } from '../../domain/incident-access'
import { ACTS } from '../../domain/lifecycle'
import {
  ESCALATION_REASONS,
  LANGUAGES,
  OFFER_STATES,
  STATED_OUTCOMES,
  REJECT_REASONS,
  STATUSES,
  URGENCIES,
  URGENCY_WORDS,
  urgencyOf,
} from '../../domain/statuses'
import { flagField, givenTimeField, idField, latField, lngField, textField, timeField, timeOfDayField } from '../fields'
import { orderingField, pageFields } from '../lists'

export const caseTypeField = z.enum(CASE_TYPE_CODES as [string, ...string[]])
export const statusField = z.enum(STATUSES)
export const urgencyField = z.enum(URGENCIES)
const urgencyWordField = z.enum(URGENCY_WORDS)
const ALL_INCIDENT_TYPES = [...new Set(Object.values(CASE_TYPES).flatMap(each => each.incidentTypes))]
const incidentTypeField = z.enum(ALL_INCIDENT_TYPES as [string, ...string[]])

const titleField = textField(200)
const descriptionField = textField(10_000)

const locationField = z
  .strictObject({
    lat: latField.optional(),
    lng: lngField.optional(),
    text: textField(500).optional(),
  })
  .superRefine(({ lat, lng, text }, context) => {
    if (lat === undefined && lng === undefined && text !== undefined) return
    const missing = { lat, lng }
    for (const [field, value] of Object.entries(missing))
      if (value === undefined)
        context.addIssue({ code: 'custom', path: [field], params: { code: 'required' }, message: 'This is required' })
  })
  .describe('A point, words for it where the point is not known, or both')

/** How much a report may say in fields of its own, as JSON. */
const DETAILS_CHARACTERS = 20_000
const detailsField = z
  .record(z.string().min(1).max(100), z.unknown())
  .refine(details => JSON.stringify(details).length <= DETAILS_CHARACTERS, {
    params: { code: 'too_big' },
    message: `Must be at most ${DETAILS_CHARACTERS} characters of JSON`,
  })
  .describe('Fields of your own, kept sealed')

const contactSafetyField = z
  .strictObject({
    channel: z.enum(CONTACT_CHANNELS).optional().describe('A wish, not yet a consent to send'),
    hours: z.strictObject({ from: timeOfDayField, to: timeOfDayField }).optional().describe('Local times of day'),
    wished_gender: z.enum(WISHED_GENDERS).optional().describe('Of the responder'),
    safety_flags: z.array(z.enum(SAFETY_FLAGS)).max(SAFETY_FLAGS.length).optional(),
    note: textField(500).optional(),
    excluded_providers: z.array(idField).max(100).optional().describe('Never asked, and never told'),
  })
  .describe('How the reporter can be reached and met in safety')

const subjectField = z
  .strictObject({
    name: textField(200).optional(),
    phone: textField(50).optional(),
    note: textField(2_000).optional(),
  })
  .describe(
    'Whom a report on behalf is about: write it here and nowhere else. Nobody but you sees it before they agreed, or before somebody recorded that they are in imminent danger',
  )
const subjectConsentField = z
  .enum(SUBJECT_CONSENTS)
  .describe('Whether the subject agreed to be known; not asked is the same as no')

// A phone's clock may be ahead of ours; by more than a day it is a mistake in the date.
const CLOCK_AHEAD_MS = 86_400_000
const occurredAtField = givenTimeField
  .refine(text => Date.parse(text) <= Date.now() + CLOCK_AHEAD_MS, {
    params: { code: 'in_future' },
    message: 'Must not be in the future',
  })
  .transform(text => new Date(text))
const occurredPrecisionField = z.enum(OCCURRED_PRECISIONS)

const isObject = ({ value }: { value: unknown }): boolean => typeof value === 'object' && value !== null

export const reportBody = z
  .strictObject({
    case_type: caseTypeField.default('gbv'),
    urgency: urgencyField,
    urgency_word: urgencyWordField
      .optional()
      .describe('How the reporter put it; kept, while the engine goes by the urgency'),
    title: titleField.optional(),
    description: descriptionField.optional(),
    incident_type: incidentTypeField.optional(),
    occurred_at: occurredAtField.optional(),
    occurred_precision: occurredPrecisionField.optional(),
    location: locationField.optional(),
    details: detailsField.optional(),
    contact_safety: contactSafetyField.optional(),
    client_id: textField(100).optional().describe('Your own id for this report: repeated, it answers the first'),
    on_behalf: z
      .boolean()
      .optional()
      .describe("Somebody else's case; a provider's or a dispatcher's report always is, and one with a subject"),
    subject: subjectField.optional(),
    subject_consent: subjectConsentField.optional(),
  })
  .refine(({ on_behalf, subject, subject_consent }) => on_behalf !== false || (!subject && !subject_consent), {
    path: ['subject'],
    params: { code: 'not_on_behalf' },
    message: 'Only a report on behalf of somebody has a subject',
    when: isObject,
  })
  .refine(({ urgency, urgency_word }) => urgency_word === undefined || urgencyOf(urgency_word) === urgency, {
    path: ['urgency_word'],
    params: { code: 'invalid_value' },
    message: 'Is no word for this urgency',
    when: isObject,
  })
  .refine(
    ({ case_type, incident_type }) =>
      incident_type === undefined || (CASE_TYPES[case_type ?? 'gbv']?.incidentTypes.includes(incident_type) ?? true),
    {
      path: ['incident_type'],
      params: { code: 'invalid_value' },
      message: 'Is no incident type of this case type',
      when: isObject,
    },
  )

const editedFields = {
  title: titleField.nullable().optional(),
  description: descriptionField.nullable().optional(),
  incident_type: incidentTypeField.nullable().optional(),
  occurred_at: occurredAtField.nullable().optional(),
  occurred_precision: occurredPrecisionField.nullable().optional(),
  location: locationField.nullable().optional(),
  details: detailsField.nullable().optional(),
  contact_safety: contactSafetyField.nullable().optional(),
  subject: subjectField.nullable().optional(),
  subject_consent: subjectConsentField.optional(),
}
/** The fields of an edit, as they come in. */
export const editedFieldsBody = z.strictObject(editedFields)

export const editBody = z
  .strictObject({
    version: z.number().int().min(1).optional().describe('The version you edit, unless If-Match says it'),
    base_version: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('Instead of the version: the older one that you edited, perhaps without a network; the edit is merged'),
    base: editedFieldsBody
      .optional()
      .describe('What the fields were on `base_version`, as far as you still have them: it settles more conflicts'),
    ...editedFields,
  })
  .refine(({ version, base_version }) => version === undefined || base_version === undefined, {
    path: ['base_version'],
    params: { code: 'not_together' },
    message: 'Say either the version or the one to merge with',
    when: isObject,
  })
  .refine(({ base, base_version }) => base === undefined || base_version !== undefined, {
    path: ['base_version'],
    params: { code: 'required' },
    message: 'Say of which version this is the base',
    when: isObject,
  })

export const answerBody = z.strictObject({ offer_id: idField.optional() })

export const rejectBody = z.strictObject({
  reason: z.enum(REJECT_REASONS),
  note: textField(500).optional(),
  offer_id: idField.optional(),
})

export const workBody = z.strictObject({
  status: z.enum(['in_progress', 'completed']),
  outcome: z.enum(STATED_OUTCOMES).optional().describe('Needed to complete'),
  note: textField(2_000).optional(),
})

/** A reason is a code or a person's words; whether it is needed is a rule (422), not a matter of form. */
export const reasonField = textField(500).optional().describe('A code, or your own words, which are kept sealed')
export const revField = z.number().int().min(1).optional().describe('The revision your screen showed')
export const endBody = z.strictObject({ reason: reasonField, rev: revField })
export const handBackBody = z.strictObject({ reason: reasonField })

/** One word, or several with commas between them. */
export const wordsField = <const Word extends string>(words: readonly Word[]) =>
  z
    .string()
    .transform(text => text.split(','))
    .pipe(z.array(z.enum(words)).min(1))

/** Titles are sealed: to search them, so many of the newest are opened. */
export const TITLES_SEARCHED = 500

export const incidentsQuery = z.strictObject({
  ...pageFields,
  status: wordsField(STATUSES).optional().describe('One or several, with commas'),
  urgency: urgencyField.optional(),
  case_type: caseTypeField.optional(),
  incident_type: incidentTypeField.optional(),
  mine: flagField.optional(),
  escalated: flagField.optional(),
  assigned_to: idField.optional(),
  created_after: givenTimeField.transform(text => new Date(text)).optional(),
  created_before: givenTimeField.transform(text => new Date(text)).optional(),
  search: textField(100)
    .optional()
    .describe(
      `The beginning of a code, an incident type or an area, in capitals or not; for reporters and providers also all words of a title, among their ${TITLES_SEARCHED} newest`,
    ),
  ordering: orderingField(['created_at', 'updated_at'], '-created_at'),
})

export const timelineQuery = z.strictObject({
  verify: z.enum(['1', 'true']).optional().describe('Administrators only'),
})

const offerSeenSchema = z.object({ id: idField, expires_at: timeField, seconds_left: z.number().int().min(0) })

const shared = {
  id: idField,
  code: z.string(),
  case_type: caseTypeField,
  urgency: urgencyField,
  urgency_word: urgencyWordField.describe('As it was reported; the urgency itself where no other word was used'),
  status: statusField,
  rev: z.number().int(),
  version: z.number().int(),
  title: z.string().nullable(),
  incident_type: z.string().nullable(),
  owner: z.object({ id: idField }).nullable(),
  held: z.boolean(),
  escalation_reason: z.enum(ESCALATION_REASONS).nullable(),
  offer: offerSeenSchema.nullable(),
  outcome: z.string().nullable(),
  created_at: timeField,
  updated_at: timeField,
}

/** Everything of an incident, for those who may see it. */
export const incidentSchema = z
  .object({
    ...shared,
    description: z.string().nullable(),
    occurred_at: timeField.nullable(),
    occurred_precision: z.string().nullable(),
    location: z
      .object({
        lat: z.number().nullable(),
        lng: z.number().nullable(),
        text: z.string().nullable(),
        area: z.string().nullable(),
      })
      .nullable(),
    details: z.record(z.string(), z.unknown()).nullable(),
    contact_safety: z.record(z.string(), z.unknown()).nullable(),
    on_behalf: z.boolean(),
    subject_consent: z.enum(SUBJECT_CONSENTS).nullable().describe('Null unless it is a report on behalf'),
    subject: z
      .object({ name: z.string().nullable(), phone: z.string().nullable(), note: z.string().nullable() })
      .nullable()
      .describe('Whom it is about (S7): null until they agreed or are in imminent danger, for all but who told it'),
    reporter: z.object({ id: idField, name: z.string().nullable() }).nullable(),
    assigned_to: z
      .object({ id: idField, name: z.string().nullable(), provider_type: z.string().nullable() })
      .nullable(),
    voice_recording_id: idField.nullable(),
    message_count: z.number().int(),
  })
  .meta({ id: 'Incident' })

/** An incident after an edit; a merged one says what became of each field. */
export const editedSchema = incidentSchema
  .extend({
    merge: z
      .object({
        merged: z.array(z.string()).describe('Fields that are now as you want them'),
        conflicts: z
          .array(z.object({ field: z.string(), base: z.unknown(), yours: z.unknown(), current: z.unknown() }))
          .describe('Fields that somebody else has changed too: nothing was written, let a person decide'),
      })
      .optional()
      .describe('Only after an edit with `base_version`'),
  })
  .meta({ id: 'EditedIncident' })

/** A row of a list: no text, no exact place, no name. */
export const incidentRowSchema = z
  .object({
    ...shared,
    area: z.string().nullable(),
    assigned_to: z.object({ id: idField, provider_type: z.string().nullable() }).nullable(),
  })
  .meta({ id: 'IncidentRow' })

const count = z.number().int().min(0)

/** Figures of the incidents that somebody may see. */
export const statsSchema = z
  .object({
    since: timeField
      .nullable()
      .describe('The figures are of the incidents that are open or were reported since then; null: of all'),
    total: count,
    open: count,
    by_status: z.record(z.enum(STATUSES), count),
    by_urgency: z.record(z.enum(URGENCIES), count),
    by_type: z.array(z.object({ type: z.string().nullable(), count })).describe('The most frequent first'),
    average_response_seconds: z.number().int().min(0).nullable().describe('From the report to the assignment'),
    recent: z.array(incidentRowSchema),
  })
  .meta({ id: 'IncidentStats' })

/** What a provider sees before accepting (S3). */
export const previewSchema = z
  .object({
    id: idField,
    code: z.string(),
    urgency: urgencyField,
    service: z.string().nullable(),
    area: z.string().nullable(),
    language: z.enum(LANGUAGES).nullable(),
    wished_gender: z.string().nullable(),
    safety_flags: z.array(z.string()),
    offer: offerSeenSchema.nullable(),
  })
  .meta({ id: 'IncidentPreview' })

export const seenSchema = z.union([incidentSchema, previewSchema])

export const rejectedSchema = z.object({ status: z.literal('rejected') })
export const handedBackSchema = z.object({ status: z.literal('handed_back') })

export const timelineEntrySchema = z
  .object({
    id: idField,
    type: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    actor_role: z.string(),
    actor_id: idField.nullable(),
    at: timeField,
    text: z.string(),
    reason: z.string().nullable(),
    note: z.string().nullable(),
    request_id: idField.nullable(),
  })
  .meta({ id: 'TimelineEntry' })

export const verificationSchema = z
  .object({ valid: z.boolean(), checked: z.number().int(), broken_at: z.number().int().optional() })
  .meta({ id: 'TimelineVerification' })

export const offerSchema = z
  .object({
    id: idField,
    provider: idField,
    provider_name: z.string().nullable(),
    round: z.number().int(),
    state: z.enum(OFFER_STATES),
    offered_at: timeField,
    expires_at: timeField,
    answered_at: timeField.nullable(),
    reason: z.string().nullable(),
    candidates: z.array(
      z.object({
        provider: idField,
        chosen: z.boolean(),
        rank: z.number().int().nullable(),
        reasons: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'Offer' })

export const actionsSchema = z
  .object({
    status: statusField,
    rev: z.number().int(),
    actions: z.array(z.enum(ACTS)),
    outcomes: z.array(z.enum(STATED_OUTCOMES)),
  })
  .meta({ id: 'Actions' })
