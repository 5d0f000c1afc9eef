import { policyFaults } from '../../domain/policy'
import { FAST_POLICY } from './fast-policy'

it('the fast policy of the demo is one that the product accepts', () => {
  expect(policyFaults(FAST_POLICY)).toEqual([])
})
