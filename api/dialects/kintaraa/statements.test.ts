import { Client } from 'pg'
import { nudged } from '../../../db/nudge'
import { startWithApp, type App } from '../../../test/builders/app'
import type { Someone } from '../../../test/harness/api'

let app: App
let provider: Someone
beforeAll(async () => {
  app = await startWithApp()
  provider = await app.people.onlyProvider({ capacity: 100 })
})
afterAll(() => app.people.api.stop())
afterEach(() => jest.restoreAllMocks())

/** How many statements one request sends to the database, on whichever connection. */
async function statementsOf(path: string, by: Someone): Promise<number> {
  // What was written before is announced a moment later.
  await nudged(app.people.api.database.db)
  const query = jest.spyOn(Client.prototype, 'query')
  const { status } = await app.call('GET', path, { by })
  const count = query.mock.calls.length
  query.mockRestore()
  if (status !== 200) throw new Error(`${path} was answered ${status}`)
  return count
}

/** Reports in every state that the app lists, each with a message. */
async function report(times: number): Promise<string> {
  let last = ''
  for (let i = 0; i < times; i++) {
    const { body: accepted } = await app.report()
    await app.report()
    await app.call('PATCH', `/incidents/${accepted.id}/accept/`, { by: provider })
    const said = await app.people.post('/api/messages/', { incident: accepted.id, content: `Hello ${i}` }, provider)
    last = said.body.conversation_id
  }
  return last
}

test('what the app asks again and again takes as many statements for one row as for twenty', async () => {
  const conversation = await report(1)
  const { survivor, dispatcher } = app.people
  const requests: [path: string, by: Someone, statements: number][] = [
    ['/auth/me/', survivor, 2],
    ['/incidents/', survivor, 4],
    ['/incidents/', provider, 4],
    ['/incidents/', dispatcher, 3],
    ['/incidents/stats/', survivor, 3],
    ['/providers/assigned-cases/?status=pending', provider, 5],
    ['/providers/assigned-cases/?status=accepted', provider, 5],
    ['/dispatch/dashboard/', dispatcher, 8],
    ['/dispatch/cases/', dispatcher, 4],
    ['/dispatch/providers/', dispatcher, 4],
    ['/messaging/conversations/', survivor, 3],
    [`/messaging/conversations/${conversation}/messages/`, survivor, 3],
  ]
  const count = async (): Promise<(string | number)[][]> => {
    const counted = []
    for (const [path, by] of requests) counted.push([path, await statementsOf(path, by)])
    return counted
  }
  // The first look opens names, and makes conversations.
  await count()
  const few = await count()
  await report(9)
  for (let i = 0; i < 5; i++) await app.people.provider()
  await count()
  expect(await count()).toEqual(few)
  expect(few).toEqual(requests.map(([path, , most]) => [path, most]))
})
