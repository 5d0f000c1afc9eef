import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Knex } from 'knex'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { closeDatabase, openDatabase, type Database } from './database'
import { isAtHead, migrateDown, migrateToHead } from './migrate'

const FOLDER = join(__dirname, 'migrations')
const FILES = readdirSync(FOLDER)
  .filter(file => file.endsWith('.ts'))
  .sort()
const STEPWISE: Knex.MigratorConfig = { directory: FOLDER, loadExtensions: ['.ts'] }

/** knex keeps its own tables, also when every migration is taken back. */
const OURS = "n.nspname = 'public' and c.relname not like 'knex\\_migrations%'"
const CATALOGUE = {
  columns: `select table_name, column_name, column_default, is_nullable, data_type, udt_name, collation_name, is_generated
    from information_schema.columns where table_schema = 'public' and table_name not like 'knex\\_migrations%'
    order by table_name, column_name`,
  relations: `select c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.reloptions
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${OURS} order by c.relname`,
  constraints: `select c.relname, k.conname, k.contype, k.condeferrable, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    where ${OURS} order by c.relname, k.conname`,
  indexes: `select i.relname, pg_get_indexdef(i.oid) as definition
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
    join pg_namespace n on n.oid = c.relnamespace where ${OURS} order by i.relname`,
  triggers: `select c.relname, t.tgname, pg_get_triggerdef(t.oid) as definition
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where not t.tgisinternal and ${OURS} order by c.relname, t.tgname`,
  functions: `select p.proname, pg_get_functiondef(p.oid) as definition
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'public' and p.prokind in ('f', 'p') order by p.proname, definition`,
  types: `select t.typname, t.typtype, array(select enumlabel from pg_enum where enumtypid = t.oid order by enumsortorder) as labels
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where n.nspname = 'public' and t.typtype in ('e', 'd') order by t.typname`,
  comments: `select c.relname, a.attname, d.description
    from pg_description d join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid
    where ${OURS} order by c.relname, a.attname nulls first`,
  extensions: 'select extname, extversion from pg_extension order by extname',
} as const

type Schema = Readonly<Record<keyof typeof CATALOGUE, readonly object[]>>

async function schemaOf(db: Database): Promise<Schema> {
  const parts = Object.entries(CATALOGUE).map(async ([part, sql]) => {
    const { rows } = await db.raw<{ rows: object[] }>(sql)
    return [part, rows] as const
  })
  return Object.fromEntries(await Promise.all(parts)) as unknown as Schema
}

let empty: TestDatabase

beforeEach(async () => {
  empty = await createTestDatabase({ schema: 'empty', pool: 4 })
})
afterEach(() => empty.drop())

test('every migration goes up, down and up again, and leaves no trace of itself when it is taken back', async () => {
  const { db } = empty
  const before = [await schemaOf(db)]
  for (const file of FILES) {
    await db.migrate.up({ ...STEPWISE, name: file })
    before.push(await schemaOf(db))
    await db.migrate.down({ ...STEPWISE, name: file })
    expect({ file, schema: await schemaOf(db) }).toEqual({ file, schema: before.at(-2) })
    await db.migrate.up({ ...STEPWISE, name: file })
    expect({ file, schema: await schemaOf(db) }).toEqual({ file, schema: before.at(-1) })
  }
  for (const file of FILES.toReversed()) {
    before.pop()
    await db.migrate.down({ ...STEPWISE, name: file })
    expect({ file, schema: await schemaOf(db) }).toEqual({ file, schema: before.at(-1) })
  }
  expect(FILES.length).toBeGreaterThan(0)
})

test('to head, back, and to head again gives the same schema, and head is known for what it is', async () => {
  const { db } = empty
  const none = await schemaOf(db)
  expect(await isAtHead(db)).toBe(false)
  expect(await migrateToHead(db)).toHaveLength(FILES.length)
  const head = await schemaOf(db)
  expect(head.columns.length).toBeGreaterThan(100)
  expect(await isAtHead(db)).toBe(true)
  expect(await migrateToHead(db)).toEqual([])
  await migrateDown(db)
  expect(await schemaOf(db)).toEqual(none)
  expect(await isAtHead(db)).toBe(false)
  await migrateToHead(db)
  expect(await schemaOf(db)).toEqual(head)
})

test('the comparison sees a difference', async () => {
  const { db } = empty
  await migrateToHead(db)
  const head = await schemaOf(db)
  for (const change of [
    'alter table offers alter column reason set not null',
    'drop index incidents_due',
    'alter table provider_profiles drop constraint load_within_capacity',
    "comment on column events.signal is 'something else'",
  ]) {
    await db.raw(change)
    expect(await schemaOf(db)).not.toEqual(head)
  }
})

test('several processes that migrate at once all find head, and each migration runs once', async () => {
  const others = Array.from({ length: 4 }, (_, index) =>
    // As the migration's own process: a pool of one.
    openDatabase({ url: empty.url, pool: 1, name: `kesi-migrate-${index}` }),
  )
  try {
    const ran = await Promise.all(others.map(db => migrateToHead(db)))
    expect(ran.flat().sort()).toEqual(FILES)
    expect(await isAtHead(empty.db)).toBe(true)
    const { rows } = await empty.db.raw<{ rows: { name: string }[] }>('select name from knex_migrations order by id')
    expect(rows.map(row => row.name)).toEqual(FILES)
  } finally {
    await Promise.all(others.map(closeDatabase))
  }
})
