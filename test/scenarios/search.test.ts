import { carryOnIncident } from '../../acts/carry-on-incident'
import type { Scene } from './scene'
import { withEngine } from './tell'

const { tell } = withEngine()
const MINUTE = 60

/** Providers who are free, so many, named in the order in which they are asked. */
const free =
  (...names: string[]) =>
  async (scene: Scene) => {
    for (const name of names) await scene.provider(name)
  }

const reported =
  (...names: string[]) =>
  async (scene: Scene) => {
    await scene.dispatcher('dora')
    await free(...names)(scene)
    await scene.reports()
  }

describe('step 1, the report', () => {
  tell('urgent: the report itself asks the first responder (I9)', {
    prelude: async scene => {
      await free('ann')(scene)
      expect(await scene.reports()).toMatchObject({
        status: 'offering',
        next: { kind: 'expireOffers', in_ms: 120_000 },
      })
    },
    then: scene => scene.expect({ status: 'offering', asked: ['ann'] }),
  })

  tell('urgent with nobody there: the report itself calls dispatch (I9)', {
    prelude: async scene => {
      await scene.dispatcher('dora')
      expect(await scene.reports()).toMatchObject({ status: 'escalated', escalated: 'no_provider_available' })
    },
    then: async scene => expect(await scene.notices()).toEqual(['dispatch.escalated to dora']),
  })

  tell('routine: waits for review, and after 30 minutes dispatch is called, but nobody is asked', {
    takes: 10 * MINUTE,
    prelude: async scene => {
      await scene.dispatcher('dora')
      await free('ann')(scene)
      await scene.reports({ urgency: 'routine' })
      expect(await scene.notices()).toEqual(['dispatch.review to dora'])
      await scene.pass(10 * MINUTE)
    },
    then: async scene => {
      await scene.pass(19 * MINUTE)
      await scene.expect({ status: 'pending_dispatcher_review', asked: [] })
      await scene.pass(2 * MINUTE)
      await scene.expect({ status: 'escalated', reason: 'review_overdue', asked: [] })
      await scene.pass(10 * MINUTE)
      await scene.expect({ status: 'escalated', asked: [] })
    },
  })

  tell('routine raised to urgent: the search begins at once', {
    prelude: async scene => {
      await scene.dispatcher('dora')
      await free('ann')(scene)
      await scene.reports({ urgency: 'routine' })
    },
    then: async scene => {
      await scene.decides('dora', { act: 'urgency', urgency: 'urgent', reason: 'worse' })
      await scene.expect({ status: 'offering', asked: ['ann'] })
    },
  })

  tell('a review that a dispatcher owns is not overdue; forgotten for 15 minutes, its clock starts again', {
    prelude: async scene => {
      await scene.dispatcher('dora')
      await scene.reports({ urgency: 'routine' })
      await scene.decides('dora', { act: 'own' })
    },
    then: async scene => {
      await scene.pass(14 * MINUTE)
      await scene.expect({ owner: 'dora' })
      await scene.pass(2 * MINUTE)
      await scene.expect({ status: 'pending_dispatcher_review', owner: null })
      await scene.pass(30 * MINUTE)
      await scene.expect({ status: 'escalated', reason: 'review_overdue' })
    },
  })
})

