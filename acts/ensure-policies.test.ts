import { findActivePolicy, listPolicies } from '../db/policies.repository'
import { CASE_TYPE_CODES, caseTypeOf } from '../domain/case-types'
import { addPolicy } from '../test/builders/record'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { ensurePolicies } from './ensure-policies'

let test: TestDatabase
beforeEach(async () => {
  test = await createTestDatabase()
})
afterEach(() => test.drop())

describe('ensurePolicies', () => {
  it('gives every case type its default policy, once, also when processes start together', async () => {
    await Promise.all([ensurePolicies(test.db), ensurePolicies(test.db), ensurePolicies(test.db)])
    const policies = await listPolicies(test.db)
    expect(policies.map(({ case_type, version, active }) => [case_type, version, active])).toEqual(
      [...CASE_TYPE_CODES].sort().map(code => [code, 1, true]),
    )
    expect(policies.map(({ case_type, rules }) => [case_type, rules])).toEqual(
      [...CASE_TYPE_CODES].sort().map(code => [code, caseTypeOf(code).policy]),
    )
  })

  it('leaves a policy alone that somebody put in force', async () => {
    const id = await addPolicy(test.db, 'gbv', { recheck_seconds: 7 })
    await ensurePolicies(test.db)
    expect((await findActivePolicy(test.db, 'gbv'))?.id).toBe(id)
  })
})
