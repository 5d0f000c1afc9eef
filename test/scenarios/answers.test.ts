import type { Scene } from './scene'
import { withEngine } from './tell'

const { tell } = withEngine()
const MINUTE = 60

const offered =
  (...names: string[]) =>
  async (scene: Scene) => {
    await scene.dispatcher('dora')
    for (const name of names) await scene.provider(name)
    await scene.reports()
  }

const assigned = async (scene: Scene): Promise<void> => {
  await offered('ann', 'bob')(scene)
  await scene.accepts('ann')
}

describe('step 3, the answer', () => {
  tell('an accept in the last second counts', {
    takes: 60,
    prelude: async scene => {
      await offered('ann')(scene)
      await scene.pass(60)
    },
    then: async scene => {
      await scene.pass(40)
      await scene.acceptsInTheLastSecond('ann')
      await scene.expect({ status: 'assigned', by: 'ann', asked: [] })
    },
  })

  tell('an accept after the deadline is refused, and the next is being asked', {
    takes: 60,
    prelude: async scene => {
      await offered('ann', 'bob')(scene)
      await scene.pass(60)
    },
    then: async scene => {
      await scene.pass(62)
      await expect(scene.accepts('ann')).rejects.toMatchObject({ code: 'OFFER_EXPIRED' })
      await scene.expect({ status: 'offering', asked: ['bob'] })
    },
  })

  tell('a refusal: the next is asked in the same act, the refuser never again, not even in another search', {
    prelude: async scene => {
      await offered('ann', 'bob')(scene)
      await scene.refuses('ann')
      await scene.expect({ asked: ['bob'] })
    },
    then: async scene => {
      await scene.accepts('bob')
      await scene.handsBack('bob')
      await scene.pass(10 * MINUTE)
      expect(await scene.wereAsked()).toEqual(['ann', 'bob'])
      await scene.expect({ status: 'escalated' })
    },
  })

  tell('the winner who repeats the accept gets the same answer, and nothing happens twice', {
    prelude: assigned,
    then: async scene => {
      const first = await scene.story()
      expect(await scene.accepts('ann')).toMatchObject({ status: 'assigned' })
      expect(await scene.story()).toEqual(first)
    },
  })

  tell('who was never asked cannot accept; who may not know hears that there is nothing', {
    prelude: async scene => {
      await offered('ann', 'bob')(scene)
      await scene.provider('leo', { type: 'legal' })
    },
    then: async scene => {
      await expect(scene.accepts('bob')).rejects.toMatchObject({ code: 'OFFER_NOT_YOURS' })
      await expect(scene.accepts('leo')).rejects.toMatchObject({ code: 'INCIDENT_NOT_FOUND' })
      await scene.expect({ asked: ['ann'] })
    },
  })

  tell('an accept after the reporter cancelled: the incident is over, and so is its workflow', {
    prelude: offered('ann'),
    then: async scene => {
      await scene.cancels('amina')
      await expect(scene.accepts('ann')).rejects.toMatchObject({ code: 'INCIDENT_CLOSED' })
      expect(await scene.workflowStatus()).toBe('COMPLETED')
    },
  })

  tell('in a broadcast the second accept hears that it is taken, and everybody else is free again', {
    prelude: async scene => {
      for (const name of ['a1', 'a2', 'a3']) await scene.provider(name, { type: 'ambulance_crew' })
      await scene.reports({ case_type: 'ambulance' })
    },
    then: async scene => {
      await scene.accepts('a2')
      await expect(scene.accepts('a1')).rejects.toMatchObject({ code: 'OFFER_TAKEN' })
      await scene.expect({ status: 'in_progress', by: 'a2', asked: [] })
    },
  })

  tell('in a broadcast a refusal leaves the others asked', {
    prelude: async scene => {
      for (const name of ['a1', 'a2', 'a3']) await scene.provider(name, { type: 'ambulance_crew' })
      await scene.reports({ case_type: 'ambulance' })
      await scene.refuses('a1')
    },
    then: async scene => {
      await scene.expect({ status: 'offering', asked: ['a2', 'a3'] })
      await scene.accepts('a3')
      await scene.expect({ by: 'a3', asked: [] })
    },
  })

  tell('three silences in a row: unresponsive, and dispatch is told', {
    takes: 60,
    prelude: async scene => {
      await scene.dispatcher('dora')
      await scene.provider('ann')
      await scene.engine
        .db('provider_profiles')
        .where({ user_id: scene.id('ann') })
        .update({ silences: 2 })
      await scene.reports()
      await scene.pass(60)
    },
    then: async scene => {
      await scene.pass(65)
      const ann = await scene.engine
        .db('provider_profiles')
        .where({ user_id: scene.id('ann') })
        .first('availability')
      expect(ann).toEqual({ availability: 'unresponsive' })
      expect(await scene.notices()).toContain('dispatch.provider_unresponsive to dora')
      await scene.pass(5 * MINUTE)
      expect(await scene.wereAsked()).toEqual(['ann'])
    },
  })

  tell('`busy` cools a provider down for 10 minutes: no offer before, one after (G2)', {
    prelude: async scene => {
      await offered('ann')(scene)
      await scene.engine
        .db('provider_profiles')
        .where({ user_id: scene.id('ann') })
        .update({ cooling_until: new Date(scene.now() + 10 * MINUTE * 1000) })
      await scene.cancels('amina')
      await scene.reports()
    },
    then: async scene => {
      await scene.expect({ status: 'escalated', asked: [] })
      await scene.pass(9 * MINUTE)
      await scene.expect({ asked: [] })
      await scene.passUntilAsked(2.5 * MINUTE)
      await scene.expect({ asked: ['ann'] })
    },
  })
})

