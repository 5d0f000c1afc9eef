import { reportIncident } from '../acts/report-incident'
import { actDeps, addPolicy, addUser, by } from '../test/builders/record'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { COUNT_AT_MOST, listIncidents, type Scope } from './incident-lists.repository'

let database: TestDatabase
let incidentId: string
let mine: Scope
let all: Scope

beforeAll(async () => {
  database = await createTestDatabase()
  const deps = actDeps(database.db)
  await addPolicy(database.db)
  const survivor = await addUser(database.db, 'survivor')
  mine = { kind: 'reporter', personId: survivor }
  all = { kind: 'staff', personId: await addUser(database.db, 'dispatcher') }
  incidentId = (await reportIncident(deps, { case_type: 'gbv', urgency: 'routine' }, by('survivor', survivor)))
    .incidentId
})
afterAll(() => database.drop())

/** Copies the one incident, with codes that begin with `Z`. */
const multiply = (times: number) =>
  database.db.raw(
    `insert into incidents
     select copy.* from incidents i cross join generate_series(1, :times) n cross join lateral
       jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid(), 'code', 'Z-' || n)) copy
     where i.id = :incidentId`,
    { times, incidentId },
  )

test('a count is exact up to its bound and says no more beyond it', async () => {
  const window = { limit: 20, offset: 0, column: 'created_at', order: 'desc' } as const
  const countOf = async (scope: Scope) => (await listIncidents(database.db, scope, {}, window)).count
  await multiply(COUNT_AT_MOST - 2)
  expect([await countOf(mine), await countOf(all)]).toEqual([COUNT_AT_MOST - 1, COUNT_AT_MOST - 1])
  await database.db('incidents').where({ code: 'Z-1' }).update({ code: 'Y-1' })
  await multiply(1)
  expect(await countOf(all)).toBe(COUNT_AT_MOST)
  await database.db('incidents').where({ code: 'Z-1' }).update({ code: 'Y-2' })
  await multiply(1)
  expect([await countOf(mine), await countOf(all)]).toEqual([COUNT_AT_MOST, COUNT_AT_MOST])
  const last = await listIncidents(database.db, all, {}, { ...window, offset: COUNT_AT_MOST - 20 })
  expect(last.results).toHaveLength(20)
})
