import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { historyToJSON } from '@temporalio/common/lib/proto-utils'
import { addPolicy } from '../builders/record'
import { startEngine, type TestEngine } from '../harness/engine'
import { Scene } from '../scenarios/scene'
import { BRANCHES, HISTORY_KEY } from './branches'

/** `npm run record-histories` sets it: otherwise the lives are only lived, so that a branch that cannot be recorded is noticed. */
const RECORDS = process.env['KESI_RECORD_HISTORIES'] === 'yes'

describe('every branch lives to its end', () => {
  let engine: TestEngine
  beforeAll(async () => {
    engine = await startEngine({ codecKey: HISTORY_KEY })
    await addPolicy(engine.db, 'gbv')
    await addPolicy(engine.db, 'ambulance')
  })
  beforeEach(async () => {
    await engine.db('provider_profiles').update({ availability: 'off_duty' })
    await engine.db('users').where({ role: 'dispatcher' }).update({ status: 'disabled' })
  })
  afterAll(() => engine.stop())

  test.each(BRANCHES)('$name', async ({ name, asleep, life }) => {
    const scene = new Scene(engine, asleep === undefined ? 'from the beginning' : 'started in the middle', asleep ?? 0)
    await life(scene)
    await engine.heard(scene.incidentId)
    const handle = engine.handle(scene.incidentId)
    expect((await handle.describe()).status.name).toBe('COMPLETED')
    if (RECORDS)
      writeFileSync(join(__dirname, 'histories', `${name}.json`), `${historyToJSON(await handle.fetchHistory())}\n`)
  })
})
