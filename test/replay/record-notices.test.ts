import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { historyToJSON } from '@temporalio/common/lib/proto-utils'
import { RecordingChannels } from '../fakes/recording-channels'
import { startEngine, type TestEngine } from '../harness/engine'
import { eventually } from '../harness/eventually'
import { HISTORY_KEY } from './branches'
import { NOTICE_BRANCHES, NoticeScene } from './notice-branches'

/** `npm run record-histories` sets it: otherwise the lives are only lived, so that a branch that cannot be recorded is noticed. */
const RECORDS = process.env['KESI_RECORD_HISTORIES'] === 'yes'

describe('every branch of a notice lives to its end', () => {
  const channels = new RecordingChannels()
  let engine: TestEngine
  beforeAll(async () => {
    engine = await startEngine({ codecKey: HISTORY_KEY, channels })
  })
  afterAll(() => engine.stop())

  test.each(NOTICE_BRANCHES)('$name', async ({ name, life }) => {
    const scene = new NoticeScene(engine, channels)
    await life(scene)
    await eventually(async () => (await scene.handle.describe()).status.name === 'COMPLETED')
    if (RECORDS)
      writeFileSync(
        join(__dirname, 'histories', `${name}.json`),
        `${historyToJSON(await scene.handle.fetchHistory())}\n`,
      )
  })
})
