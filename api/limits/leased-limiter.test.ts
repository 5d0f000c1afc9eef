import { closeDatabase, openDatabase, type Database } from '../../db/database'
import { createTestDatabase, type TestDatabase } from '../../test/harness/database'
import { eventually } from '../../test/harness/eventually'
import { LeasedLimiter } from './leased-limiter'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())

const HOURLY = { name: 'user', points: 1_000, seconds: 3_600 }

/** So many takes one after the other; how many were granted. */
async function grantedOf(limiter: LeasedLimiter, who: string, times: number): Promise<number> {
  let granted = 0
  for (let each = 0; each < times; each++) if ((await limiter.take(who)).granted) granted += 1
  return granted
}

/** How many connections are asked for while something is done: one for each statement. */
async function statementsOf(db: Database, work: () => Promise<unknown>): Promise<number> {
  const asked = jest.spyOn(db.client as { acquireConnection(): Promise<unknown> }, 'acquireConnection')
  await work()
  const { length } = asked.mock.calls
  asked.mockRestore()
  return length
}

describe('an allowance', () => {
  it('costs one statement in 20 requests, and none once it is used up', async () => {
    const limiter = new LeasedLimiter(HOURLY, test.db)
    expect(await statementsOf(test.db, () => grantedOf(limiter, 'costs', 200))).toBe(10)
    expect(await grantedOf(limiter, 'costs', 800)).toBe(800)
    // The first refusal is already from memory: the last block reached the limit exactly.
    expect(await statementsOf(test.db, () => grantedOf(limiter, 'costs', 50))).toBe(0)
    expect(await limiter.take('costs')).toMatchObject({ granted: false, limit: 1_000, remaining: 0 })
  })

  it('says what is left and when it is whole again', async () => {
    const limiter = new LeasedLimiter({ ...HOURLY, points: 100 }, test.db)
    const remaining: number[] = []
    for (let each = 0; each < 5; each++) remaining.push((await limiter.take('counts')).remaining)
    expect(remaining).toEqual([99, 98, 97, 96, 95])
    const { resetMs } = await limiter.take('counts')
    expect(resetMs).toBeGreaterThan(3_590_000)
    expect(resetMs).toBeLessThanOrEqual(3_600_000)
  })

  it('is one for all replicas, to within two of a hundred, however many ask at once', async () => {
    const replicas = [1, 2, 3].map(() => new LeasedLimiter({ ...HOURLY, points: 100 }, test.db))
    const asks = replicas.flatMap(replica => Array.from({ length: 100 }, () => replica.take('shared')))
    const granted = (await Promise.all(asks)).filter(taken => taken.granted).length
    expect(granted).toBe(100)

    const [first, second] = [1, 2].map(() => new LeasedLimiter({ ...HOURLY, points: 100 }, test.db))
    if (!first || !second) throw new Error('two were made')
    expect((await second.take('in turn')).granted).toBe(true)
    // The second replica holds one reserved point, which it alone can still give out.
    expect(await grantedOf(first, 'in turn', 200)).toBe(98)
    expect(await grantedOf(second, 'in turn', 200)).toBe(1)
  })

  it('of an odd number is granted to the last point', async () => {
    const limiter = new LeasedLimiter({ ...HOURLY, points: 101 }, test.db)
    expect(await grantedOf(limiter, 'odd', 120)).toBe(101)
  })

  it('is everybody’s own', async () => {
    const limiter = new LeasedLimiter({ ...HOURLY, points: 3 }, test.db)
    expect(await grantedOf(limiter, 'ann', 5)).toBe(3)
    expect(await grantedOf(limiter, 'bob', 5)).toBe(3)
  })

  it('begins anew when its time is over', async () => {
    const limiter = new LeasedLimiter({ ...HOURLY, points: 2, seconds: 1 }, test.db)
    expect(await grantedOf(limiter, 'again', 3)).toBe(2)
    await eventually(async () => ((await limiter.take('again')).granted ? true : undefined))
  })

  it('takes a point back', async () => {
    const limiter = new LeasedLimiter({ ...HOURLY, points: 100 }, test.db)
    await limiter.take('back')
    limiter.giveBack('back')
    expect((await limiter.take('back')).remaining).toBe(99)
    limiter.giveBack('nobody')
  })

  it('is counted in memory while the database refuses', async () => {
    const away = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', pool: 2, name: 'kesi-test-away' })
    const limiter = new LeasedLimiter({ ...HOURLY, points: 100 }, away)
    expect(await grantedOf(limiter, 'insured', 120)).toBe(100)
    await closeDatabase(away)
  })
})
