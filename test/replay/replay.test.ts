import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { KeyRing, parseNamedKey } from '../../platform/keyring'
import { dataConverter, failureConverterPath } from '../../platform/temporal/data-converter'
import { makeWorkflowBundle } from '../../worker/workflow-bundle'
import { BRANCHES, HISTORY_KEY } from './branches'
import { NOTICE_BRANCHES } from './notice-branches'
import { DELIVERY_BRANCHES } from './webhook-branches'

const HISTORIES = join(__dirname, 'histories')
const stored = readdirSync(HISTORIES).map(file => file.replace('.json', ''))
const converter = dataConverter({ codecKeys: new KeyRing([parseNamedKey(HISTORY_KEY)]) })

const replay = (code: string, name: string): Promise<void> =>
  Worker.runReplayHistory(
    { workflowBundle: { code }, dataConverter: converter },
    JSON.parse(readFileSync(join(HISTORIES, `${name}.json`), 'utf8')),
  )

// A replay logs every state of a worker of its own; only what goes wrong is of interest.
Runtime.install({ logger: new DefaultLogger('ERROR') })

describe('stored histories (G10)', () => {
  let code: string
  beforeAll(async () => {
    code = (await makeWorkflowBundle()).code
  })

  it('there is one for every branch, and no other', () => {
    const branches = [...BRANCHES, ...NOTICE_BRANCHES, ...DELIVERY_BRANCHES]
    expect(stored.sort()).toEqual(branches.map(branch => branch.name).sort())
  })

  it.each(stored)('%s replays', async name => {
    await replay(code, name)
  })

  it('a planted change is caught', async () => {
    const planted = await bundleWorkflowCode({
      workflowsPath: require.resolve('./planted-change.workflows'),
      failureConverterPath,
      logger: new DefaultLogger('ERROR'),
    })
    await expect(replay(planted.code, 'happy-path-until-closed')).rejects.toMatchObject({
      name: 'DeterminismViolationError',
    })
  })
})
