import type { Database } from '../db/database'
import { deleteOld, EPHEMERAL_TABLES } from '../db/housekeeping.repository'
import { newId } from '../platform/ids'
import { createLogger } from '../platform/logger'
import { addUser } from '../test/builders/record'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { removeOld } from './housekeeping'

const logger = createLogger({ level: 'silent', name: 'test' })

let database: TestDatabase
let db: Database
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.db
})
afterAll(() => database.drop())
beforeEach(async () => {
  for (const table of ['webhooks', 'api_keys', 'notice_receipts', 'ws_tickets']) await db(table).delete()
})

const ago = (days: number) => db.raw(`clock_timestamp() - interval '${days} days'`)

async function deliveries(ages: readonly number[], state = 'delivered'): Promise<void> {
  const webhook = newId()
  await db('webhooks').insert({ id: webhook, wrapped: 'w', url: 'u', secret: 's' })
  const waits = state === 'queued' ? {} : { next_at: null, send_after: null }
  for (const days of ages)
    await db('webhook_deliveries').insert({
      ...{ id: newId(), webhook_id: webhook, state, created_at: ago(days), last_failure: `${days} days` },
      ...waits,
    })
}

async function usage(ages: readonly number[]): Promise<void> {
  const [id, user_id] = [newId(), await addUser(db, 'admin')]
  const key = { prefix: id, digest: 'd', scopes: ['incident:list'], expires_at: new Date() }
  await db('api_keys').insert({ ...key, id, name: 'one', user_id })
  for (const days of ages)
    await db('api_key_usage').insert({
      ...{ key_id: id, route: `${days} days`, count: 1 },
      day: db.raw(`(clock_timestamp() at time zone 'utc')::date - ${days}`),
    })
}

async function receipts(ages: readonly number[]): Promise<void> {
  for (const days of ages)
    await db('notice_receipts').insert({
      ...{ vendor: 'twilio', vendor_id: `${days} days`, state: 'delivered' },
      received_at: ago(days),
    })
}

async function tickets(endsInSeconds: readonly number[]): Promise<void> {
  const [id, user_id] = [newId(), await addUser(db, 'survivor')]
  await db('sessions').insert({ id, user_id, refresh_digest: id, expires_at: ago(-1) })
  for (const seconds of endsInSeconds)
    await db('ws_tickets').insert({
      ...{ digest: `${seconds} s ${id}`, session_id: id },
      expires_at: db.raw(`clock_timestamp() + interval '${seconds} seconds'`),
    })
}

test('what is old goes, in however many batches, and what is younger stays', async () => {
  await deliveries([91, 89.9, 200, 0])
  await deliveries([90.1, 120, 365])
  await usage([401, 400, 0, 800])
  await usage([500])
  await receipts([31, 29.9, 0, 60, 90])
  await tickets([-1, -60, -3_600, 30])
  expect(await removeOld({ db, logger }, { batch: 2 })).toEqual({
    webhook_deliveries: 5,
    api_key_usage: 3,
    notice_receipts: 3,
    ws_tickets: 3,
  })
  expect(await db('webhook_deliveries').orderBy('created_at').pluck('last_failure')).toEqual(['89.9 days', '0 days'])
  expect(await db('api_key_usage').orderBy('day').pluck('route')).toEqual(['400 days', '0 days'])
  expect(await db('notice_receipts').orderBy('received_at').pluck('vendor_id')).toEqual(['29.9 days', '0 days'])
  expect(await db('ws_tickets').pluck('digest')).toEqual([expect.stringMatching(/^30 s/)])
  expect(Object.values(await removeOld({ db, logger }, { batch: 2 }))).toEqual([0, 0, 0, 0])
})

test.each(['delivered', 'failed', 'cancelled'])('of deliveries what is %s has ended', async state => {
  await deliveries([100], state)
  expect(await removeOld({ db, logger }, { batch: 9 })).toMatchObject({ webhook_deliveries: 1 })
})

test('a delivery that still waits stays, however long', async () => {
  await deliveries([100], 'queued')
  expect(await removeOld({ db, logger }, { batch: 9 })).toMatchObject({ webhook_deliveries: 0 })
})

test('two workers share the work, and one that was told to stop begins none', async () => {
  await receipts(Array.from({ length: 30 }, (_, index) => 100 + index))
  const stopped = AbortSignal.abort()
  expect(await removeOld({ db, logger }, { batch: 5, stopping: stopped })).toMatchObject({ notice_receipts: 0 })
  const both = await Promise.all([1, 2].map(() => removeOld({ db, logger }, { batch: 5 })))
  expect(both.reduce((sum, { notice_receipts: count }) => sum + count, 0)).toBe(30)
})

test('whoever holds a row does not hold it up', async () => {
  await receipts([100, 101])
  await db.transaction(async holder => {
    await holder('notice_receipts').where({ vendor_id: '100 days' }).forUpdate()
    await db.transaction(async trx => {
      await trx.raw("set local lock_timeout = '2 s'")
      expect(await deleteOld(trx, 'notice_receipts', 9)).toBe(1)
    })
  })
  expect(await db('notice_receipts').pluck('vendor_id')).toEqual(['100 days'])
})

test('among much that is young the old is found by an index', async () => {
  await db.raw(`insert into notice_receipts (vendor, vendor_id, state)
    select 'twilio', n::text, 'delivered' from generate_series(1, 20000) n`)
  await deliveries([0])
  await db.raw(`insert into webhook_deliveries (id, webhook_id, state, next_at, send_after)
    select gen_random_uuid(), w.id, 'delivered', null, null from webhooks w, generate_series(1, 20000)`)
  await usage([0])
  await db.raw(`insert into api_key_usage (key_id, day, route, count)
    select k.id, current_date, 'GET ' || n, 1 from api_keys k, generate_series(1, 20000) n`)
  await tickets([30])
  await db.raw(`insert into ws_tickets (digest, session_id, expires_at)
    select n::text, t.session_id, t.expires_at from ws_tickets t, generate_series(1, 20000) n`)
  await db.raw('analyze notice_receipts, webhook_deliveries, api_key_usage, ws_tickets, webhooks, api_keys')
  const statements: string[] = []
  const note = ({ sql }: { sql: string }): void => void statements.push(sql)
  db.on('query', note)
  for (const table of EPHEMERAL_TABLES) await deleteOld(db, table, 500)
  db.removeListener('query', note)
  expect(statements).toHaveLength(EPHEMERAL_TABLES.length)
  for (const sql of statements) {
    const { rows } = await db.raw<{ rows: Record<'QUERY PLAN', string>[] }>(
      `explain analyze ${sql.replaceAll(/\$\d+|\?/g, '500')}`,
    )
    const plan = rows.map(row => row['QUERY PLAN']).join('\n')
    // Webhooks and keys are few. A row that was read to be left out shows as one that a filter removed.
    expect(plan).not.toMatch(/Seq Scan on (?!webhooks|api_keys)|Rows Removed/)
  }
})
