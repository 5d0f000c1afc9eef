import type { IncidentListRow } from '../../../db/incident-lists.repository'
import { wordOf } from '../../../domain/statuses'
import type { Outline } from './incidents.views'
import { CASE_TYPE } from './words'

/** A row of a list as an outline. */
export const outlineOf = (row: IncidentListRow, service: string | null = null): Outline => ({
  id: row.id,
  code: row.code,
  status: row.status,
  urgency_word: wordOf(row),
  incident_type: row.incident_type,
  service,
  area: areaOf(row.region),
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
})

/** A coarse area by its code. */
export const areaOf = (region: string | null): Outline['area'] =>
  CASE_TYPE.areas.find(area => area.code === region) ?? null
