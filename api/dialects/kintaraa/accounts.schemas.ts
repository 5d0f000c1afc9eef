import { z } from 'zod'
import { ROLES } from '../../../domain/actors'
import { CASE_TYPE, serviceOf } from './words'
import { newPasswordField } from '../../accounts/accounts.schemas'
import { idField, textField, timeField } from '../../fields'

/** What a field of a form holds that was left empty: nothing. */
export const optionalText = (max: number) =>
  z
    .string()
    .nullish()
    .transform(text => text?.trim() || undefined)
    .pipe(textField(max).optional())

const serviceField = z
  .string()
  .nullish()
  .transform(word => word || undefined)
  .refine(word => word === undefined || serviceOf(word) !== undefined, 'Choose a provider type from the list')

const isObject = ({ value }: { value: unknown }): boolean => typeof value === 'object' && value !== null

export const registerBody = z
  .object({
    email: z.string().trim().pipe(z.email('Please enter an e-mail address').max(254)),
    password: newPasswordField,
    confirm_password: z.string().optional(),
    first_name: optionalText(100),
    last_name: optionalText(100),
    role: z.enum(ROLES),
    provider_type: serviceField,
    is_anonymous: z.boolean().nullish(),
  })
  .refine(({ password, confirm_password }) => confirm_password === undefined || confirm_password === password, {
    path: ['confirm_password'],
    message: 'The two passwords differ',
    when: isObject,
  })
  .refine(({ role, provider_type }) => role !== 'provider' || provider_type !== undefined, {
    path: ['provider_type'],
    message: 'Choose a provider type',
    when: isObject,
  })

export const loginBody = z.object({
  email: z.string('Please enter your e-mail address').trim().min(1, 'Please enter your e-mail address').max(254),
  password: z
    .string('Please enter your password')
    .min(1, 'Please enter your password')
    .max(1_000)
    .describe('Where the account has one-time codes: the password, a space, and the six digits'),
})

const refreshField = z.string().min(1).max(200)
export const refreshBody = z.object({ refresh: refreshField })
export const logoutBody = z.object({ refresh: refreshField.nullish() })
export const editMeBody = z.object({ first_name: optionalText(100), last_name: optionalText(100) })

export const userSchema = z
  .object({
    id: idField,
    email: z.string(),
    first_name: z.string(),
    last_name: z.string(),
    full_name: z.string(),
    role: z.enum(ROLES),
    role_display: z.string(),
    provider_type: z
      .string()
      .nullable()
      .describe(CASE_TYPE.providerTypes.map(({ code }) => code).join(', ')),
    provider_type_display: z.string().nullable(),
    is_anonymous: z.boolean(),
    biometric_enabled: z.boolean(),
    is_active: z.boolean(),
    last_login: timeField.nullable(),
    created_at: timeField,
    updated_at: timeField,
  })
  .meta({ id: 'AppUser' })

const done = { success: z.literal(true) }

export const refreshedSchema = z.object({ ...done, access: z.string(), refresh: z.string() })
export const meSchema = z.object({ ...done, user: userSchema })
export const signedInSchema = refreshedSchema.extend({
  message: z.string(),
  user: userSchema,
  tokens: z.object({ access: z.string(), refresh: z.string() }),
})
export const biometricSchema = z.object({ ...done, biometric_enabled: z.boolean() })
export const healthSchema = z.object({ ...done, message: z.string(), status: z.literal('ok'), timestamp: timeField })
export const rolesSchema = z.object({
  ...done,
  roles: z.array(z.object({ value: z.enum(ROLES), label: z.string() })),
})
