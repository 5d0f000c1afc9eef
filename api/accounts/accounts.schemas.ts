import { z } from 'zod'
import { ROLES, type Role } from '../../domain/actors'
import { PROVIDER_TYPES } from '../../domain/case-types'
import { LANGUAGES } from '../../domain/statuses'
import { PASSWORD_MAX, PASSWORD_MIN, passwordFault, type PasswordFault } from '../../platform/password'
import { flagField, idField, textField, timeField } from '../fields'
import { orderingField, pageFields } from '../lists'
import { registrationTokenField } from './devices.schemas'

const roleField = z.enum(ROLES)
const languageField = z.enum(LANGUAGES)
const providerTypeField = z.enum([...new Set(PROVIDER_TYPES.map(type => type.code))])
const verificationField = z.enum(['pending', 'verified', 'refused'])

const emailField = z.email().max(254)
const USERNAME_FORM = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{2,39}$/u
const usernameField = z
  .string()
  .trim()
  .regex(USERNAME_FORM, 'Must be 3 to 40 letters, digits, dots, lines or hyphens, and begin with a letter or digit')
const nameField = textField(100)
const phoneField = z
  .string()
  .overwrite(text => text.replace(/[\s().-]/g, ''))
  .regex(/^\+[1-9]\d{6,14}$/, 'Must be an international number such as +254700000000')

const PASSWORD_FAULTS: Record<PasswordFault, string> = {
  too_short: `Must have at least ${PASSWORD_MIN} characters`,
  too_long: `Must have at most ${PASSWORD_MAX} characters`,
  too_common: 'Too easy to guess',
}

/** A password that somebody chooses. */
export const newPasswordField = z.string().superRefine((password, context) => {
  const code = passwordFault(password)
  if (code) context.addIssue({ code: 'custom', params: { code }, message: PASSWORD_FAULTS[code] })
})

/** A password that is tried. Hashing time grows with length, so it ends somewhere. */
export const triedPasswordField = z.string().min(1).max(1_000)

/** For rules between fields: they are judged beside the faults of single fields, so that a caller hears of all at once. */
const isObject = ({ value }: { value: unknown }): boolean => typeof value === 'object' && value !== null
const rule = (path: string, code: string, message: string) => ({
  path: [path],
  params: { code },
  message,
  when: isObject,
})

const NEED_AN_ADDRESS: readonly Role[] = ['provider', 'dispatcher', 'admin']

const FIELDS_OF_A_REGISTRATION = z.strictObject({
  email: emailField.optional(),
  username: usernameField.optional(),
  password: newPasswordField,
  confirm_password: z.string().optional().describe('Must equal the password, when given'),
  role: roleField,
  provider_type: providerTypeField.optional(),
  first_name: nameField.optional(),
  last_name: nameField.optional(),
  phone: phoneField.optional(),
  language: languageField.default('en'),
  invitation: z.string().min(1).max(200).optional().describe('Needed by dispatchers and administrators'),
  is_anonymous: z.boolean().default(false),
})

export const registerBody = FIELDS_OF_A_REGISTRATION.refine(
  ({ email, username }) => email !== undefined || username !== undefined,
  rule('email', 'required', 'Give an e-mail address or a user name'),
)
  .refine(
    ({ role, email, username }) => !NEED_AN_ADDRESS.includes(role) || email !== undefined || username === undefined,
    rule('email', 'required', 'This role needs an e-mail address'),
  )
  .refine(
    ({ role, provider_type }) => role !== 'provider' || provider_type !== undefined,
    rule('provider_type', 'required', 'A provider needs a type'),
  )
  .refine(
    ({ role, provider_type }) => role === 'provider' || provider_type === undefined,
    rule('provider_type', 'not_allowed', 'Only a provider has a type'),
  )
  .refine(
    ({ role, invitation }) => role === 'dispatcher' || role === 'admin' || invitation === undefined,
    rule('invitation', 'not_allowed', 'This role needs no invitation'),
  )
  .refine(
    ({ role, is_anonymous }) => role === 'survivor' || is_anonymous !== true,
    rule('is_anonymous', 'not_allowed', 'Only a survivor can be anonymous'),
  )
  .refine(
    ({ password, confirm_password }) => confirm_password === undefined || confirm_password === password,
    rule('confirm_password', 'differs', 'The two passwords differ'),
  )

/** How somebody calls themselves who signs in, or would like to. */
const loginNameFields = {
  email: z.string().min(1).max(254).optional(),
  username: z.string().min(1).max(254).optional(),
}
const oneName = ({ email, username }: { email?: string | undefined; username?: string | undefined }): boolean =>
  (email === undefined) !== (username === undefined)
