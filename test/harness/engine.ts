import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WorkflowHandle } from '@temporalio/client'
import { NativeConnection, Runtime, type Worker } from '@temporalio/worker'
import { createIncidentActivities } from '../../activities/incident.activities'
import { createNoticeActivities } from '../../activities/notice.activities'
import type { NoticeDeps } from '../../activities/notice-step'
import { createWebhookActivities, type WebhookActivityDeps } from '../../activities/webhook.activities'
import type { ActDeps, By } from '../../acts/deps'
import { createChannels } from '../../adapters/channels'
import { createWebhookSender } from '../../adapters/outbound/webhook-sender'
import { findStoreId } from '../../adapters/temporal/store-id'
import { Teller } from '../../adapters/temporal/teller'
import { tellIncident, type TellTarget } from '../../adapters/temporal/workflow-teller'
import type { Database } from '../../db/database'
import { markHeard } from '../../db/relay.repository'
import type { IncidentRow } from '../../db/incident-rows'
import type { Role } from '../../domain/actors'
import { isOpen } from '../../domain/statuses'
import { KeyRing, parseNamedKey } from '../../platform/keyring'
import { createLogger, temporalLogger } from '../../platform/logger'
import { connectTemporal, type TemporalLink } from '../../platform/temporal/connection'
import { dataConverter } from '../../platform/temporal/data-converter'
import type { EngineDeps } from '../../worker/engine-deps'
import { TemporalReach } from '../../worker/temporal-reach'
import { createWorkers } from '../../worker/temporal-workers'
import { makeWorkflowBundle } from '../../worker/workflow-bundle'
import { incidentWorkflowId } from '../../workflows/contracts/incident'
import { actDeps, by } from '../builders/record'
import { createTestDatabase, type TestDatabase } from './database'
import { eventually } from './eventually'
import { knowsRevision } from './run-knowledge'
import { fastForward } from './time-travel'

export interface EngineOptions {
  /** `skipped` (the default): acts take their time from whoever acts, so that days pass in milliseconds. `real`: one clock for all. */
  readonly time?: 'skipped' | 'real'
  /** `off`: nobody works on the workflows until `startWorker`. */
  readonly worker?: 'on' | 'off'
  readonly channels?: NoticeDeps['channels']
  readonly webhooks?: Partial<Omit<WebhookActivityDeps, 'acts'>>
  readonly pool?: number
  /** How long a tiding waits for newer ones of its incident; as long as in the product without it. */
  readonly gatherMs?: number
  readonly acts?: Partial<ActDeps>
  /** The codec's key as `id:base64`, where histories are kept; otherwise one that nobody else knows. */
  readonly codecKey?: string
}

/** The whole engine in one test process: a database of its own, task queues of its own, a worker, and acts that tell it. */
export class TestEngine {
  readonly #skipped = new Map<string, number>()
  #workers: { workers: Worker[]; runs: Promise<unknown> } | undefined

  constructor(
    readonly test: TestDatabase,
    readonly deps: ActDeps,
    readonly link: TemporalLink,
    readonly target: TellTarget,
    readonly teller: Teller,
    readonly reach: TemporalReach,
    private readonly native: NativeConnection,
    private readonly createAll: () => Promise<Worker[]>,
  ) {}

  get db(): Database {
    return this.test.db
  }

  /** What relay, sweep and rebuild need. */
  get engineDeps(): EngineDeps {
    return { acts: this.deps, target: this.target, reach: this.reach }
  }

  handle(incidentId: string): WorkflowHandle {
    return this.link.client.workflow.getHandle(incidentWorkflowId(incidentId))
  }

  /** Somebody acting on this incident now: at the time that has passed for it. */
  by(role: Role, personId: string, incidentId?: string): By {
    return this.deps.timeTravel ? by(role, personId, this.now(incidentId)) : by(role, personId)
  }

