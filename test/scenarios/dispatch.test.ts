import type { Scene } from './scene'
import { withEngine } from './tell'

const { tell } = withEngine()
const MINUTE = 60

const escalated = async (scene: Scene): Promise<void> => {
  await scene.dispatcher('dora')
  await scene.dispatcher('dev', 'off duty')
  await scene.reports()
}

const offeredToAnn = async (scene: Scene): Promise<void> => {
  await scene.dispatcher('dora')
  await scene.provider('ann')
  await scene.provider('bob')
  await scene.reports()
}

describe('step 5, the ladder', () => {
  tell('on duty at once and after 2 minutes, everybody after 5, then every 5 minutes', {
    takes: 60,
    prelude: async scene => {
      await escalated(scene)
      expect(await scene.notices()).toEqual(['dispatch.escalated to dora'])
      await scene.pass(60)
    },
    then: async scene => {
      await scene.pass(61)
      expect((await scene.row()).ladder_step).toBe(2)
      expect(await scene.notices()).toEqual(['dispatch.escalated to dora'])
      await scene.pass(3 * MINUTE)
      expect((await scene.notices()).sort()).toEqual(['dispatch.escalated to dev', 'dispatch.escalated to dora'])
      await scene.pass(5 * MINUTE + 1)
      expect((await scene.row()).ladder_step).toBe(4)
    },
  })

  tell('acknowledged: the owner is named and nobody else is woken', {
    takes: 60,
    prelude: async scene => {
      await escalated(scene)
      await scene.pass(60)
      await scene.decides('dora', { act: 'acknowledge' })
    },
    then: async scene => {
      await scene.pass(10 * MINUTE)
      expect((await scene.row()).ladder_step).toBe(1)
      await scene.expect({ status: 'escalated', owner: 'dora' })
    },
  })

  tell('an owner who does nothing for 15 minutes loses it, and the ladder resumes', {
    takes: 5 * MINUTE,
    prelude: async scene => {
      await escalated(scene)
      await scene.decides('dora', { act: 'acknowledge' })
      await scene.pass(5 * MINUTE)
    },
    then: async scene => {
      await scene.pass(9 * MINUTE)
      await scene.expect({ owner: 'dora' })
      await scene.pass(2 * MINUTE)
      await scene.expect({ owner: null })
      expect((await scene.story()).slice(-2)).toEqual(['dispatch.owner_idle', 'dispatch.woken'])
    },
  })

  tell('an owner who does something keeps it', {
    takes: 10 * MINUTE,
    prelude: async scene => {
      await escalated(scene)
      await scene.decides('dora', { act: 'acknowledge' })
      await scene.pass(10 * MINUTE)
      await scene.decides('dora', { act: 'hold' })
    },
    then: async scene => {
      await scene.pass(14 * MINUTE)
      await scene.expect({ owner: 'dora' })
    },
  })

  tell('a step with nobody in it is passed at once, and the record says so', {
    prelude: async scene => {
      await scene.dispatcher('dev', 'off duty')
      await scene.reports()
    },
    then: async scene => {
      expect((await scene.story()).slice(-3)).toEqual([
        'dispatch.step_skipped',
        'dispatch.step_skipped',
        'dispatch.woken',
      ])
      expect(await scene.notices()).toEqual(['dispatch.escalated to dev'])
    },
  })

  tell('with nobody at all it goes on calling, so that somebody who comes on duty is woken', {
    prelude: async scene => {
      await scene.reports()
    },
    then: async scene => {
      await scene.pass(2 * MINUTE)
      await scene.dispatcher('dora')
      await scene.pass(4 * MINUTE)
      expect(await scene.notices()).toEqual(['dispatch.escalated to dora'])
    },
  })

  tell('what one dispatcher owns another cannot acknowledge, only take over', {
    prelude: async scene => {
      await escalated(scene)
      await scene.decides('dora', { act: 'acknowledge' })
    },
    then: async scene => {
      await expect(scene.decides('dev', { act: 'acknowledge' })).rejects.toMatchObject({
        code: 'TRANSITION_NOT_ALLOWED',
      })
      await scene.decides('dev', { act: 'own', reason: 'nearer' })
      await scene.expect({ owner: 'dev' })
    },
  })
})

