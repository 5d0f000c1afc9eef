import { z } from 'zod'
import { EXCLUSIONS_AT_MOST } from '../../acts/edit-exclusions'
import { idField, timeField } from '../fields'

export const exclusionsBody = z.strictObject({ providers: z.array(idField).min(1).max(EXCLUSIONS_AT_MOST) })

export const exclusionParams = z.strictObject({ id: idField, provider: idField })

/** Somebody who is never offered the incident. */
export const exclusionSchema = z
  .object({
    provider: idField,
    provider_name: z.string().nullable(),
    provider_type: z.string(),
    barred_by: z.enum(['reporter', 'dispatch']).describe('What the reporter barred, only the reporter lifts'),
    barred_at: timeField,
    is_assigned: z.boolean().describe('Works on it at present: dispatch was called to decide'),
  })
  .meta({ id: 'Exclusion' })

/** One reading of an incident. */
export const accessSchema = z
  .object({
    at: timeField,
    actor_role: z.string(),
    what: z.string().describe('A code such as `incident.read`, `incident.preview` or `incident.timeline`'),
  })
  .meta({ id: 'Access' })
