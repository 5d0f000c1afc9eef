import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { historyToJSON } from '@temporalio/common/lib/proto-utils'
import { startEngine, type TestEngine } from '../harness/engine'
import { eventually } from '../harness/eventually'
import { HISTORY_KEY } from './branches'
import { BACK_OFF, DELIVERY_BRANCHES, DeliveryScene, ScriptedReceiver } from './webhook-branches'

/** `npm run record-histories` sets it: otherwise the lives are only lived, so that a branch that cannot be recorded is noticed. */
const RECORDS = process.env['KESI_RECORD_HISTORIES'] === 'yes'

describe('every branch of a delivery lives to its end', () => {
  const receiver = new ScriptedReceiver()
  let engine: TestEngine
  beforeAll(async () => {
    engine = await startEngine({ codecKey: HISTORY_KEY, webhooks: { webhooks: receiver, backOff: BACK_OFF } })
  })
  afterAll(() => engine.stop())

  test.each(DELIVERY_BRANCHES)('$name', async ({ name, life }) => {
    const scene = new DeliveryScene(engine, receiver)
    await life(scene)
    await eventually(async () => (await scene.handle.describe()).status.name === 'COMPLETED')
    if (RECORDS)
      writeFileSync(
        join(__dirname, 'histories', `${name}.json`),
        `${historyToJSON(await scene.handle.fetchHistory())}\n`,
      )
  })
})
