import { LADDER_ROLES } from '../domain/dispatch-audience'
import type { LadderAudience } from '../domain/policy'
import type { Transaction } from './database'

/** The ids of the active accounts whom a step of the dispatch ladder wakes; empty when there is nobody. */
export async function findLadderAudience(trx: Transaction, who: LadderAudience): Promise<string[]> {
  const { roles, onDutyOnly } = LADDER_ROLES[who]
  const query = trx<{ id: string; role: string; status: string; on_duty: boolean }>('users')
    .whereIn('role', [...roles])
    .where({ status: 'active' })
  const rows = await (onDutyOnly ? query.where({ on_duty: true }) : query).select('id')
  return rows.map(row => row.id)
}

/** The ids of the active administrators. */
export async function listActiveAdmins(trx: Transaction): Promise<string[]> {
  const rows = await trx<{ id: string; role: string; status: string }>('users')
    .where({ role: 'admin', status: 'active' })
    .select('id')
  return rows.map(row => row.id)
}