const ONE_NAME = rule('email', 'required', 'Give the e-mail address or the user name')

/** A one-time code; people type it in two halves. */
export const otpField = z
  .string()
  .overwrite(text => text.replace(/\s/g, ''))
  .regex(/^\d{6}$/, 'Must be six digits')

export const loginBody = z
  .strictObject({
    ...loginNameFields,
    password: triedPasswordField,
    otp: otpField.optional().describe('The one-time code, where the account has one'),
  })
  .refine(oneName, ONE_NAME)

export const askForResetBody = z.strictObject(loginNameFields).refine(oneName, ONE_NAME)

const refreshField = z.string().min(1).max(200)
export const refreshBody = z.strictObject({ refresh: refreshField })
export const logoutBody = z.strictObject({
  refresh: refreshField.optional(),
  registration_token: registrationTokenField.optional().describe('The device to which nothing is pushed any more'),
})

export const editMeBody = z.strictObject({
  first_name: nameField.nullable().optional(),
  last_name: nameField.nullable().optional(),
  phone: phoneField.nullable().optional(),
  language: languageField.optional(),
  is_anonymous: z.boolean().optional(),
  on_duty: z
    .boolean()
    .optional()
    .describe('Dispatchers and administrators: are you called when a case needs a person?'),
})

export const verifyBody = z.strictObject({
  decision: z.enum(['verified', 'refused']),
  reason: z.string().min(1).max(500).optional(),
})

export const editUserBody = z
  .strictObject({
    role: roleField.optional(),
    is_active: z.boolean().optional(),
    provider_type: providerTypeField.optional().describe('Needed when somebody becomes a provider'),
  })
  .refine(
    ({ role, is_active }) => role !== undefined || is_active !== undefined,
    rule('role', 'required', 'Give a role, or whether the account is active'),
  )
  .refine(
    ({ role, provider_type }) => role === 'provider' || provider_type === undefined,
    rule('provider_type', 'not_allowed', 'Only a provider has a type'),
  )

export const inviteBody = z.strictObject({ email: emailField, role: z.enum(['dispatcher', 'admin']) })

export const usersQuery = z.strictObject({
  ...pageFields,
  role: roleField.optional(),
  verification: verificationField.optional(),
  is_active: flagField.optional(),
  ordering: orderingField(['created_at', 'last_login_at'], '-created_at'),
})

export const invitationsQuery = z.strictObject(pageFields)

export const userSchema = z
  .object({
    id: idField,
    email: z.string().nullable(),
    username: z.string().nullable(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    full_name: z.string(),
    role: roleField,
    role_display: z.string(),
    provider_type: z.string().nullable(),
    provider_type_display: z.string().nullable(),
    verification: verificationField.nullable(),
    language: languageField,
    is_anonymous: z.boolean(),
    biometric_enabled: z.boolean(),
    is_active: z.boolean(),
    on_duty: z.boolean().nullable().describe('Of dispatchers and administrators; null for everybody else'),
    last_login: timeField.nullable(),
    created_at: timeField,
    updated_at: timeField,
  })
  .meta({ id: 'User' })

const tokensSchema = z.object({ access: z.string(), refresh: z.string() }).meta({ id: 'Tokens' })

export const refreshedSchema = z.object({
  success: z.literal(true),
  access: z.string(),
  refresh: z.string(),
  tokens: tokensSchema,
})

export const signedInSchema = refreshedSchema.extend({ message: z.string(), user: userSchema }).meta({ id: 'SignedIn' })

export const sessionSchema = z
  .object({
    id: idField,
    current: z.boolean(),
    device: z.string().nullable(),
    created_at: timeField,
    last_used_at: timeField,
  })
  .meta({ id: 'Session' })

export const invitationSchema = z
  .object({
    id: idField,
    role: roleField,
    invited_by: idField.nullable(),
    created_at: timeField,
    expires_at: timeField,
    used_at: timeField.nullable(),
  })
  .meta({ id: 'Invitation' })

export const newInvitationSchema = z.object({ id: idField, token: z.string(), expires_at: timeField })

export const healthSchema = z.object({
  status: z.literal('ok'),
  timestamp: timeField,
  success: z.literal(true),
  message: z.string(),
})

export const rolesSchema = z.object({
  success: z.literal(true),
  roles: z.array(z.object({ value: roleField, label: z.string() })),
})