describe('step 6, the override', () => {
  tell('assigned over an open offer: it is withdrawn, its slot free, and the notice of it stopped (I4)', {
    prelude: offeredToAnn,
    then: async scene => {
      await scene.decides('dora', { act: 'assign', provider: 'bob', force: false, reason: 'knows her' })
      await scene.expect({ status: 'assigned', by: 'bob', asked: [] })
      await expect(scene.accepts('ann')).rejects.toMatchObject({ code: 'OFFER_WITHDRAWN' })
      expect((await scene.notices()).filter(notice => notice.startsWith('offer.made'))).toEqual([])
      await scene.pass(10 * MINUTE)
      await scene.expect({ status: 'assigned', by: 'bob', asked: [] })
    },
  })

  tell('reassigned: the one who had it is told and free, the clock starts anew', {
    takes: 25 * MINUTE,
    prelude: async scene => {
      await offeredToAnn(scene)
      await scene.accepts('ann')
      await scene.pass(25 * MINUTE)
    },
    then: async scene => {
      await scene.decides('dora', { act: 'reassign', provider: 'bob', force: false, reason: 'nearer' })
      expect(await scene.notices()).toEqual(
        expect.arrayContaining(['assignment.ended to ann', 'assignment.made to bob']),
      )
      await scene.pass(10 * MINUTE)
      expect(await scene.times('incident.nudged')).toBe(0)
      await scene.pass(21 * MINUTE)
      expect(await scene.times('incident.nudged')).toBe(1)
    },
  })

  tell('on a revision that has moved on, nothing is done (G11)', {
    prelude: offeredToAnn,
    then: async scene => {
      const { rev } = await scene.row()
      await scene.accepts('ann')
      const stale = scene.decides('dora', { act: 'assign', provider: 'bob', force: false, reason: 'nearer', rev })
      await expect(stale).rejects.toMatchObject({
        code: 'CHANGED',
        more: { extra: { current: { status: 'assigned' } } },
      })
      await scene.expect({ by: 'ann' })
    },
  })

  tell('beyond the capacity only by force with a reason, and it shows (I3)', {
    prelude: async scene => {
      await offeredToAnn(scene)
      await scene.accepts('ann')
      await scene.reports()
    },
    then: async scene => {
      const assign = { act: 'assign', provider: 'ann' } as const
      await expect(scene.decides('dora', { ...assign, force: false })).rejects.toMatchObject({
        code: 'PROVIDER_AT_CAPACITY',
      })
      await expect(scene.decides('dora', { ...assign, force: true })).rejects.toMatchObject({ code: 'RULE_BROKEN' })
      await scene.decides('dora', { ...assign, force: true, reason: 'the only one near' })
      await scene.expect({ status: 'assigned', by: 'ann' })
      const assignment = await scene.engine
        .db('assignments')
        .where({ incident_id: scene.incidentId, ended_at: null })
        .first('forced')
      expect(assignment).toEqual({ forced: true })
    },
  })

  tell('back to the search from the middle of the work: without the one who had it', {
    prelude: async scene => {
      await offeredToAnn(scene)
      await scene.accepts('ann')
      await scene.starts('ann')
    },
    then: async scene => {
      await scene.decides('dora', { act: 'research', reason: 'not reachable' })
      await scene.expect({ status: 'offering', by: null, asked: ['bob'] })
      await scene.pass(125)
      expect(await scene.times('offer.expired')).toBe(1)
    },
  })

  tell('held during an offer: it is withdrawn; released: the search goes on where it was', {
    prelude: async scene => {
      await offeredToAnn(scene)
      await scene.decides('dora', { act: 'hold', reason: 'calling her' })
    },
    then: async scene => {
      await scene.expect({ status: 'offering', asked: [], owner: 'dora' })
      await scene.pass(MINUTE)
      await scene.decides('dora', { act: 'release' })
      await scene.expect({ status: 'offering', asked: ['bob'], owner: null })
    },
  })

  tell('held and forgotten: after 15 minutes the engine has it again', {
    takes: 5 * MINUTE,
    prelude: async scene => {
      await offeredToAnn(scene)
      await scene.decides('dora', { act: 'hold' })
      await scene.pass(5 * MINUTE)
    },
    then: async scene => {
      await scene.pass(11 * MINUTE)
      await scene.expect({ status: 'escalated', reason: 'search_time_spent', owner: null })
    },
  })

  tell('cancelled by dispatch while it was calling: nobody is woken any more', {
    takes: MINUTE,
    prelude: async scene => {
      await escalated(scene)
      await scene.pass(MINUTE)
    },
    then: async scene => {
      await scene.cancels('dora')
      await scene.expect({ status: 'cancelled', reason: null })
      expect(await scene.notices()).toEqual(['incident.updated to amina'])
      expect(await scene.workflowStatus()).toBe('COMPLETED')
    },
  })

  tell('urgent made routine while somebody is asked: the offer stands', {
    prelude: offeredToAnn,
    then: async scene => {
      await scene.decides('dora', { act: 'urgency', urgency: 'routine', reason: 'safe now' })
      await scene.expect({ status: 'offering', asked: ['ann'] })
      await scene.accepts('ann')
      await scene.expect({ status: 'assigned', by: 'ann' })
    },
  })
})
