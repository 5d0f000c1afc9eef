import { addPolicy } from '../builders/record'
import { startEngine, type TestEngine } from '../harness/engine'
import { Scene, type Beginning } from './scene'

type Tell = (title: string, tale: { takes?: number; prelude: Part; then: Part }) => void

type Part = (scene: Scene) => Promise<unknown>

/** Sets up one engine for a file of scenarios; every scenario begins with nobody on duty but those it brings. */
export function withEngine(): { readonly tell: Tell; readonly tellOfTheWake: Tell } {
  let engine: TestEngine
  beforeAll(async () => {
    // What a scene does is told at once: it waits for the workflow to have heard before it goes on.
    engine = await startEngine({ gatherMs: 0 })
    await addPolicy(engine.db, 'gbv')
    await addPolicy(engine.db, 'ambulance')
  })
  beforeEach(async () => {
    await engine.db('provider_profiles').update({ availability: 'off_duty', woke_at: null })
    await engine.db('users').whereIn('role', ['dispatcher', 'admin']).update({ status: 'disabled' })
  })
  afterAll(() => engine.stop())

  /**
   * One scenario told twice: with the engine awake from the report on, and with the prelude in the record alone, where a run that knows
   * nothing but the id starts in the middle of that life. `takes` is how many seconds the prelude lets pass. `tellOfTheWake` tells only the
   * second: of time that nobody attended to.
   */
  const tellIn =
    (...beginnings: Beginning[]): Tell =>
    (title, { takes = 0, prelude, then }) => {
      test.each(beginnings)(`${title} (%s)`, async beginning => {
        const scene = new Scene(engine, beginning, takes)
        try {
          await prelude(scene)
          await scene.wakes()
          await then(scene)
          await scene.ends()
        } finally {
          await scene.leaves()
        }
      })
    }
  return {
    tell: tellIn('from the beginning', 'started in the middle'),
    tellOfTheWake: tellIn('started in the middle'),
  }
}
