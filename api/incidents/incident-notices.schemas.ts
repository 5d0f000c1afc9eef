import { z } from 'zod'
import { ROLES } from '../../domain/actors'
import { idField, timeField } from '../fields'
import { attemptSeenSchema } from '../notices/notices.schemas'

/** A notice about an incident, as dispatch sees it. */
export const incidentNoticeSchema = z
  .object({
    id: idField,
    kind: z.string(),
    role: z.enum(ROLES).describe('In which role somebody was told'),
    person: z
      .object({ id: idField, name: z.string() })
      .nullable()
      .describe('Who of the staff or the providers was told; the reporter is not named here'),
    created_at: timeField,
    read_at: timeField.nullable(),
    withdrawn_at: timeField.nullable().describe('When what it said was over'),
    channels: z.array(attemptSeenSchema),
  })
  .meta({ id: 'IncidentNotice' })
