import { findStoreId } from '../adapters/temporal/store-id'
import type { TellTarget } from '../adapters/temporal/workflow-teller'
import { closeDatabase, openDatabase } from '../db/database'
import { PolicyCache } from '../db/policies.repository'
import { Vault } from '../db/vault'
import { loadConfig } from '../platform/config'
import { createLogger } from '../platform/logger'
import { connectTemporal } from '../platform/temporal/connection'
import { rebuildRuns } from '../worker/rebuild'
import { TemporalReach } from '../worker/temporal-reach'

/** `npm run rebuild`: gives every open incident its workflow back, from the record. */
async function main(): Promise<void> {
  const config = loadConfig(process.env)
  const logger = createLogger({ level: 'warn', name: 'rebuild' })
  const db = openDatabase({ url: config.databaseUrl, pool: 2, name: 'kesi-rebuild' })
  const link = connectTemporal(config)
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopping.abort())
  const target: TellTarget = { link, queuePrefix: config.taskQueuePrefix }
  try {
    const acts = {
      db,
      vault: new Vault(config.keyRing),
      policies: new PolicyCache(),
      logger,
      configuredChannels: new Set<never>(),
      timeTravel: false,
      tell: () => undefined,
    }
    const reach = new TemporalReach(() => findStoreId(link), logger)
    const say = (line: string): void => void process.stdout.write(`${line}\n`)
    const { open, started, ran } = await rebuildRuns({ acts, target, reach }, { say, stopping: stopping.signal })
    say(`rebuilt: ${open} open incidents, ${started} runs started, ${ran} ran already`)
  } finally {
    await link.close()
    await closeDatabase(db)
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`the rebuild failed: ${error instanceof Error ? error.message : 'unknown error'}\n`)
  process.exitCode = 1
})
