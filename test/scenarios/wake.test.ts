import type { Scene } from './scene'
import { withEngine } from './tell'

const { tellOfTheWake } = withEngine()
const MINUTE = 60
const HOUR = 60 * MINUTE

const offered = async (scene: Scene): Promise<void> => {
  await scene.dispatcher('dora')
  await scene.provider('ann')
  await scene.provider('bob')
  await scene.reports()
}

describe('a run that starts late in a life goes on from the row (I8)', () => {
  tellOfTheWake('an offer with a minute left keeps its deadline', {
    takes: MINUTE,
    prelude: async scene => {
      await offered(scene)
      scene.lost(MINUTE)
    },
    then: async scene => {
      await scene.pass(50)
      await scene.expect({ asked: ['ann'] })
      await scene.pass(15)
      await scene.expect({ asked: ['bob'] })
    },
  })

  tellOfTheWake('an offer that ran out meanwhile is passed on at once, and only once', {
    takes: 3 * MINUTE,
    prelude: async scene => {
      await offered(scene)
      scene.lost(3 * MINUTE)
    },
    then: async scene => {
      await scene.expect({ status: 'offering', asked: ['bob'] })
      expect(await scene.times('offer.expired')).toBe(1)
    },
  })

  tellOfTheWake('a search whose time is over calls dispatch at once', {
    takes: HOUR,
    prelude: async scene => {
      await offered(scene)
      scene.lost(HOUR)
    },
    then: scene => scene.expect({ status: 'escalated', reason: 'search_time_spent', asked: [] }),
  })

  tellOfTheWake('three hours of a ladder are caught up with one call, not with thirty', {
    takes: 3 * HOUR,
    prelude: async scene => {
      await scene.dispatcher('dora')
      await scene.reports()
      scene.lost(3 * HOUR)
    },
    then: async scene => {
      expect(await scene.times('dispatch.woken')).toBe(2)
      expect(await scene.notices()).toEqual(['dispatch.escalated to dora'])
    },
  })

  tellOfTheWake('an owner who had been idle is released at once', {
    takes: HOUR,
    prelude: async scene => {
      await scene.dispatcher('dora')
      await scene.reports()
      await scene.decides('dora', { act: 'acknowledge' })
      scene.lost(HOUR)
    },
    then: scene => scene.expect({ status: 'escalated', owner: null }),
  })

  tellOfTheWake('a review that was overdue goes to dispatch at once', {
    takes: HOUR,
    prelude: async scene => {
      await scene.dispatcher('dora')
      await scene.reports({ urgency: 'routine' })
      scene.lost(HOUR)
    },
    then: scene => scene.expect({ status: 'escalated', reason: 'review_overdue' }),
  })

  tellOfTheWake('work that had not begun: the reminder and the call to dispatch come together', {
    takes: 3 * HOUR,
    prelude: async scene => {
      await offered(scene)
      await scene.accepts('ann')
      scene.lost(3 * HOUR)
    },
    then: async scene => {
      await scene.expect({ status: 'assigned', by: 'ann', reason: 'not_started' })
      expect((await scene.story()).slice(-3)).toEqual(['incident.nudged', 'incident.not_started', 'dispatch.woken'])
    },
  })

  tellOfTheWake('work under way: nothing is done, and the end is heard', {
    takes: 3 * HOUR,
    prelude: async scene => {
      await offered(scene)
      await scene.accepts('ann')
      await scene.starts('ann')
      scene.lost(3 * HOUR)
    },
    then: async scene => {
      await scene.expect({ status: 'in_progress', by: 'ann' })
      await scene.completes('ann')
      await scene.pass(73 * HOUR)
      await scene.expect({ status: 'closed' })
    },
  })

  tellOfTheWake('completed 80 hours ago: it closes at once and the run ends', {
    takes: 80 * HOUR,
    prelude: async scene => {
      await offered(scene)
      await scene.accepts('ann')
      await scene.starts('ann')
      await scene.completes('ann')
      scene.lost(80 * HOUR)
    },
    then: async scene => {
      await scene.expect({ status: 'closed' })
      expect(await scene.workflowStatus()).toBe('COMPLETED')
    },
  })

  tellOfTheWake('cancelled meanwhile: the run looks and ends', {
    prelude: async scene => {
      await offered(scene)
      await scene.cancels('amina')
    },
    then: async scene => expect(await scene.workflowStatus()).toBe('COMPLETED'),
  })

  tellOfTheWake('held meanwhile: it waits for the holder', {
    takes: 5 * MINUTE,
    prelude: async scene => {
      await offered(scene)
      await scene.decides('dora', { act: 'hold' })
      scene.lost(5 * MINUTE)
    },
    then: async scene => {
      await scene.expect({ status: 'offering', owner: 'dora', asked: [] })
      await scene.decides('dora', { act: 'assign', provider: 'bob', force: false, reason: 'agreed by phone' })
      await scene.expect({ status: 'assigned', by: 'bob', owner: null })
    },
  })
})
