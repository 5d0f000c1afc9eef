import type { Database } from '../db/database'
import { activatePolicy, findActivePolicy, insertPolicy, lockPolicies } from '../db/policies.repository'
import { inTransaction } from '../db/unit-of-work'
import { CASE_TYPES } from '../domain/case-types'
import { newId } from '../platform/ids'

/**
 * Gives every case type that has no active policy its default one, so that no report is ever refused for want of rules. Idempotent;
 * processes that start at once agree on one version.
 */
export async function ensurePolicies(db: Database): Promise<void> {
  for (const { code, policy } of Object.values(CASE_TYPES)) {
    if (await findActivePolicy(db, code)) continue
    await inTransaction(db, async trx => {
      await lockPolicies(trx, code)
      if (await findActivePolicy(trx, code)) return
      const id = newId()
      await insertPolicy(trx, { id, rules: policy, createdBy: null })
      await activatePolicy(trx, { id, caseType: code })
    })
  }
}
