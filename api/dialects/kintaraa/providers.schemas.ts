import { z } from 'zod'
import { idField } from '../../fields'

const count = z.number().int().min(0)

/** A provider as dispatch sees them in the app; no address of theirs leaves (S4). */
export const networkSchema = z
  .object({
    id: idField,
    email: z.literal(''),
    first_name: z.string(),
    last_name: z.string(),
    full_name: z.string(),
    provider_type: z.string(),
    provider_type_display: z.string(),
    is_available: z.boolean(),
    profile: z.object({
      current_case_load: count,
      max_case_load: count,
      is_currently_available: z.boolean(),
      acceptance_rate: z.number().min(0).max(1).describe('1 where nobody was asked yet'),
    }),
  })
  .meta({ id: 'AppProvider' })

export const availableSchema = networkSchema