describe('step 2, the offer', () => {
  tell('three windows in 300 seconds: 120, 120 and the 60 that are left', {
    takes: 130,
    prelude: async scene => {
      await reported('ann', 'bob', 'cat', 'dan')(scene)
      expect(await scene.window()).toBe(120)
      await scene.pass(130)
      expect(await scene.window()).toBe(120)
    },
    then: async scene => {
      await scene.pass(112)
      // What is left of the 300 seconds, less the real moments that the test itself has taken.
      expect(await scene.window()).toBeLessThanOrEqual(60)
      expect(await scene.window()).toBeGreaterThan(50)
      await scene.pass(70)
      await scene.expect({ status: 'escalated', reason: 'search_time_spent' })
    },
  })

  tell('with less than 30 seconds left nobody new is asked', {
    takes: 250,
    prelude: async scene => {
      await reported('ann', 'bob', 'cat')(scene)
      await scene.pass(125)
      await scene.pass(125)
    },
    then: async scene => {
      await scene.pass(25)
      const [third] = await scene.asked()
      await scene.refuses(third ?? '')
      await scene.expect({ status: 'escalated', reason: 'search_time_spent', asked: [] })
    },
  })

  tell('three refusals spend the plan; a fourth is found while dispatch has the case, by the next look', {
    prelude: async scene => {
      await reported('ann', 'bob', 'cat', 'dan')(scene)
      for (const name of ['ann', 'bob', 'cat']) await scene.refuses(name)
    },
    then: async scene => {
      await scene.expect({ status: 'escalated', reason: 'all_refused', asked: [] })
      await scene.pass(70)
      await scene.expect({ status: 'escalated', asked: ['dan'] })
      await scene.accepts('dan')
      await scene.expect({ status: 'assigned', by: 'dan', reason: null })
    },
  })

  tell('unverified, off duty, unresponsive or of another service: never asked', {
    prelude: async scene => {
      await scene.provider('eve', { verified: 'no' })
      await scene.provider('fay', { availability: 'off_duty' })
      await scene.provider('gus', { availability: 'unresponsive' })
      await scene.provider('hal', { type: 'legal' })
      await scene.reports()
    },
    then: async scene => {
      await scene.pass(10 * MINUTE)
      expect(await scene.wereAsked()).toEqual([])
      await scene.expect({ status: 'escalated', reason: 'no_provider_available' })
    },
  })

  tell('the nearest band is asked first', {
    prelude: async scene => {
      await scene.provider('mombasa', { at: { lat: -4.04, lng: 39.66 } })
      await scene.provider('nairobi', { at: { lat: -1.29, lng: 36.82 } })
      await scene.provider('somewhere')
      await scene.reports({ place: { lat: -1.3, lng: 36.8 } })
    },
    then: async scene => {
      for (const name of ['nairobi', 'mombasa', 'somewhere']) {
        await scene.expect({ asked: [name] })
        await scene.pass(121)
      }
    },
  })

  tell('whom the reporter barred is never asked, and dispatch must force it (S8)', {
    prelude: async scene => {
      await scene.dispatcher('dora')
      await scene.provider('ann')
      await scene.reports({ excluded_providers: [scene.id('ann')] })
    },
    then: async scene => {
      await scene.expect({ status: 'escalated', asked: [] })
      const assign = { act: 'assign', provider: 'ann', reason: 'she asked for it' } as const
      await expect(scene.decides('dora', { ...assign, force: false })).rejects.toMatchObject({
        code: 'PROVIDER_EXCLUDED',
      })
      await scene.decides('dora', { ...assign, force: true })
      await scene.expect({ status: 'assigned', by: 'ann' })
    },
  })

  tell('broadcast: several are asked at once, and it counts as one attempt', {
    prelude: async scene => {
      for (const name of ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']) await scene.provider(name, { type: 'ambulance_crew' })
      await scene.reports({ case_type: 'ambulance' })
    },
    then: async scene => {
      await scene.expect({ status: 'offering', asked: ['a1', 'a2', 'a3', 'a4', 'a5'] })
      await scene.pass(61)
      await scene.expect({ status: 'offering', asked: ['a6'] })
      expect((await scene.row()).search_asked).toBe(2)
    },
  })
})

describe('step 4, nobody', () => {
  tell('everybody is full: dispatch is called for that reason', {
    prelude: async scene => {
      await scene.dispatcher('dora')
      await scene.provider('ann', { capacity: 0 })
      await scene.reports()
    },
    then: scene => scene.expect({ status: 'escalated', reason: 'all_at_capacity' }),
  })

  tell('one refused and nobody is left: no window is waited out', {
    prelude: reported('ann'),
    then: async scene => {
      await scene.refuses('ann')
      await scene.expect({ status: 'escalated', reason: 'all_refused', asked: [] })
    },
  })

  tell('the look every 60 seconds finds who became free without telling', {
    takes: 30,
    prelude: async scene => {
      await reported()(scene)
      await scene.pass(30)
    },
    then: async scene => {
      await scene.provider('ann')
      await scene.pass(40)
      await scene.expect({ status: 'escalated', asked: ['ann'] })
    },
  })

  tell('who becomes available is asked at once', {
    prelude: reported(),
    then: async scene => {
      await scene.provider('ann')
      await carryOnIncident(scene.engine.deps, {
        incidentId: scene.incidentId,
        lookNow: true,
        signal: 'providerAvailable',
        at: scene.now(),
      })
      await scene.engine.heard(scene.incidentId)
      await scene.expect({ status: 'escalated', asked: ['ann'] })
      await scene.pass(125)
      await scene.expect({ status: 'escalated', asked: [] })
    },
  })

  tell('while a dispatcher holds it, nobody is asked', {
    prelude: async scene => {
      await reported()(scene)
      await scene.decides('dora', { act: 'hold', reason: 'she is being called' })
    },
    then: async scene => {
      await scene.provider('ann')
      await scene.pass(5 * MINUTE)
      await scene.expect({ status: 'escalated', asked: [], owner: 'dora' })
      await scene.decides('dora', { act: 'release' })
      await scene.expect({ asked: ['ann'], owner: null })
    },
  })

  tell('the alarm ends with the accept: nobody is woken after it (I4)', {
    takes: 3 * MINUTE,
    prelude: async scene => {
      await reported()(scene)
      await scene.pass(3 * MINUTE)
    },
    then: async scene => {
      await scene.provider('ann')
      await scene.passUntilAsked(75)
      await scene.accepts('ann')
      const woken = await scene.times('dispatch.woken')
      await scene.pass(20 * MINUTE)
      expect(await scene.times('dispatch.woken')).toBe(woken)
      expect((await scene.notices()).filter(notice => notice.startsWith('dispatch.escalated'))).toEqual([])
    },
  })

  tell('an offer that ends unanswered while escalated: the next is asked in that moment', {
    takes: 70,
    prelude: async scene => {
      await reported()(scene)
      await scene.provider('ann')
      await scene.pass(70)
      await scene.expect({ asked: ['ann'] })
    },
    then: async scene => {
      await scene.provider('bob')
      await scene.pass(125)
      await scene.expect({ status: 'escalated', asked: ['bob'] })
    },
  })
})
