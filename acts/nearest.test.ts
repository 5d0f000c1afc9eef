import { actDeps, addPolicy, addProvider, addUser, by } from '../test/builders/record'
import { createTestDatabase, type TestDatabase } from '../test/harness/database'
import { eventually } from '../test/harness/eventually'
import { cancelIncident, reopenIncident } from './end-incident'
import { reportIncident } from './report-incident'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const NAIROBI = { lat: -1.28, lng: 36.82 }
const MOMBASA = { lat: -4.04, lng: 39.66 }
/** More than an act reads: whoever is to be chosen must be among those it does. */
const MANY = 80

test('the nearest is asked though many others, farther away, have more free places', async () => {
  const deps = actDeps(database.db)
  await addPolicy(database.db)
  const survivor = await addUser(database.db, 'survivor')
  for (let n = 0; n < MANY; n++) await addProvider(database.db, { at: MOMBASA, capacity: 5 })
  const near = await addProvider(database.db, { at: NAIROBI, capacity: 2 })
  await database.db('provider_profiles').where({ user_id: near }).update({ load: 1, last_assigned_at: new Date() })
  const report = { case_type: 'gbv', urgency: 'urgent', place: { lat: -1.3, lng: 36.8 } } as const
  const { incidentId } = await reportIncident(deps, report, by('survivor', survivor))
  expect(await database.db('offers').where({ incident_id: incidentId }).pluck('provider_id')).toEqual([near])

  // A new search may ask again whom the one before had asked: it must find them, too, among the many.
  await cancelIncident(deps, { incidentId, reason: 'by_mistake' }, by('survivor', survivor))
  await reopenIncident(deps, { incidentId, reason: 'still_in_need' }, by('survivor', survivor))
  const asked = database.db('offers').where({ incident_id: incidentId, state: 'open' }).pluck('provider_id')
  expect(await asked).toEqual([near])
})

describe('while another act holds the best responder', () => {
  const KISUMU = { lat: -0.1, lng: 34.75 }
  const ELDORET = { lat: 0.52, lng: 35.27 }

  async function reportAt(place: { lat: number; lng: number }): Promise<string> {
    const survivor = await addUser(database.db, 'survivor')
    const report = { case_type: 'gbv', urgency: 'urgent', place } as const
    return (await reportIncident(actDeps(database.db), report, by('survivor', survivor))).incidentId
  }
  const askedFor = (incidentId: string): Promise<string[]> =>
    database.db('offers').where({ incident_id: incidentId }).pluck('provider_id')
  const isWaitedForALock = async (): Promise<boolean> => {
    const { rows } = await database.db.raw<{ rows: object[] }>(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    return rows.length > 0
  }

  it('another one of the same distance is asked at once', async () => {
    const both = [await addProvider(database.db, { at: KISUMU }), await addProvider(database.db, { at: KISUMU })]
    const [best, other] = both.sort()
    await database.db.transaction(async trx => {
      await trx('provider_profiles').where({ user_id: best }).forUpdate()
      expect(await askedFor(await reportAt(KISUMU))).toEqual([other])
    })
  })

  it('they are waited for when nobody else is as near', async () => {
    const near = await addProvider(database.db, { at: ELDORET })
    const { reported } = await database.db.transaction(async trx => {
      await trx('provider_profiles').where({ user_id: near }).forUpdate()
      const reported = reportAt(ELDORET)
      await eventually(isWaitedForALock)
      return { reported }
    })
    expect(await askedFor(await reported)).toEqual([near])
  })
})
