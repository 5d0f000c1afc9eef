import { markEffect } from '../db/idempotency.repository'
import { activatePolicy, findPolicy, insertPolicy, lockPolicies } from '../db/policies.repository'
import { inTransaction } from '../db/unit-of-work'
import { CASE_TYPES } from '../domain/case-types'
import { policyFaults, type Policy } from '../domain/policy'
import { Refusal, type FieldFault } from '../domain/refusals'
import { newId } from '../platform/ids'
import { personOf, type ActDeps, type By } from './deps'

/**
 * Stores the next version of a case type's policy and, with `activate`, makes it the one that new incidents get; open ones keep
 * theirs. Throws `VALIDATION_FAILED` with every fault when an incident could be left without a timer or an owner.
 */
export async function addPolicy(
  deps: ActDeps,
  { rules, activate }: { rules: Policy; activate: boolean },
  by: By,
): Promise<string> {
  const faults = [...policyFaults(rules), ...caseTypeFaults(rules)]
  if (faults.length > 0) throw new Refusal('VALIDATION_FAILED', { errors: faults })
  const id = newId()
  await inTransaction(deps.db, async trx => {
    await lockPolicies(trx, rules.case_type)
    await insertPolicy(trx, { id, rules, createdBy: personOf(by) })
    if (activate) await activatePolicy(trx, { id, caseType: rules.case_type })
    await markEffect(trx, by.requestId, id)
  })
  deps.logger.info({ policy: id, case_type: rules.case_type, active: activate }, 'policy stored')
  return id
}

function caseTypeFaults({ case_type, offer }: Policy): FieldFault[] {
  const caseType = CASE_TYPES[case_type]
  if (!caseType)
    return [{ path: 'body.case_type', code: 'rule', message: `must be one of ${Object.keys(CASE_TYPES).join(', ')}` }]
  const known = caseType.providerTypes.map(type => type.code)
  return offer.provider_types.flatMap((type, index) =>
    known.includes(type)
      ? []
      : [{ path: `body.offer.provider_types.${index}`, code: 'rule', message: `must be one of ${known.join(', ')}` }],
  )
}

/** Makes a stored version the one that new incidents of its case type get. Throws `POLICY_NOT_FOUND`. */
export async function activatePolicyVersion(deps: ActDeps, id: string, by: By): Promise<void> {
  await inTransaction(deps.db, async trx => {
    const policy = await findPolicy(trx, id)
    if (!policy) throw new Refusal('POLICY_NOT_FOUND')
    await lockPolicies(trx, policy.case_type)
    await activatePolicy(trx, { id, caseType: policy.case_type })
    await markEffect(trx, by.requestId, id)
  })
  deps.logger.info({ policy: id }, 'policy activated')
}
