import type { Database, Transaction } from './database'
import type { SealedName } from './person-names'

/** Who barred a provider. */
export type BarredBy = 'reporter' | 'dispatch'

/** A barred provider, with the sealed name and the key that opens it. */
export interface ExclusionRow extends SealedName {
  readonly provider_type: string
  readonly barred_by: BarredBy
  readonly barred_at: Date
}

/** Bars providers from an incident and answers those who were not barred before; ids that are no provider's are passed over. */
export async function insertExclusions(
  trx: Transaction,
  incidentId: string,
  providerIds: readonly string[],
  barredBy: BarredBy,
): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { provider_id: string }[] }>(
    `insert into exclusions (incident_id, provider_id, barred_by)
     select :incidentId, p.user_id, :barredBy from provider_profiles p where p.user_id = any(:ids)
     on conflict do nothing returning provider_id`,
    { incidentId, barredBy, ids: [...providerIds] },
  )
  return rows.map(row => row.provider_id)
}

/** Lifts the bars of these providers and answers whose there were. */
export async function deleteExclusions(
  trx: Transaction,
  incidentId: string,
  providerIds: readonly string[],
): Promise<string[]> {
  const rows = await trx('exclusions')
    .where({ incident_id: incidentId })
    .whereIn('provider_id', [...providerIds])
    .delete()
    .returning<{ provider_id: string }[]>('provider_id')
  return rows.map(row => row.provider_id)
}

/** Who is barred from an incident, and by whom. */
export async function findExclusions(
  trx: Transaction,
  incidentId: string,
): Promise<{ provider_id: string; barred_by: BarredBy }[]> {
  return trx('exclusions').where({ incident_id: incidentId }).orderBy('provider_id').select('provider_id', 'barred_by')
}

/** Who is barred from an incident, the first first. */
export async function listExclusions(db: Database, incidentId: string): Promise<ExclusionRow[]> {
  const { rows } = await db.raw<{ rows: ExclusionRow[] }>(
    `select u.id, u.username, u.first_name, u.last_name, u.is_anonymous, k.wrapped, p.provider_type, x.barred_by, x.barred_at
     from exclusions x
     join users u on u.id = x.provider_id
     join provider_profiles p on p.user_id = x.provider_id
     left join account_keys k on k.user_id = x.provider_id
     where x.incident_id = ?
     order by x.barred_at, u.id`,
    [incidentId],
  )
  return rows
}
