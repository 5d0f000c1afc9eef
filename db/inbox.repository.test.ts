import { newId } from '../platform/ids'
import { addUser } from '../test/builders/record'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import type { Database, Transaction } from './database'
import { insertNotices } from './inbox.repository'
import { inTransaction } from './unit-of-work'

let test_: TestDatabase
let db: Database
let person: string
beforeAll(async () => {
  test_ = await createTestDatabase()
  db = test_.db
  person = await addUser(db, 'provider')
})
afterAll(() => test_.drop())

/** Puts so many notices into the inbox, and answers their ids in order. */
async function insert(trx: Transaction, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId())
  const recipients = ids.map(id => ({ id, recipientId: person }))
  await insertNotices(trx, { code: 'account.test', recipients, channels: [], send: false })
  return ids
}
const told = (): Promise<string[]> => db('feed').orderBy('id').pluck('ref')

test('a transaction that puts in more later tells of it too, after what it told before, and whatever a younger one told', async () => {
  const { older, younger } = await inTransaction(db, async trx => {
    const first = await insert(trx, 2)
    const second = await inTransaction(db, other => insert(other, 1))
    return { older: [...first, ...(await insert(trx, 2))], younger: second }
  })
  expect(await told()).toEqual([...older, ...younger])
})

test('of a crowd as many sockets are told as one transaction has places for, and all have their notice', async () => {
  await db('feed').delete()
  await inTransaction(db, async trx => {
    await insert(trx, 3_999)
    await insert(trx, 5)
  })
  expect(await told()).toHaveLength(4_000)
  expect(await db('notices').where({ recipient_id: person })).toHaveLength(4_009)
})
