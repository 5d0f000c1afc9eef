import { Client } from 'pg'
import { nudged } from '../../db/nudge'
import { STORY } from '../../test/builders/incident-story'
import { startWithPeople, type People } from '../../test/builders/people'
import type { Someone } from '../../test/harness/api'

let people: People
let reporter: Someone
let provider: Someone

beforeAll(async () => {
  people = await startWithPeople()
  reporter = await people.api.someone('survivor')
  provider = await people.onlyProvider({ capacity: 100 })
})
afterAll(() => people.api.stop())
afterEach(() => jest.restoreAllMocks())

/** How many statements one request sends to the database, on whichever connection. */
async function statementsOf(path: string, by: Someone): Promise<number> {
  // What was written before is announced a moment later.
  await nudged(people.api.database.db)
  const query = jest.spyOn(Client.prototype, 'query')
  const { status, body } = await people.get(path, by)
  const count = query.mock.calls.length
  query.mockRestore()
  if (status !== 200) throw new Error(`${path} was answered ${status}: ${JSON.stringify(body)}`)
  return count
}

/** Reports that the provider works on, each with an edit, an access by dispatch and a barred provider. */
async function report(times: number): Promise<string> {
  let last = ''
  for (let i = 0; i < times; i++) {
    const { id } = await people.report(STORY, reporter)
    await people.post(`/api/incidents/${id}/accept/`, {}, provider)
    await people.get(`/api/incidents/${id}/`, people.dispatcher)
    last = id
  }
  return last
}

async function grow(id: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const path = `/api/incidents/${id}/`
    const { body } = await people.get(path, people.dispatcher)
    await people.patch(path, { version: body.version, title: `Title ${i}` }, reporter)
    const barred = await people.api.someone('provider')
    await people.post(`${path}exclusions/`, { providers: [barred.id] }, reporter)
  }
}

test('a request sends the same number of statements for one row as for fifty', async () => {
  const id = await report(1)
  await grow(id, 1)
  const requests = (): [string, Someone][] => [
    ['/api/incidents/?page_size=100', reporter],
    ['/api/incidents/?page_size=100', provider],
    ['/api/incidents/?page_size=100', people.dispatcher],
    ['/api/incidents/?page_size=100&status=assigned&urgency=urgent&ordering=-updated_at', people.dispatcher],
    ['/api/incidents/?page_size=100&search=title', reporter],
    ['/api/incidents/?page_size=100&search=nairobi', people.dispatcher],
    ['/api/incidents/stats/', reporter],
    ['/api/incidents/stats/', people.dispatcher],
    [`/api/incidents/${id}/`, reporter],
    [`/api/incidents/${id}/`, people.dispatcher],
    [`/api/incidents/${id}/timeline/`, people.dispatcher],
    [`/api/incidents/${id}/exclusions/`, people.dispatcher],
    [`/api/incidents/${id}/access-log/?page_size=100`, reporter],
  ]
  const count = async () => {
    const counts: [string, number][] = []
    for (const [path, by] of requests()) counts.push([path.replace(id, '{id}'), await statementsOf(path, by)])
    return counts
  }
  await count()
  const one = await count()
  await report(49)
  await grow(id, 9)
  const fifty = await count()
  expect(fifty).toEqual(one)
  for (const [, statements] of fifty) expect(statements).toBeGreaterThan(0)
  expect(Math.max(...fifty.map(([, statements]) => statements))).toBeLessThanOrEqual(6)
}, 120_000)