describe('step 7, the work', () => {
  tell('not begun: a reminder after 30 minutes, dispatch after 45, and the ladder until the work begins', {
    takes: 10 * MINUTE,
    prelude: async scene => {
      await assigned(scene)
      await scene.pass(10 * MINUTE)
    },
    then: async scene => {
      await scene.pass(19 * MINUTE)
      expect(await scene.times('incident.nudged')).toBe(0)
      await scene.pass(2 * MINUTE)
      expect(await scene.notices()).toContain('assignment.nudge to ann')
      await scene.pass(15 * MINUTE)
      await scene.expect({ status: 'assigned', by: 'ann', reason: 'not_started' })
      await scene.starts('ann')
      await scene.expect({ status: 'in_progress', reason: null })
      const woken = await scene.times('dispatch.woken')
      await scene.pass(20 * MINUTE)
      expect(await scene.times('dispatch.woken')).toBe(woken)
    },
  })

  tell('begun in time: nobody is reminded', {
    takes: 29 * MINUTE,
    prelude: async scene => {
      await assigned(scene)
      await scene.pass(29 * MINUTE)
    },
    then: async scene => {
      await scene.starts('ann')
      await scene.pass(60 * MINUTE)
      expect(await scene.times('incident.nudged')).toBe(0)
      await scene.expect({ status: 'in_progress', by: 'ann' })
    },
  })

  tell('handed back: the search begins again without them', {
    prelude: async scene => {
      await assigned(scene)
      await scene.starts('ann')
    },
    then: async scene => {
      await scene.handsBack('ann')
      await scene.expect({ status: 'offering', by: null, asked: ['bob'] })
    },
  })

  tell('a case type may say that an accept is a start: nobody is reminded', {
    prelude: async scene => {
      await scene.provider('crew', { type: 'ambulance_crew' })
      await scene.reports({ case_type: 'ambulance' })
      await scene.accepts('crew')
    },
    then: async scene => {
      await scene.pass(60 * MINUTE)
      await scene.expect({ status: 'in_progress', by: 'crew' })
      expect(await scene.times('incident.nudged')).toBe(0)
    },
  })
})

describe('step 8, the end', () => {
  const completed = async (scene: Scene): Promise<void> => {
    await assigned(scene)
    await scene.starts('ann')
    await scene.completes('ann')
  }

  tell('completed: the slot is free at once, closed after 72 hours, the workflow ends', {
    takes: 60 * 60 * MINUTE,
    prelude: async scene => {
      await completed(scene)
      const ann = await scene.engine
        .db('provider_profiles')
        .where({ user_id: scene.id('ann') })
        .first('load')
      expect(ann).toEqual({ load: 0 })
      await scene.pass(60 * 60 * MINUTE)
    },
    then: async scene => {
      await scene.pass(11 * 60 * MINUTE)
      await scene.expect({ status: 'completed' })
      await scene.pass(2 * 60 * MINUTE)
      await scene.expect({ status: 'closed' })
      expect(await scene.workflowStatus()).toBe('COMPLETED')
    },
  })

  tell('not helped: dispatch is called, and it does not close by itself', {
    prelude: async scene => {
      await assigned(scene)
      await scene.starts('ann')
      await scene.completes('amina', 'not_helped')
    },
    then: async scene => {
      await scene.expect({ status: 'completed', reason: 'not_helped' })
      await scene.pass(20 * MINUTE)
      // The ladder goes on for as long as nobody settles it; the closing is not even armed.
      expect((await scene.row()).next_step).toBe('climbLadder')
      await scene.closes('dora')
      await scene.expect({ status: 'closed', reason: null })
    },
  })

  tell('reopened while completed: a new search in the same run', {
    prelude: completed,
    then: async scene => {
      await scene.reopens('amina')
      await scene.expect({ status: 'offering', by: null })
      expect((await scene.row()).round).toBe(2)
      expect(await scene.workflowStatus()).toBe('RUNNING')
    },
  })

  tell('reopened after the end: a new run under the same workflow id', {
    prelude: completed,
    then: async scene => {
      await scene.closes('dora')
      expect(await scene.workflowStatus()).toBe('COMPLETED')
      await scene.reopens('dora')
      await scene.expect({ status: 'offering', by: null })
      expect(await scene.workflowStatus()).toBe('RUNNING')
      await scene.pass(125)
      expect(await scene.times('offer.expired')).toBe(1)
    },
  })

  tell('the reporter says it helped before the responder said anything', {
    prelude: assigned,
    then: async scene => {
      await scene.completes('amina', 'helped')
      await scene.expect({ status: 'completed', by: 'ann' })
      await scene.pass(73 * 60 * MINUTE)
      await scene.expect({ status: 'closed' })
    },
  })

  tell('cancelled by the reporter from the middle of the work: the responder is told and free', {
    prelude: async scene => {
      await assigned(scene)
      await scene.starts('ann')
    },
    then: async scene => {
      await scene.cancels('amina')
      expect(await scene.notices()).toContain('assignment.ended to ann')
      expect(await scene.workflowStatus()).toBe('COMPLETED')
    },
  })
})
