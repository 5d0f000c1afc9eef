import { CASE_TYPES } from './case-types'
import { policyFaults, type Policy } from './policy'

describe('policyFaults', () => {
  it.each(Object.values(CASE_TYPES).map(each => [each.code, each.policy] as const))(
    'finds none in the default of %s',
    (_, policy) => {
      expect(policyFaults(policy)).toEqual([])
    },
  )

  it('lists all faults at once', () => {
    const good = CASE_TYPES['gbv']?.policy as Policy
    const bad: Policy = {
      ...good,
      offer: { ...good.offer, window_seconds: 0, search_seconds: -1, provider_types: [] },
      start: { nudge_seconds: 60, escalate_seconds: 60 },
      dispatch_ladder: [
        { after_seconds: 60, who: 'dispatchers_on_duty', channels: [] },
        { after_seconds: 60, who: 'dispatchers_on_duty', channels: ['push'] },
      ],
      auto_close_seconds: 1.5,
    }
    expect(policyFaults(bad).map(fault => fault.path)).toEqual([
      'body.offer.window_seconds',
      'body.offer.search_seconds',
      'body.auto_close_seconds',
      'body.offer.provider_types',
      'body.offer.search_seconds',
      'body.start.escalate_seconds',
      'body.dispatch_ladder.0.channels',
      'body.dispatch_ladder.1.after_seconds',
      'body.dispatch_ladder',
    ])
  })

  it('refuses a ladder without steps: it would wake nobody', () => {
    const good = CASE_TYPES['gbv']?.policy as Policy
    expect(policyFaults({ ...good, dispatch_ladder: [] })).toHaveLength(1)
  })
})
