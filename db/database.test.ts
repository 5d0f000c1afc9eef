import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { closeDatabase, isDatabaseAway, openDatabase, type Database } from './database'
import { inTransaction } from './unit-of-work'

let own: TestDatabase
const opened: Database[] = []

beforeAll(async () => {
  own = await createTestDatabase({ pool: 2 })
})
afterAll(async () => {
  await Promise.all(opened.map(closeDatabase))
  await own.drop()
})

function open(url: string): Database {
  const db = openDatabase({ url, pool: 1, name: 'kesi-away' })
  opened.push(db)
  return db
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

const cut = (): Promise<unknown> =>
  own.db.raw("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'kesi-away'")

test('a server that is not there, and a connection that is cut in a query and in a transaction, are a database that is away', async () => {
  expect(isDatabaseAway(await failureOf(open('postgres://nobody@127.0.0.1:1/none').raw('select 1')))).toBe(true)
  const db = open(own.url)
  const query = failureOf(db.raw('select pg_sleep(30)').then())
  for (let ended = 0; ended === 0;) {
    const { rowCount } = await own.db.raw<{ rowCount: number }>(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'kesi-away' and state = 'active'",
    )
    ended = rowCount
  }
  expect(isDatabaseAway(await query)).toBe(true)
  const transaction = inTransaction(db, async trx => {
    await trx.raw('select 1')
    await cut()
    await trx.raw('select 2')
  })
  expect(isDatabaseAway(await failureOf(transaction))).toBe(true)
  expect((await db.raw<{ rows: unknown[] }>('select 1')).rows).toHaveLength(1)
})

test('what a database that is there objects to is something else', async () => {
  expect(isDatabaseAway(await failureOf(own.db.raw('select nonsense').then()))).toBe(false)
  expect(isDatabaseAway(await failureOf(own.db('users').insert({ id: 'no uuid' }).then()))).toBe(false)
  expect(isDatabaseAway(new Error('Connection to a mail server terminated'))).toBe(false)
  expect(isDatabaseAway(undefined)).toBe(false)
})
