import type { Policy, PolicyVersion } from '../domain/policy'
import type { Database, Transaction } from './database'

interface PolicyRow {
  id: string
  case_type: string
  version: number
  rules: Policy
  active: boolean
}

const toVersion = ({ id, case_type, version, active, rules }: PolicyRow): PolicyVersion => ({
  id,
  case_type,
  version,
  active,
  rules,
})

export async function findPolicy(db: Database | Transaction, id: string): Promise<PolicyVersion | undefined> {
  const row = await db<PolicyRow>('policies').where({ id }).first()
  return row && toVersion(row)
}

/** The version that new incidents of the case type get. */
export async function findActivePolicy(
  db: Database | Transaction,
  caseType: string,
): Promise<PolicyVersion | undefined> {
  const row = await db<PolicyRow>('policies').where({ case_type: caseType, active: true }).first()
  return row && toVersion(row)
}

/** All versions, newest first within a case type. */
export async function listPolicies(db: Database | Transaction): Promise<PolicyVersion[]> {
  const rows = await db<PolicyRow>('policies').orderBy([{ column: 'case_type' }, { column: 'version', order: 'desc' }])
  return rows.map(toVersion)
}

/** The rules of stored versions in memory: a version never changes, so nothing ever goes stale. */
export class PolicyCache {
  readonly #rules = new Map<string, Policy>()

  async rulesOf(db: Database | Transaction, id: string): Promise<Policy> {
    const known = this.#rules.get(id)
    if (known) return known
    const found = await findPolicy(db, id)
    if (!found) throw new Error(`policy ${id} is not stored`)
    this.#rules.set(id, found.rules)
    return found.rules
  }
}

/** Inserts the next version of a case type's policy; the caller holds the case type's lock (`lockPolicies`). */
export async function insertPolicy(
  trx: Transaction,
  { id, rules, createdBy }: { id: string; rules: Policy; createdBy: string | null },
): Promise<number> {
  const { rows } = await trx.raw<{ rows: [{ version: number }] }>(
    `insert into policies (id, case_type, version, rules, created_by)
     select :id, :caseType, coalesce(max(version), 0) + 1, :rules::jsonb, :createdBy from policies where case_type = :caseType
     returning version`,
    { id, caseType: rules.case_type, rules: JSON.stringify(rules), createdBy },
  )
  return rows[0].version
}

/** One writer of a case type's policies at a time: versions count up without gaps, and exactly one is active. */
export async function lockPolicies(trx: Transaction, caseType: string): Promise<void> {
  await trx.raw(`select pg_advisory_xact_lock(hashtext(?))`, [`policies:${caseType}`])
}

export async function activatePolicy(
  trx: Transaction,
  { id, caseType }: { id: string; caseType: string },
): Promise<void> {
  await trx('policies').where({ case_type: caseType, active: true }).update({ active: false })
  await trx('policies').where({ id }).update({ active: true })
}
