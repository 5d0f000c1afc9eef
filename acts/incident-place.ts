import type { Database, Transaction } from '../db/database'
import type { IncidentRow } from '../db/incident-rows'
import { findWrappedKey } from '../db/incidents.repository'
import { openJson } from '../db/vault'
import { positionOf, type Place, type Position } from '../domain/places'
import type { ActDeps } from './deps'

/** Where the incident is, for ranking by distance; null when it is not known or its key was destroyed. */
export async function placeOf(
  deps: Pick<ActDeps, 'vault'>,
  trx: Database | Transaction,
  row: Pick<IncidentRow, 'id' | 'place'>,
): Promise<Position | null> {
  if (row.place === null) return null
  const wrapped = await findWrappedKey(trx, row.id)
  if (wrapped === null) return null
  return positionOf(openJson<Place>(deps.vault.keyOf(row.id, wrapped), 'incidents', row.id, 'place', row.place))
}
