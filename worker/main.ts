import { createIncidentActivities } from '../activities/incident.activities'
import { createNoticeActivities } from '../activities/notice.activities'
import { stepNotice, type NoticeDeps } from '../activities/notice-step'
import { createWebhookActivities } from '../activities/webhook.activities'
import type { ActDeps } from '../acts/deps'
import { startSweep } from '../acts/sweep'
import { outboundRulesOf } from '../acts/webhooks/webhook-url'
import { createChannels } from '../adapters/channels'
import { createWebhookSender, type WebhookSender } from '../adapters/outbound/webhook-sender'
import { findStoreId } from '../adapters/temporal/store-id'
import { RELAY_TAKES_AFTER_MS, Teller } from '../adapters/temporal/teller'
import { tellIncident, type TellTarget } from '../adapters/temporal/workflow-teller'
import { closeDatabase, openDatabase } from '../db/database'
import { PolicyCache } from '../db/policies.repository'
import { markHeard } from '../db/relay.repository'
import { Vault } from '../db/vault'
import { loadConfig, type Config } from '../platform/config'
import { createLogger } from '../platform/logger'
import { guardProcess, type ProcessGuard } from '../platform/process'
import { connectTemporal } from '../platform/temporal/connection'
import { dataConverter } from '../platform/temporal/data-converter'
import type { EngineDeps } from './engine-deps'
import { startExpoReceipts } from './expo-receipts'
import { startHousekeeping } from './housekeeping'
import { startNoticeRelay } from './notice-relay'
import { startRebuildWatch } from './rebuild'
import { startRelay } from './relay'
import { TemporalReach, watchReach } from './temporal-reach'
import { installTemporalRuntime, startTemporalWorkers } from './temporal-workers'
import { startWaker } from './waker'
import { startWebhookRelay } from './webhook-relay'
import { workflowBundle } from './workflow-bundle'

/** Wires a worker: workflows and activities, and beside them relay, sweep, waker and rebuild, which need no Temporal to begin. */
async function main(): Promise<void> {
  const config = loadConfig(process.env)
  const logger = createLogger({ level: config.logLevel, name: 'worker' })
  const guard = guardProcess({ logger })
  installTemporalRuntime(logger)
  const bundle = await workflowBundle()

  const db = openDatabase({ url: config.databaseUrl, pool: config.databasePool, name: 'kesi-worker' })
  guard.onShutdown('database', () => closeDatabase(db))
  const link = connectTemporal(config)
  guard.onShutdown('temporal', () => link.close())
  const channels = createChannels(config, logger)
  guard.onShutdown('channels', () => channels.close())

  const target: TellTarget = { link, queuePrefix: config.taskQueuePrefix }
  const reach = new TemporalReach(() => findStoreId(link), logger)
  const teller = new Teller({
    send: tiding => reach.through(() => tellIncident(target, tiding)),
    markHeard: heard => markHeard(db, heard),
    relayAfterMs: RELAY_TAKES_AFTER_MS,
    logger,
  })
  guard.onShutdown('teller', () => teller.close())
  const acts: ActDeps = {
    db,
    vault: new Vault(config.keyRing),
    policies: new PolicyCache(),
    logger,
    configuredChannels: channels.configured,
    timeTravel: config.timeTravel,
    tell: tiding => teller.tell(tiding),
  }
  const engine: EngineDeps = { acts, target, reach }
  const { publicUrl, timeTravel } = config
  const notices: NoticeDeps = { db, vault: acts.vault, channels, logger, publicUrl, timeTravel }
  const jobs = {
    relay: startRelay(engine),
    noticeRelay: startNoticeRelay({ ...engine, step: input => stepNotice(notices, input) }, config.databaseUrl),
    sweep: startSweep(acts),
    reach: watchReach(reach, logger),
    webhookRelay: startWebhookRelay(engine),
    waker: startWaker(acts),
    rebuild: startRebuildWatch(engine),
    housekeeping: startHousekeeping(acts),
    ...(channels.expo && { expoReceipts: startExpoReceipts(acts, channels.expo) }),
  }
  for (const [name, job] of Object.entries(jobs)) guard.onShutdown(name, () => job.stop())

  const workers = startTemporalWorkers({
    address: config.temporalAddress,
    namespace: config.temporalNamespace,
    queuePrefix: config.taskQueuePrefix,
    dataConverter: dataConverter(config),
    cachedWorkflows: config.cachedWorkflows,
    bundle,
    incidentActivities: createIncidentActivities(acts),
    noticeActivities: createNoticeActivities(notices),
    webhookActivities: createWebhookActivities({ acts, webhooks: openWebhooks(config, guard) }),
    logger,
  })
  guard.onShutdown('temporal workers', () => workers.stop())
  logger.info({ mode: config.mode }, 'started')
}

/** Closed after the workers that use it, before what they need. */
function openWebhooks(config: Config, guard: ProcessGuard): WebhookSender {
  const webhooks = createWebhookSender(outboundRulesOf(config))
  guard.onShutdown('webhooks', async () => webhooks.close())
  return webhooks
}

main().catch((error: unknown) => {
  process.stderr.write(`the worker could not start: ${error instanceof Error ? error.message : 'unknown error'}\n`)
  process.exitCode = 1
})
