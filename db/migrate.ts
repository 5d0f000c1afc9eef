import { join } from 'node:path'
import type { Knex } from 'knex'
import { closeDatabase, openDatabase, type Database, type Transaction } from './database'
import { inTransaction } from './unit-of-work'

const MIGRATIONS: Knex.MigratorConfig = {
  directory: join(__dirname, 'migrations'),
  // Compiled files in production, sources in tests; source maps and types are no migrations.
  loadExtensions: [__filename.endsWith('.ts') ? '.ts' : '.js'],
}

/** Any constant number does. */
const MIGRATION_LOCK = 4_217_003

/** Brings the schema to its newest state; answers the names of what was run. Of several processes at once the others wait. */
export async function migrateToHead(db: Database): Promise<string[]> {
  return migrating(db, trx => trx.migrate.latest(MIGRATIONS))
}

/** Takes back the last batch of migrations. */
export async function migrateDown(db: Database): Promise<string[]> {
  return migrating(db, trx => trx.migrate.rollback(MIGRATIONS))
}

/**
 * All in one transaction: knex's own lock is a mark in a table, which makes the second process fail instead of wait, and stays behind
 * when the first is killed.
 */
async function migrating(db: Database, run: (trx: Transaction) => Promise<unknown>): Promise<string[]> {
  return inTransaction(db, async trx => {
    await trx.raw('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK])
    const [, names] = (await run(trx)) as [number, string[]]
    return names
  })
}

/** Is every migration that this build knows applied? */
export async function isAtHead(db: Database): Promise<boolean> {
  const [, waiting] = (await db.migrate.list(MIGRATIONS)) as [unknown[], unknown[]]
  return waiting.length === 0
}

/** Run as a script: migrates `DATABASE_URL` to head and says what it did. */
async function main(): Promise<void> {
  const url = process.env['DATABASE_URL']
  if (!url) throw new Error('DATABASE_URL is not set: say which database to migrate')
  const db = openDatabase({ url, pool: 1, name: 'kesi-migrate' })
  try {
    const names = await migrateToHead(db)
    process.stdout.write(names.length === 0 ? 'database is at head\n' : `migrated: ${names.join(', ')}\n`)
  } finally {
    await closeDatabase(db)
  }
}

if (require.main === module)
  main().catch((error: unknown) => {
    process.stderr.write(`migration failed: ${error instanceof Error ? error.message : 'unknown error'}\n`)
    process.exitCode = 1
  })
