import { join } from 'node:path'
import type { Knex } from 'knex'
import { closeDatabase, openDatabase, type Database } from './database'

const MIGRATIONS: Knex.MigratorConfig = {
  directory: join(__dirname, 'migrations'),
  // Compiled files in production, sources in tests; source maps and types are no migrations.
  loadExtensions: [__filename.endsWith('.ts') ? '.ts' : '.js'],
}

/** Brings the schema to its newest state; answers the names of what was run. Two processes at once are safe: knex locks. */
export async function migrateToHead(db: Database): Promise<string[]> {
  const [, names] = (await db.migrate.latest(MIGRATIONS)) as [number, string[]]
  return names
}

/** Takes back the last batch of migrations. */
export async function migrateDown(db: Database): Promise<string[]> {
  const [, names] = (await db.migrate.rollback(MIGRATIONS)) as [number, string[]]
  return names
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
