import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { inTransaction, leaveToCommit, RunAgain } from './unit-of-work'

let base: TestDatabase
beforeAll(async () => {
  base = await createTestDatabase()
  await base.db.raw('create table things (id integer primary key)')
})
afterAll(() => base.drop())
beforeEach(() => base.db('things').delete())

const things = async (): Promise<number[]> => (await base.db('things').orderBy('id').pluck('id')) as number[]
const insert = (id: number) => async (trx: Parameters<Parameters<typeof inTransaction>[1]>[0]) => {
  leaveToCommit(trx, trx('things').insert({ id }).then())
}

describe('the last statement, left to the commit', () => {
  it('is committed with the rest', async () => {
    await inTransaction(base.db, async trx => {
      await trx('things').insert({ id: 1 })
      await insert(2)(trx)
    })
    expect(await things()).toEqual([1, 2])
  })

  it('undoes everything when it fails, and says why', async () => {
    await base.db('things').insert({ id: 7 })
    const failing = inTransaction(base.db, async trx => {
      await trx('things').insert({ id: 1 })
      await insert(7)(trx)
      return 'never'
    })
    await expect(failing).rejects.toMatchObject({ code: '23505' })
    expect(await things()).toEqual([7])
  })

  it('is the reason also when a later statement fails because of it', async () => {
    await base.db('things').insert({ id: 7 })
    const failing = inTransaction(base.db, async trx => {
      await insert(7)(trx)
      await trx('things').insert({ id: 8 })
    })
    await expect(failing).rejects.toMatchObject({ code: '23505' })
    expect(await things()).toEqual([7])
  })

  it('has the whole transaction run again when it asks for that', async () => {
    const runs: number[] = []
    await inTransaction(base.db, async (trx, run) => {
      runs.push(run)
      const written = trx('things').insert({ id: run })
      leaveToCommit(
        trx,
        written.then(() => {
          if (run < 2) throw new RunAgain('once more')
        }),
      )
      // A wish to run again comes from a statement that failed, so that nothing is committed.
      if (run < 2) await trx.raw('select 1/0').catch(() => undefined)
    })
    expect(runs).toEqual([0, 1, 2])
    expect(await things()).toEqual([2])
  })
})

test('a transaction whose connection dies is rejected, and nothing of it stands', async () => {
  const dying = inTransaction(base.db, async trx => {
    await trx('things').insert({ id: 1 })
    await trx.raw('select pg_terminate_backend(pg_backend_pid())').catch(() => undefined)
    await insert(2)(trx)
  })
  await expect(dying).rejects.toThrow()
  expect(await things()).toEqual([])
})

test('statements that are sent together are done in their order', async () => {
  const answers = await inTransaction(base.db, trx =>
    Promise.all(
      Array.from({ length: 50 }, (_, id) =>
        trx('things')
          .insert({ id })
          .then(() => trx.raw('select 1')),
      ),
    ),
  )
  expect(answers).toHaveLength(50)
  expect(await things()).toHaveLength(50)
})
