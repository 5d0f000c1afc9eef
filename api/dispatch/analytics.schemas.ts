import { z } from 'zod'
import { ANALYTICS_GROUPS, PHASES } from '../../db/analytics.repository'
import { SMALLEST_SHOWN } from '../../domain/small-counts'
import { OUTCOMES } from '../../domain/statuses'
import { caseTypeField } from '../incidents/incidents.schemas'

const dayField = z.iso.date()

export const analyticsQuery = z.strictObject({
  from: dayField.optional().describe('First day (UTC) of the reports; without it 30 days up to `to`'),
  to: dayField.optional().describe('Last day (UTC); today without it. At most 366 days'),
  group: z.enum(ANALYTICS_GROUPS).default('day'),
  case_type: caseTypeField.default('gbv'),
})

const perPhase = <T extends z.ZodType>(item: T) =>
  z.object(Object.fromEntries(PHASES.map(phase => [phase, item])) as Record<(typeof PHASES)[number], T>)
const perUrgency = <T extends z.ZodType>(item: T) => z.object({ urgent: item, routine: item })

const suppressed = z
  .boolean()
  .describe(`True for what stands for fewer than ${SMALLEST_SHOWN}, or would give such a one away`)
const seconds = z.number().nullable()

const figures = {
  count: z.number().int().nullable(),
  suppressed,
  escalation: z
    .object({ rate: z.number().min(0).max(1).nullable(), suppressed })
    .describe('The share that dispatch was called for at least once'),
  phases: perUrgency(perPhase(z.object({ p50_seconds: seconds, p90_seconds: seconds, suppressed }))),
}

/** How the incidents of a time fared, in numbers that point at nobody (S16). */
export const analyticsSchema = z
  .object({
    from: dayField,
    to: dayField,
    group: z.enum(ANALYTICS_GROUPS),
    case_type: caseTypeField,
    targets: perUrgency(perPhase(z.number().int().nullable())).describe('In seconds; null where there is none'),
    total: z.object(figures),
    outcomes: z
      .array(z.object({ outcome: z.enum(OUTCOMES).nullable(), count: z.number().int().nullable(), suppressed }))
      .describe('Null is for those without an outcome'),
    groups: z
      .array(z.object({ key: z.string().nullable(), name: z.string(), ...figures }))
      .describe('Every group there is, also the empty ones; the key null is for incidents in none of them'),
  })
  .meta({ id: 'Analytics' })
