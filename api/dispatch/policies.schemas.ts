import { z } from 'zod'
import { CHANNELS, LADDER_AUDIENCES, OFFER_MODES } from '../../domain/policy'
import { idField } from '../fields'
import { pageFields } from '../lists'

// Numbers are of any size here: which ones are fit to run is for the domain to say, with every fault at once.
const seconds = z.number()
const codeField = z.string().min(1).max(60)

const ladderStepField = z.strictObject({
  after_seconds: seconds,
  who: z.enum(LADDER_AUDIENCES),
  channels: z.array(z.enum(CHANNELS)).max(CHANNELS.length),
})

const clockField = z.strictObject({
  code: codeField,
  from: z.enum(['occurred_at']),
  seconds: z.number().int().min(1).max(31_536_000),
  warn_at: z.array(z.number().gt(0).lt(1)).max(10),
})

/** The body of a policy, as `engine.md` has it; all durations in seconds. */
const rules = {
  case_type: codeField,
  offer: z.strictObject({
    mode: z.enum(OFFER_MODES),
    broadcast_size: z.number().int().min(1).max(50),
    window_seconds: seconds,
    max_offers: z.number().int().min(1).max(100),
    search_seconds: seconds,
    cooldown_seconds: seconds,
    silences_to_unresponsive: z.number().int().min(1).max(100),
    provider_types: z.array(codeField).max(20),
  }),
  review: z.strictObject({ window_seconds: seconds }),
  start: z.strictObject({ nudge_seconds: seconds, escalate_seconds: seconds }),
  dispatch_ladder: z.array(ladderStepField).max(20),
  ladder_repeat_seconds: seconds,
  owner_idle_seconds: seconds,
  recheck_seconds: seconds,
  auto_close_seconds: seconds,
  clocks: z.array(clockField).max(10).optional().describe('Kept with the version; nothing is timed by them yet'),
}

export const policyBody = z.strictObject({
  ...rules,
  activate: z.boolean().default(false).describe('New incidents of the case type get it from now on'),
})

export const policiesQuery = z.strictObject(pageFields)

export const policySchema = z
  .object({
    id: idField,
    case_type: z.string(),
    version: z.number().int(),
    active: z.boolean(),
    rules: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Policy' })