  /** The incident's time in milliseconds: the real one and what was skipped. */
  now(incidentId?: string): number {
    return Date.now() + ((incidentId !== undefined && this.#skipped.get(incidentId)) || 0)
  }

  /** Lets so many seconds pass for one incident, until everything that came due meanwhile is done. */
  async pass(incidentId: string, seconds: number): Promise<void> {
    await this.heard(incidentId)
    const end = this.now(incidentId) + seconds * 1000
    await this.passUnheard(incidentId, seconds)
    // A run whose first task is still to come has heard all that it was told, and may have done nothing yet of what is due.
    await eventually(async () => {
      const { next_deadline_at } = await this.row(incidentId)
      return next_deadline_at === null || next_deadline_at.getTime() > end
    })
    await this.heard(incidentId)
  }

  /** Lets time pass whether or not the workflow can learn anything meanwhile. */
  async passUnheard(incidentId: string, seconds: number): Promise<void> {
    await fastForward(this.link.client, incidentWorkflowId(incidentId), seconds * 1000)
    this.#skipped.set(incidentId, (this.#skipped.get(incidentId) ?? 0) + seconds * 1000)
  }

  /** Runs `work` while the record refuses every act of the engine; people's reads in the test go on. */
  async withRecordAway(work: () => Promise<void>): Promise<void> {
    await this.db.raw('alter table incidents rename to incidents_away')
    try {
      await work()
    } finally {
      await this.db.raw('alter table incidents_away rename to incidents')
    }
  }

  /** Waits until the workflow knows the record's newest revision, or has ended with an incident that is over. */
  async heard(incidentId: string): Promise<IncidentRow> {
    return eventually(async () => {
      const row = await this.row(incidentId)
      if (!isOpen(row.status)) {
        const { status } = await this.handle(incidentId).describe()
        return status.name !== 'RUNNING' && row
      }
      return (await knowsRevision(this.db, this.handle(incidentId), row)) && row
    })
  }

  async row(incidentId: string): Promise<IncidentRow> {
    const row = await this.db<IncidentRow>('incidents').where({ id: incidentId }).first()
    if (!row) throw new Error('there is no such incident')
    return row
  }

  /** The types of the incident's events, oldest first. */
  events(incidentId: string): Promise<string[]> {
    return this.db('events').where({ incident_id: incidentId }).orderBy('seq').pluck('type')
  }

  /** The run's history: how many events and workflow tasks, and the events' types. */
  async history(incidentId: string): Promise<{ events: number; tasks: number; types: string[] }> {
    const { events } = await this.handle(incidentId).fetchHistory()
    const types = (events ?? []).map(each => Object.keys(each).find(key => key.endsWith('EventAttributes')) ?? '')
    const tasks = types.filter(type => type === 'workflowTaskCompletedEventAttributes').length
    return { events: types.length, tasks, types: types.map(type => type.replace('EventAttributes', '')) }
  }

  async startWorker(): Promise<void> {
    const workers = await this.createAll()
    this.#workers = { workers, runs: Promise.all(workers.map(worker => worker.run())) }
  }

  async stopWorker(): Promise<void> {
    for (const worker of this.#workers?.workers ?? []) worker.shutdown()
    await this.#workers?.runs
    this.#workers = undefined
  }

  async stop(): Promise<void> {
    await this.stopWorker()
    await this.teller.close()
    await this.native.close()
    await this.link.close()
    await this.test.drop()
  }
}

/** Starts an engine for one test file; stop it in `afterAll`. */
export async function startEngine(options: EngineOptions = {}): Promise<TestEngine> {
  const logger = createLogger({ level: process.env['KESI_TEST_LOG'] === 'on' ? 'info' : 'silent', name: 'test' })
  installRuntime(logger)
  const settings = {
    temporalAddress: setting('TEST_TEMPORAL_ADDRESS'),
    temporalNamespace: setting('TEST_TEMPORAL_NAMESPACE'),
    codecKeys: new KeyRing([parseNamedKey(options.codecKey ?? `t:${randomBytes(32).toString('base64')}`)]),
  }
  const test = await createTestDatabase({ pool: options.pool ?? 10 })
  const link = connectTemporal(settings)
  const target: TellTarget = { link, queuePrefix: `t${randomBytes(6).toString('hex')}` }
  const reach = new TemporalReach(() => findStoreId(link), logger)
  const teller = new Teller({
    send: tiding => reach.through(() => tellIncident(target, tiding)),
    markHeard: heard => markHeard(test.db, heard),
    relayAfterMs: Infinity,
    gatherMs: options.gatherMs,
    logger,
  })
  const channels = options.channels ?? createChannels({ smtpUrl: undefined, mailFrom: 'notices@localhost' }, logger)
  const acts: ActDeps = actDeps(test.db, {
    timeTravel: options.time !== 'real',
    tell: told => teller.tell(told),
    configuredChannels: channels.configured,
    logger,
    ...options.acts,
  })
  const webhooks = { webhooks: createWebhookSender({ allowHttp: true, allowPrivate: true }), ...options.webhooks }
  const native = await NativeConnection.connect({ address: settings.temporalAddress })
  const createAll = async (): Promise<Worker[]> =>
    createWorkers(native, {
      address: settings.temporalAddress,
      namespace: settings.temporalNamespace,
      queuePrefix: target.queuePrefix,
      dataConverter: dataConverter(settings),
      cachedWorkflows: 1_000,
      bundle: { codePath: await bundlePath() },
      incidentActivities: createIncidentActivities(acts),
      noticeActivities: createNoticeActivities({
        db: test.db,
        vault: acts.vault,
        channels,
        logger,
        publicUrl: 'http://kesi.test',
        timeTravel: acts.timeTravel,
      }),
      webhookActivities: createWebhookActivities({ acts, ...webhooks }),
      logger,
    })
  const engine = new TestEngine(test, acts, link, target, teller, reach, native, createAll)
  if (options.worker !== 'off') await engine.startWorker()
  return engine
}

function setting(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run the tests by \`npm test\``)
  return value
}

/** The native side of the SDK is one for the process; jest runs several files in it. */
function installRuntime(logger: ReturnType<typeof createLogger>): void {
  try {
    Runtime.install({
      logger: temporalLogger(logger),
      telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
      shutdownSignals: [],
    })
  } catch {
    // It was installed by an earlier engine of this file.
  }
}

const BUNDLED = ['workflows', 'workflows/contracts', 'domain', 'platform/temporal']

/** One bundle for all test files of these sources: making it takes a second each time. */
async function bundlePath(): Promise<string> {
  const digest = createHash('sha256')
  for (const folder of BUNDLED) {
    const path = join(__dirname, '../..', folder)
    for (const file of readdirSync(path)
      .filter(name => name.endsWith('.ts'))
      .sort())
      digest.update(file).update(readFileSync(join(path, file)))
  }
  const path = join(tmpdir(), `kesi-test-bundle-${digest.digest('hex').slice(0, 16)}.js`)
  if (existsSync(path)) return path
  const { code } = await makeWorkflowBundle()
  const making = `${path}.${process.pid}`
  writeFileSync(making, code)
  renameSync(making, path)
  return path
}
