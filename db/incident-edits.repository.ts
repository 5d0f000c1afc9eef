import type { Transaction } from './database'

/** The fields of an incident that were edited after this version, by whomever: its events say which version changed which. */
export async function findFieldsEditedSince(
  trx: Transaction,
  incidentId: string,
  version: number,
): Promise<ReadonlySet<string>> {
  const { rows } = await trx.raw<{ rows: { field: string }[] }>(
    `select distinct field
     from events e cross join lateral string_to_table(e.data->>'fields', ',') as field
     where e.incident_id = :incidentId and e.type = 'incident.edited' and (e.data->>'version')::integer > :version`,
    { incidentId, version },
  )
  return new Set(rows.map(row => row.field))
}
