import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { closeDatabase, openDatabase, type Database } from '../../db/database'
import { migrateToHead } from '../../db/migrate'
import { newId } from '../../platform/ids'

export interface TestDatabase {
  readonly db: Database
  readonly url: string
  /** Closes the pool and drops the database. */
  drop(): Promise<void>
}

/** Two files that make the template at once would collide; any constant number does. */
const TEMPLATE_LOCK = 4_217_001

/**
 * A database of its own for a test file: at head, cloned from a template that the first file of a run makes; or `empty`, for a
 * test of the migrations themselves.
 */
export async function createTestDatabase({
  pool = 10,
  schema = 'head',
}: { pool?: number; schema?: 'head' | 'empty' } = {}): Promise<TestDatabase> {
  const adminUrl = process.env['TEST_DATABASE_ADMIN_URL']
  if (!adminUrl) throw new Error('TEST_DATABASE_ADMIN_URL is not set: run the tests by `npm test`')
  const admin = openDatabase({ url: adminUrl, pool: 1, name: 'kesi-test-admin' })
  const name = `kesi_test_${newId().replaceAll('-', '')}`
  try {
    const template = schema === 'head' ? await ensureTemplate(admin, adminUrl) : 'template1'
    await admin.raw(`create database ${name} template ${template}`)
  } finally {
    await closeDatabase(admin)
  }
  const url = databaseUrl(adminUrl, name)
  const db = openDatabase({ url, pool, name: 'kesi-test' })
  return { db, url, drop: () => drop(db, adminUrl, name) }
}

/** The template's name holds the migrations' digest, so that an edited migration makes another one. */
async function ensureTemplate(admin: Database, adminUrl: string): Promise<string> {
  const name = `kesi_template_${migrationsDigest()}`
  await admin.raw('select pg_advisory_lock(?)', [TEMPLATE_LOCK])
  try {
    const { rows } = await admin.raw<{ rows: unknown[] }>('select 1 from pg_database where datname = ?', [name])
    if (rows.length > 0) return name
    await admin.raw(`create database ${name}_making`)
    const making = openDatabase({ url: databaseUrl(adminUrl, `${name}_making`), pool: 1, name: 'kesi-test-template' })
    try {
      await migrateToHead(making)
    } finally {
      await closeDatabase(making)
    }
    await admin.raw(`alter database ${name}_making rename to ${name}`)
    return name
  } finally {
    await admin.raw('select pg_advisory_unlock(?)', [TEMPLATE_LOCK])
  }
}

function migrationsDigest(): string {
  const folder = join(__dirname, '../../db/migrations')
  const digest = createHash('sha256')
  for (const file of readdirSync(folder).sort()) digest.update(file).update(readFileSync(join(folder, file)))
  return digest.digest('hex').slice(0, 12)
}

async function drop(db: Database, adminUrl: string, name: string): Promise<void> {
  await closeDatabase(db)
  const admin = openDatabase({ url: adminUrl, pool: 1, name: 'kesi-test-admin' })
  try {
    await admin.raw(`drop database if exists ${name} with (force)`)
  } finally {
    await closeDatabase(admin)
  }
}

function databaseUrl(adminUrl: string, name: string): string {
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  return url.toString()
}
