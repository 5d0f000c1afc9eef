import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SignInDeps } from '../acts/accounts/deps'
import type { ActDeps } from '../acts/deps'
import { startSweep } from '../acts/sweep'
import { outboundRulesOf } from '../acts/webhooks/webhook-url'
import { createChannels } from '../adapters/channels'
import { createLocalFiles } from '../adapters/files/local-files'
import { createSealedFiles } from '../adapters/files/sealed-files'
import { RELAY_TAKES_AFTER_MS, Teller } from '../adapters/temporal/teller'
import { isWorkerPolling } from '../adapters/temporal/worker-presence'
import { tellIncident, type TellTarget } from '../adapters/temporal/workflow-teller'
import { closeDatabase, openDatabase } from '../db/database'
import { isAtHead } from '../db/migrate'
import { PolicyCache } from '../db/policies.repository'
import { markHeard } from '../db/relay.repository'
import { Vault } from '../db/vault'
import { loadConfig, type Config } from '../platform/config'
import { createLogger } from '../platform/logger'
import { guardProcess } from '../platform/process'
import { createPayloadCodec } from '../platform/temporal/codec'
import { connectTemporal } from '../platform/temporal/connection'
import { createAccessTokens } from '../platform/tokens'
import { taskQueueName } from '../workflows/contracts/incident'
import { KeyUsage } from './api-keys/key-usage'
import { clientsOf } from './dialects/clients'
import type { ApiDeps } from './deps'
import { onceTrue } from './health/health.reads'
import { createLimits } from './limits/limits'
import { sweepUploadsHourly } from './messages/stale-uploads'
import { createSockets } from './realtime/sockets'
import { createServer } from './server'
import { rememberVerified } from './verified-tokens'

/** Wires the API: it answers from the record, and tells the workflows afterwards as well as it can. */
async function main(): Promise<void> {
  const config = loadConfig(process.env)
  const logger = createLogger({ level: config.logLevel, name: 'api' })
  const guard = guardProcess({ logger })

  const db = openDatabase({ url: config.databaseUrl, pool: config.databasePool, name: 'kesi-api' })
  guard.onShutdown('database', () => closeDatabase(db))
  const link = connectTemporal(config)
  guard.onShutdown('temporal', () => link.close())
  const channels = createChannels(config, logger)
  guard.onShutdown('channels', () => channels.close())

  const target: TellTarget = { link, queuePrefix: config.taskQueuePrefix }
  const teller = new Teller({
    send: tiding => tellIncident(target, tiding),
    markHeard: heard => markHeard(db, heard),
    relayAfterMs: RELAY_TAKES_AFTER_MS,
    logger,
  })
  guard.onShutdown('teller', () => teller.close())

  const vault = new Vault(config.keyRing)
  const acts: ActDeps = {
    db,
    vault,
    policies: new PolicyCache(),
    logger,
    configuredChannels: channels.configured,
    timeTravel: config.timeTravel,
    tell: tiding => teller.tell(tiding),
  }
  const checks = {
    database: onceTrue(() => isAtHead(db)),
    worker: () => isWorkerPolling(link, taskQueueName(config.taskQueuePrefix, 'incidents')),
  }
  const files = createSealedFiles(createLocalFiles(config.filesDir))
  const deps = apiDeps(config, { acts, files, checks })
  guard.onShutdown('usage of API keys', () => deps.keyUsage.write())
  const limits = config.limits === 'on' ? createLimits(db, config.blindIndexKey, config) : undefined
  const { databaseUrl, corsOrigins } = config
  const clients = clientsOf(config)
  const server = createServer({
    ...{ config, deps, logger },
    version: productVersion(),
    clients,
    ...(limits && { limits }),
    gateway: createSockets({ deps, limits, databaseUrl, corsOrigins, clients }),
    codec: {
      codec: config.codecKeys && createPayloadCodec(config.codecKeys),
      uiUrl: config.temporalUiUrl,
      mode: config.mode,
    },
  })
  const { port } = await server.listen()
  guard.onShutdown('server', () => server.close())
  const sweep = startSweep(acts)
  guard.onShutdown('sweep', () => sweep.stop())
  const stopSweeping = sweepUploadsHourly({ db, logger, files })
  guard.onShutdown('sweep of uploads', async () => stopSweeping())
  logger.info({ mode: config.mode, port }, 'started')
}

function apiDeps(config: Config, wired: Pick<ApiDeps, 'acts' | 'files' | 'checks'>): ApiDeps {
  const { db, vault, logger } = wired.acts
  return {
    ...wired,
    accounts: signInDeps(config, { db, vault, logger }),
    outbound: outboundRulesOf(config),
    keyUsage: new KeyUsage(db, logger),
    publicUrl: config.publicUrl,
    receiptSecrets: config,
    ...(config.vapidPublicKey !== undefined && { webPushKey: config.vapidPublicKey }),
  }
}

function signInDeps(config: Config, record: Pick<SignInDeps, 'db' | 'vault' | 'logger'>): SignInDeps {
  return {
    ...record,
    indexKey: config.blindIndexKey,
    accessTokens: rememberVerified(createAccessTokens({ keys: config.jwtKeys, seconds: config.accessTokenSeconds })),
    refreshTokenDays: config.refreshTokenDays,
    publicUrl: config.publicUrl,
    staffIdleMinutes: config.staffIdleMinutes,
    secondFactorRequired: config.mode === 'production',
    now: () => new Date(),
  }
}

function productVersion(): string {
  // Compiled, this file stands one folder deeper, in dist/.
  const root = join(__dirname, __filename.endsWith('.ts') ? '..' : '../..')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return version
}

main().catch((error: unknown) => {
  process.stderr.write(`the API could not start: ${error instanceof Error ? error.message : 'unknown error'}\n`)
  process.exitCode = 1
})
