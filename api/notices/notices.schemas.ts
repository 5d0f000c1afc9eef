import { z } from 'zod'
import { NOTICE_STATES } from '../../domain/notices'
import { CHANNELS } from '../../domain/policy'
import { flagField, idField, timeField, timeOfDayField } from '../fields'
import { listOf, pageFields } from '../lists'

const channelField = z.enum(CHANNELS)

/** By which channels; each once, however often it is named. */
export const channelsField = z
  .array(channelField)
  .min(1)
  .max(CHANNELS.length)
  .default([...CHANNELS])
  .overwrite(channels => [...new Set(channels)])

export const noticeSchema = z
  .object({
    id: idField,
    kind: z.string(),
    reference: idField.nullable().describe('The incident it is about'),
    created_at: timeField,
    read_at: timeField.nullable(),
  })
  .meta({ id: 'Notice' })

export const inboxQuery = z.strictObject({
  ...pageFields,
  unread: flagField.optional().describe('Only those that you have not read; `false` is the whole inbox'),
})

export const inboxSchema = listOf(noticeSchema).extend({ unread_count: z.number().int().min(0) })

const attemptFields = {
  channel: channelField,
  state: z.enum(NOTICE_STATES),
  at: timeField.describe('Since when it is so'),
}
const attemptSchema = z.object(attemptFields)

/** What dispatch sees of an attempt: also why it failed. */
export const attemptSeenSchema = z.object({
  ...attemptFields,
  failure: z.string().nullable().describe('The code of the last failure, also of one that a later try made good'),
})

export const noticeDetailSchema = noticeSchema
  .extend({ attempts: z.array(attemptSchema).describe('By which channels it was sent, and what became of it') })
  .meta({ id: 'NoticeDetail' })

export const readAllBody = z.strictObject({
  up_to: idField.optional().describe('The newest notice that you have seen; without it all are read'),
})
export const readAllSchema = z.object({
  read: z.number().int().min(0).describe('How many of them were unread'),
  unread_count: z.number().int().min(0),
})

const quietHoursField = z
  .strictObject({ from: timeOfDayField, to: timeOfDayField })
  .refine(({ from, to }) => from !== to, {
    path: ['to'],
    params: { code: 'no_hours' },
    message: 'Must differ from `from`',
  })
  .nullable()
  .describe('Between these times of day, in your time zone, nothing is sent that may wait')

const ZONE_FORM = /^[A-Za-z][A-Za-z0-9_+/-]{1,63}$/

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const timeZoneField = z
  .string()
  .regex(ZONE_FORM, 'Must be a name such as Africa/Nairobi')
  .refine(isTimeZone, { params: { code: 'unknown_time_zone' }, message: 'Must be a name such as Africa/Nairobi' })
  .nullable()
  .meta({ examples: ['Africa/Nairobi'] })

const editFields = {
  push: z.boolean(),
  sms: z.boolean(),
  email: z.boolean(),
  quiet_hours: quietHoursField,
  time_zone: timeZoneField,
  digest: z.boolean().describe('Are notices that are not important gathered into one a day?'),
}

export const preferencesBody = z.strictObject({
  ...editFields,
  quiet_hours: editFields.quiet_hours.default(null),
  time_zone: editFields.time_zone.default(null),
  digest: editFields.digest.default(false),
})

export const preferencesEdit = z.strictObject(editFields).partial()

const channelSchema = z.object({
  enabled: z.boolean().describe('Do you want to be reached so?'),
  available: z.boolean().describe('Can this installation send so?'),
  addresses: z.number().int().min(0).describe('How many devices, numbers or addresses of yours it knows'),
})
const reachFields = { push: channelSchema, sms: channelSchema, email: channelSchema }

export const preferencesSchema = z
  .object({
    ...reachFields,
    quiet_hours: z.object({ from: z.string(), to: z.string() }).nullable(),
    time_zone: z.string().nullable().describe('Null: that of the case type'),
    digest: z.boolean(),
    told_at: timeField
      .nullable()
      .describe('When you said so; null while you have said nothing, and then nothing leaves the inbox of a survivor'),
  })
  .meta({ id: 'NotificationPreferences' })

export const testBody = z.strictObject({ channels: channelsField })
export const testSchema = z.object({ notice: noticeDetailSchema, ...reachFields })
