import type { Database, Transaction } from '../db/database'
import { activatePolicy, findActivePolicy, insertPolicy, lockPolicies } from '../db/policies.repository'
import { inTransaction } from '../db/unit-of-work'
import { CASE_TYPES, caseTypeOf } from '../domain/case-types'
import type { PolicyVersion } from '../domain/policy'
import { newId } from '../platform/ids'

/** The policy that a new incident of this case type gets; a case type that has none active is given its default. */
export async function activePolicyOf(trx: Transaction, caseType: string): Promise<PolicyVersion> {
  const active = await findActivePolicy(trx, caseType)
  if (active) return active
  await lockPolicies(trx, caseType)
  const made = await findActivePolicy(trx, caseType)
  if (made) return made
  const { policy: rules } = caseTypeOf(caseType)
  const id = newId()
  const version = await insertPolicy(trx, { id, rules, createdBy: null })
  await activatePolicy(trx, { id, caseType })
  return { id, case_type: caseType, version, active: true, rules }
}

/** Gives every case type that has no active policy its default one. Idempotent; processes that start at once agree on one version. */
export async function ensurePolicies(db: Database): Promise<void> {
  for (const code of Object.keys(CASE_TYPES)) await inTransaction(db, trx => activePolicyOf(trx, code))
}
