import { z } from 'zod'
import { idField } from '../../fields'
import { optionalText } from './accounts.schemas'
import { pageField } from './lists'

const count = z.number().int().min(0)

export const boardSchema = z
  .object({
    total_cases: count,
    active_cases: count,
    pending_dispatcher_review: count,
    unassigned_urgent_cases: count,
    total_providers: count,
    available_providers: count,
    providers_at_capacity: count,
    average_response_time_minutes: z.number(),
    cases_completed_today: count,
    cases_created_today: count,
    cases_by_status: z.object({
      new: count,
      pending_dispatcher_review: count,
      assigned: count,
      in_progress: count,
      completed: count,
      closed: count,
    }),
    cases_by_urgency: z.object({ routine: count, urgent: count, immediate: count }),
  })
  .meta({ id: 'AppBoard' })

const word = z.string().max(100).optional()

export const casesQuery = z.object({
  status: word.describe('One of the app’s words, or `urgent`'),
  urgency: word,
  type: word,
  assigned: word.describe('`true` or `false`'),
  sort: word,
  page: pageField,
})

export const networkQuery = z.object({ provider_type: word, available_only: word, page: pageField })

export const reassignBody = z.object({ new_provider_id: idField, reason: optionalText(500) })
