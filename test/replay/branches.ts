import type { Scene } from '../scenarios/scene'

/** The stored histories are encrypted like every history; this key is no secret and opens nothing else. */
export const HISTORY_KEY = 'histories:a2VzaS1zdG9yZWQtaGlzdG9yaWVzLWtleS0zMmJ5dGU='

const MINUTE = 60
const HOUR = 60 * MINUTE

export interface Branch {
  readonly name: string
  /** Seconds of the life that passed before the run started; undefined for a run from the beginning. */
  readonly asleep?: number
  readonly life: (scene: Scene) => Promise<unknown>
}

const people = async (scene: Scene, ...providers: string[]): Promise<void> => {
  await scene.dispatcher('dora')
  for (const name of providers) await scene.provider(name)
}

/** One life for every branch of `incidentWorkflow`, each to its end. A new branch in the workflow gets its life here. */
export const BRANCHES: readonly Branch[] = [
  {
    name: 'happy-path-until-closed',
    life: async scene => {
      await people(scene, 'ann')
      await scene.reports()
      await scene.accepts('ann')
      await scene.starts('ann')
      await scene.completes('ann')
      await scene.pass(73 * HOUR)
    },
  },
  {
    name: 'woken-by-its-deadline',
    life: async scene => {
      await people(scene, 'ann')
      await scene.reports()
      await scene.pass(100)
      await scene.accepts('ann')
      await scene.cancels('amina')
    },
  },
  {
    name: 'silences-escalation-ladder-override',
    life: async scene => {
      await people(scene, 'ann', 'bob')
      await scene.reports()
      await scene.pass(121)
      await scene.pass(121)
      await scene.pass(6 * MINUTE)
      await scene.decides('dora', { act: 'acknowledge' })
      await scene.provider('cat')
      await scene.decides('dora', { act: 'assign', provider: 'cat', force: false, reason: 'nearest' })
      await scene.starts('cat')
      await scene.completes('cat')
      await scene.closes('dora')
    },
  },
  {
    name: 'refusal-hand-back-cancel',
    life: async scene => {
      await people(scene, 'ann', 'bob', 'cat')
      await scene.reports()
      await scene.refuses('ann')
      await scene.accepts('bob')
      await scene.handsBack('bob')
      await scene.cancels('amina')
    },
  },
  {
    name: 'review-overdue-owner-idle',
    life: async scene => {
      await people(scene)
      await scene.reports({ urgency: 'routine' })
      await scene.pass(31 * MINUTE)
      await scene.decides('dora', { act: 'own' })
      await scene.pass(16 * MINUTE)
      await scene.cancels('dora')
    },
  },
  {
    name: 'looked-again-and-found',
    life: async scene => {
      await people(scene)
      await scene.reports()
      await scene.pass(65)
      await scene.provider('ann')
      await scene.pass(65)
      await scene.accepts('ann')
      await scene.cancels('amina')
    },
  },
  {
    name: 'nudged-and-not-started',
    life: async scene => {
      await people(scene, 'ann')
      await scene.reports()
      await scene.accepts('ann')
      await scene.pass(46 * MINUTE)
      await scene.starts('ann')
      await scene.completes('ann')
      await scene.closes('dora')
    },
  },
  {
    name: 'held-and-released',
    life: async scene => {
      await people(scene, 'ann')
      await scene.reports()
      await scene.decides('dora', { act: 'hold' })
      await scene.pass(MINUTE)
      await scene.decides('dora', { act: 'release' })
      await scene.cancels('dora')
    },
  },
  {
    name: 'reopened-in-the-same-run',
    life: async scene => {
      await people(scene, 'ann')
      await scene.reports()
      await scene.accepts('ann')
      await scene.completes('amina', 'helped')
      await scene.reopens('amina')
      await scene.cancels('amina')
    },
  },
  {
    name: 'broadcast',
    life: async scene => {
      for (const name of ['a1', 'a2', 'a3']) await scene.provider(name, { type: 'ambulance_crew' })
      await scene.reports({ case_type: 'ambulance' })
      await scene.refuses('a1')
      await scene.accepts('a2')
      await scene.completes('a2')
      await scene.pass(25 * HOUR)
    },
  },
  {
    name: 'started-in-the-middle',
    asleep: 3 * MINUTE,
    life: async scene => {
      await people(scene, 'ann', 'bob')
      await scene.reports()
      scene.lost(3 * MINUTE)
      await scene.wakes()
      await scene.accepts('bob')
      await scene.cancels('amina')
    },
  },
  {
    name: 'started-after-the-end',
    asleep: 0,
    life: async scene => {
      await people(scene, 'ann')
      await scene.reports()
      await scene.cancels('amina')
      await scene.wakes()
    },
  },
  {
    name: 'record-away-and-back',
    life: async scene => {
      await people(scene, 'ann')
      await scene.reports()
      await scene.engine.withRecordAway(() => scene.passUnheard(122))
      await scene.engine.heard(scene.incidentId)
      await scene.cancels('amina')
    },
  },
]
